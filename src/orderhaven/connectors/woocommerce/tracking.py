"""Every place in which WooCommerce and its plugins keep a track & trace code, as one table.

What stands in a place is a tracking number, says that there is none, or is said to be unreadable; never passed over.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from orderhaven.core.carriers import carriers_named, fitting_families, numbers_in
from orderhaven.core.commands import TrackingNumber, UnreadableTracking

Meta: TypeAlias = Mapping[str, Any]  # an order's meta data, by key
Text: TypeAlias = tuple[str, str, str]  # what stands in the field for the number, and the carrier and address beside it

_PHP_SERIALISED = re.compile(r'[aOsibd]:\d+[:;{]')  # fmt: skip
_DEEPEST = 8  # of records within records


@dataclass(frozen=True, slots=True)
class ParcelShape:
    """How one plugin writes down a parcel: names of its fields, best first."""

    code: tuple[str, ...]
    carrier: tuple[str, ...] = ()
    url: tuple[str, ...] = ()


_SHIPMENT_TRACKING = ParcelShape(
    code=("tracking_number",),
    # the plugin leaves tracking_provider empty for a carrier that the merchant typed; AST adds the formatted
    # names
    carrier=("custom_tracking_provider", "formatted_tracking_provider", "tracking_provider"),
    url=("custom_tracking_link", "formatted_tracking_link", "ast_tracking_link"),
)
_MYPARCEL = ParcelShape(
    code=("barcode", "track_trace", "externalIdentifier"),
    carrier=("carrier", "carrierName"),
    url=("linkConsumerPortal", "link_consumer_portal", "tracktrace_url"),
)
_AFTERSHIP = ParcelShape(code=("tracking_number",), carrier=("slug", "courier"), url=("tracking_url", "custom_url"))
_SENDCLOUD = ParcelShape(code=("tracking_number", "number"), carrier=("carrier", "carrier_code"), url=("tracking_url",))
_DHL_LABEL = ParcelShape(code=("tracking_number",), carrier=("carrier", "carrier_name"), url=("tracking_url",))
_ANY = ParcelShape(
    code=(
        "tracking_number",
        "tracking_code",
        "trackingNumber",
        "trackingCode",
        "tracktrace",
        "track_trace",
        "barcode",
        "code",
        "number",
        "value",
    ),
    carrier=("carrier", "provider", "tracking_provider", "shipment_provider"),
    url=("tracking_url", "url", "link"),
)  # fmt: skip

_LISTS: Mapping[str, ParcelShape] = {
    "_wc_shipment_tracking_items": _SHIPMENT_TRACKING,  # Shipment Tracking, AST
    "_myparcelcom_order_shipments": _MYPARCEL,  # version 6
    "_myparcelnl_order_shipments": _MYPARCEL,  # version 5
    "_myparcel_shipments": _MYPARCEL,  # version 4; an update does not rename it in old orders
    "_aftership_tracking_items": _AFTERSHIP,
    "_sendcloud_tracking": _SENDCLOUD,
    "sendcloud_tracking": _SENDCLOUD,
    "_pr_shipment_dhl_label_tracking": _DHL_LABEL,
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
    (
        "_aftership_tracking_number",
        ("_aftership_tracking_provider_name", "_aftership_tracking_provider"),
        ("_aftership_tracking_url",),
    ),
    ("_sendcloud_tracking_number", ("_sendcloud_carrier",), ("_sendcloud_tracking_url",)),
    ("sendcloud_tracking_number", ("sendcloud_carrier",), ("sendcloud_tracking_url",)),
)
_POSTNL = "_postnl_order_metadata"
_KEYS = frozenset({*_LISTS, *(key for key, _, _ in _FLAT), _POSTNL})


@dataclass(slots=True)
class FoundTracking:
    """What the places of one order hold."""

    tracking: list[TrackingNumber] = field(default_factory=list)
    unreadable: list[UnreadableTracking] = field(default_factory=list)

    def add(self, place: str, texts: Iterable[Text]) -> bool:
        """Whether the place said anything of a number, be it that there is none."""
        said = False
        for text, carrier, url in texts:
            found = numbers_in(text)
            numbers = found.numbers or (numbers_in(url).numbers if url and not found.unreadable else ())
            self.tracking += [TrackingNumber(number, carrier, url, place) for number in numbers]
            self.unreadable += [UnreadableTracking(place, piece) for piece in found.unreadable]
            said = said or text != "" or bool(numbers)
        return said


def tracking(meta: Meta, more_keys: Sequence[str] = ()) -> FoundTracking:
    """What an order's meta data holds, the merchant's own keys first, then in the order of the table."""
    found = FoundTracking()
    if not more_keys and _KEYS.isdisjoint(meta):  # as with every order that is not sent yet
        return found
    for key in more_keys:
        _named_place(found, key, _unpacked(meta.get(key)))
    for key, shape in _LISTS.items():
        if key in meta:
            value = _unpacked(meta[key])
            if not found.add(key, _parcels(value, shape)) and not _is_known(value, shape):
                _lone_number(found, key, value)
    for key, carriers, urls in _FLAT:
        if key in meta:
            _flat(found, meta, key, carriers, urls)
    if _POSTNL in meta:
        _postnl(found, _unpacked(meta[_POSTNL]))
    return found


def of_fulfilment(found: FoundTracking, meta: Meta) -> None:
    """One of WooCommerce's own fulfilments, from its meta data."""
    _flat(found, meta, "_tracking_number", ("_shipment_provider", "_shipping_provider"), ("_tracking_url",))


