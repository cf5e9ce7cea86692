"""Every place in which WooCommerce and its plugins keep a track & trace code, as one table."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from orderhaven.core.shipment import TrackingCode

Meta: TypeAlias = Mapping[str, Any]  # an order's meta data, by key

_LONGEST_CODE = 100
_PHP_SERIALISED = re.compile(r'[aOsibd]:\d+[:;{]')  # fmt: skip
_SEVERAL = re.compile(r"[,;|\n]")


@dataclass(frozen=True, slots=True)
class Shape:
    """How one plugin writes down a parcel: names of its fields, best first."""

    code: tuple[str, ...]
    carrier: tuple[str, ...] = ()
    url: tuple[str, ...] = ()


_SHIPMENT_TRACKING = Shape(
    code=("tracking_number",),
    # the plugin leaves tracking_provider empty for a carrier that the merchant typed; AST adds the formatted
    # names
    carrier=("custom_tracking_provider", "formatted_tracking_provider", "tracking_provider"),
    url=("custom_tracking_link", "formatted_tracking_link", "ast_tracking_link"),
)
_MYPARCEL = Shape(
    code=("barcode", "track_trace", "externalIdentifier"),
    carrier=("carrier", "carrierName"),
    url=("linkConsumerPortal", "link_consumer_portal", "tracktrace_url"),
)
_AFTERSHIP = Shape(code=("tracking_number",), carrier=("slug", "courier"), url=("tracking_url", "custom_url"))
_SENDCLOUD = Shape(code=("tracking_number", "number"), carrier=("carrier", "carrier_code"), url=("tracking_url",))
_ANY = Shape(
    code=("tracking_number", "tracking_code", "barcode", "code", "number", "value"),
    carrier=("carrier", "provider", "tracking_provider", "shipment_provider"),
    url=("tracking_url", "url", "link"),
)

_LISTS: Mapping[str, Shape] = {
    "_wc_shipment_tracking_items": _SHIPMENT_TRACKING,  # Shipment Tracking, AST
    "_myparcelcom_order_shipments": _MYPARCEL,  # version 6
    "_myparcelnl_order_shipments": _MYPARCEL,  # version 5
    "_myparcel_shipments": _MYPARCEL,  # version 4; an update does not rename it in old orders
    "_aftership_tracking_items": _AFTERSHIP,
    "_sendcloud_tracking": _SENDCLOUD,
    "sendcloud_tracking": _SENDCLOUD,
}
_FLAT: Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]] = (
    # key of the code, keys of the carrier, keys of the address
    (
        "_tracking_number",
        ("_tracking_provider", "_shipment_provider", "_tracking_carrier"),
        ("_tracking_url",),
    ),
    ("tracking_number", ("tracking_provider", "tracking_carrier"), ("tracking_url",)),
    ("ywot_tracking_code", ("ywot_carrier_name", "ywot_carrier_id"), ("ywot_carrier_url",)),
    ("_sendcloud_tracking_number", ("_sendcloud_carrier",), ("_sendcloud_tracking_url",)),
    ("sendcloud_tracking_number", ("sendcloud_carrier",), ("sendcloud_tracking_url",)),
)
_POSTNL = "_postnl_order_metadata"
_KEYS = frozenset({*_LISTS, *(key for key, _, _ in _FLAT), _POSTNL})


def tracking_codes(meta: Meta, more_keys: Sequence[str] = ()) -> tuple[TrackingCode, ...]:
    """The codes that an order's meta data holds, each once, in the order of the table; the merchant's own
    keys first."""
    found: list[TrackingCode] = []
    if not more_keys and _KEYS.isdisjoint(meta):  # as with every order that is not sent yet
        return ()
    for key in more_keys:
        found += _parcels(_unpacked(meta.get(key)), _ANY)
    for key, shape in _LISTS.items():
        if key in meta:
            found += _parcels(_unpacked(meta[key]), shape)
    for key, carriers, urls in _FLAT:
        if key in meta:
            found += _flat(meta, key, carriers, urls)
    found += _postnl(_unpacked(meta.get(_POSTNL)))
    return each_once(found)


def fulfilment_codes(meta: Meta) -> list[TrackingCode]:
    """The code of one of WooCommerce's own fulfilments, from its meta data."""
    return _flat(meta, "_tracking_number", ("_shipment_provider", "_shipping_provider"), ("_tracking_url",))


def each_once(codes: Iterable[TrackingCode]) -> tuple[TrackingCode, ...]:
    """Several plugins may note the same parcel; the one that names a carrier is kept."""
    kept: dict[str, TrackingCode] = {}
    for code in codes:
        before = kept.get(code.code.casefold())
        if before is None or (code.carrier_word and not before.carrier_word):
            kept[code.code.casefold()] = code
    return tuple(kept.values())


def plain_text(value: object) -> str:
    """A meta value that should be a word; "" for anything else, and for what PHP has serialised."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    text = value.strip()
    return "" if _PHP_SERIALISED.match(text) else text


def _unpacked(value: object) -> Any:
    """Some plugins store JSON text; what PHP has serialised is not ours to read."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return None


def _parcels(value: Any, shape: Shape) -> list[TrackingCode]:
    """One parcel or many: a list, a mapping by number, a single record, or a bare word."""
    if isinstance(value, list):
        return [code for item in value for code in _parcels(item, shape)]
    if isinstance(value, dict):
        if any(plain_text(value.get(name)) for name in shape.code):
            return _record(value, shape)
        return [code for item in value.values() if isinstance(item, dict) for code in _parcels(item, shape)]
    return [TrackingCode(code) for code in _codes_in(plain_text(value))] if shape is _ANY else []


def _record(record: Mapping[str, Any], shape: Shape) -> list[TrackingCode]:
    carrier, url = _first(record, shape.carrier), _first(record, shape.url)
    return [TrackingCode(code, carrier, url) for code in _codes_in(_first(record, shape.code))]


def _flat(meta: Meta, key: str, carriers: Iterable[str], urls: Iterable[str]) -> list[TrackingCode]:
    value = _unpacked(meta.get(key))
    if isinstance(value, list | dict):
        return _parcels(value, _ANY)
    carrier, url = _first(meta, carriers), _first(meta, urls)
    return [TrackingCode(code, carrier, url) for code in _codes_in(plain_text(value))]


def _postnl(value: Any) -> list[TrackingCode]:
    """The label's barcode, else the list of barcodes; a return label beside it is not this parcel's."""
    if not isinstance(value, dict):
        return []
    labels = value.get("labels")
    label = labels.get("label") if isinstance(labels, dict) else None
    barcode = plain_text(label.get("barcode")) if isinstance(label, dict) else ""
    if barcode:
        return [TrackingCode(barcode, "PostNL")]
    listed = _parcels(value.get("barcodes"), Shape(code=("value",)))
    return [TrackingCode(code.code, "PostNL") for code in listed]


def _first(record: Mapping[str, Any], names: Iterable[str]) -> str:
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        if isinstance(value, dict):  # MyParcel 5 and 6: {"id": 1, "name": "postnl"}
            value = value.get("name") or value.get("externalIdentifier")
        text = plain_text(value)
        if text:
            return text
    return ""


def _codes_in(text: str) -> list[str]:
    """Merchants put several codes in one field. An address is no code."""
    parts = (part.strip() for part in _SEVERAL.split(text))
    return [part for part in parts if part and len(part) <= _LONGEST_CODE and "://" not in part]