def each_once(codes: Iterable[TrackingNumber]) -> tuple[TrackingNumber, ...]:
    """Several plugins may note the same parcel; the one that names a carrier is kept."""
    kept: dict[str, TrackingNumber] = {}
    for code in codes:
        before = kept.get(code.number.casefold())
        if before is None or (code.carrier_name and not before.carrier_name):
            kept[code.number.casefold()] = code
    return tuple(kept.values())


def plain_text(value: object) -> str:
    """A meta value that should be a word; "" for anything else, and for what PHP has serialised."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    text = value.strip()
    return "" if text[1:2] == ":" and _PHP_SERIALISED.match(text) else text


def _unpacked(value: object) -> Any:
    """Some plugins store JSON text; what is none after all stays the text that it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value


def _parcels(value: Any, shape: ParcelShape, depth: int = 0) -> Iterator[Text]:
    """One parcel or many: a list, a mapping by number, a single record, or a bare word."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _parcels(item, shape, depth + 1)
    elif isinstance(value, dict):
        texts = next((value[name] for name in shape.code if value.get(name)), None)
        carrier, url = _first(value, shape.carrier), _first(value, shape.url)
        if texts is not None or url:
            for text in list(_texts(texts)) or [""]:
                yield text, carrier, url
        else:
            for item in value.values():
                if isinstance(item, dict | list):
                    yield from _parcels(item, shape, depth + 1)
    elif shape is _ANY or isinstance(value, str):
        for text in _texts(value):
            yield text, "", ""


def _named_place(found: FoundTracking, key: str, value: Any) -> None:
    """A place that the merchant named: of a form that nobody knows, the one text that looks like a number counts."""
    before = len(found.tracking)
    said = found.add(key, _parcels(value, _ANY))
    if len(found.tracking) > before or (said and not isinstance(value, dict | list)):
        return
    mistaken = [one for one in found.unreadable if one.field == key]
    if not (said and not mistaken) and _lone_number(found, key, value):
        found.unreadable = [one for one in found.unreadable if one not in mistaken]


def _flat(found: FoundTracking, meta: Meta, key: str, carriers: Iterable[str], urls: Iterable[str]) -> None:
    value = _unpacked(meta.get(key))
    if isinstance(value, dict | list):
        if not found.add(key, _parcels(value, _ANY)) and not _is_known(value, _ANY):
            _lone_number(found, key, value)
    elif value is not None:
        carrier, url = _first(meta, carriers), _first(meta, urls)
        if not found.add(key, ((text, carrier, url) for text in _texts(value))) and _holds_something(value):
            found.unreadable.append(UnreadableTracking(key))


def _lone_number(found: FoundTracking, key: str, value: Any) -> bool:
    """The only text anywhere in a value that looks like a number of some carrier; else it is said that nobody can read it."""
    if not _holds_something(value):
        return False
    texts = list(_leaves(value))
    numbers = {number for text in texts for number in numbers_in(text).numbers if fitting_families(number)}
    if len(numbers) != 1:
        if not any(one.field == key for one in found.unreadable):
            found.unreadable.append(UnreadableTracking(key))
        return False
    carrier = next((text for text in texts if text.isascii() and carriers_named(text)), "")
    found.tracking.append(TrackingNumber(numbers.pop(), carrier, field=key))
    return True


def _is_known(value: Any, shape: ParcelShape, depth: int = 0) -> bool:
    """Whether it has the fields that it should have: then a number that is missing is still to come. Nothing at all is known."""
    if not _holds_something(value) or depth > _DEEPEST:
        return True
    if isinstance(value, dict):
        names = {*shape.code, *shape.carrier, *shape.url}
        return not names.isdisjoint(value) or (
            any(isinstance(item, dict | list) for item in value.values())
            and all(_is_known(item, shape, depth + 1) for item in value.values() if isinstance(item, dict | list))
        )
    return isinstance(value, list) and all(_is_known(item, shape, depth + 1) for item in value)


def _leaves(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict | list) and depth <= _DEEPEST:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item, depth + 1)
    elif text := plain_text(value):
        yield text


def _texts(value: Any) -> Iterator[str]:
    """The words of a field that holds one, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        if item and (text := plain_text(item)):
            yield text


def _holds_something(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict | list) and depth <= _DEEPEST:
        return any(_holds_something(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value))
    return value.strip() != "" if isinstance(value, str) else bool(value)


def _postnl(found: FoundTracking, value: Any) -> None:
    """The label's barcode, else the list of barcodes; a return label beside it is not this parcel's."""
    if not isinstance(value, dict):
        if _holds_something(value):
            found.unreadable.append(UnreadableTracking(_POSTNL))
        return
    labels = value.get("labels")
    label = labels.get("label") if isinstance(labels, dict) else None
    barcode = label.get("barcode") if isinstance(label, dict) else None
    texts = list(_texts(barcode)) or [
        text for text, _, _ in _parcels(value.get("barcodes"), ParcelShape(code=("value",)))
    ]
    found.add(_POSTNL, ((text, "PostNL", "") for text in texts))


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
