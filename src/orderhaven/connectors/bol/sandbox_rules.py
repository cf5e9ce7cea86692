"""What the sandbox refuses, as strictly as bol: queries, bodies, and what may be done to an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from orderhaven.connectors.bol.sandbox_trade import SandboxItem, SandboxTrade, dutch_day

T = TypeVar("T")

MEDIA_TYPE = "application/vnd.retailer.v10+json"
_HISTORY = timedelta(days=92)
_INT32 = 2**31 - 1
TRANSPORTERS = frozenset(
    {
        *("AMPERE", "BPOST_BE", "BPOST_BRIEF", "BRIEFPOST", "BUDBEE", "COURIER", "CYCLOON", "DHL", "DHL-GLOBAL-MAIL"),
        *("DHL-SD", "DHLFORYOU", "DHL_DE", "DPD-BE", "DPD-NL", "DYL", "FEDEX_BE", "FEDEX_NL", "GLS", "OTHER", "PACKS"),
        *("PARCEL-NL", "PES", "TNT", "TNT-EXPRESS", "TNT-EXTRA", "TNT_BRIEF", "TRANSMISSION", "TRUNKRS", "TSN", "UPS"),
    }
)


@dataclass
class ApiProblem(Exception):
    """An answer that is not what was asked for."""

    status: int
    detail: str
    violations: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    title: str = ""


def invalid(name: str, reason: str) -> ApiProblem:
    return ApiProblem(400, "Bad request", [(name, reason)])


# ------------------------------------------------------------ bodies


class _Body(Struct, rename="camel", forbid_unknown_fields=True):
    pass


class ItemToShip(_Body):
    order_item_id: Annotated[str, Meta(min_length=1)]
    quantity: Annotated[int, Meta(ge=1, le=_INT32)] | None = None


class Instruction(_Body):
    transporter_code: Annotated[str, Meta(min_length=1)]
    track_and_trace: str | None = None


class ShipmentRequest(_Body):
    order_items: Annotated[list[ItemToShip], Meta(min_length=1, max_length=100)]
    shipment_reference: Annotated[str, Meta(min_length=1, max_length=90)] | None = None
    shipping_label_id: str | None = None
    transport: Instruction | None = None


Reason = Literal[
    "OUT_OF_STOCK", "REQUESTED_BY_CUSTOMER", "BAD_CONDITION", "HIGHER_SHIPCOST", "INCORRECT_PRICE",
    "NOT_AVAIL_IN_TIME", "NO_BOL_GUARANTEE", "ORDERED_TWICE", "RETAIN_ITEM", "TECH_ISSUE", "UNFINDABLE_ITEM", "OTHER",
]  # fmt: skip


class ItemToCancel(_Body):
    order_item_id: Annotated[str, Meta(min_length=1)]
    reason_code: Reason


class CancellationRequest(_Body):
    order_items: Annotated[list[ItemToCancel], Meta(min_length=1, max_length=1)]


class TransportChange(_Body):
    track_and_trace: Annotated[str, Meta(min_length=1)]
    transporter_code: str | None = None


class StatusQuery(_Body):
    process_status_id: str


class StatusQueries(_Body):
    process_status_queries: Annotated[list[StatusQuery], Meta(min_length=1, max_length=1000)]


def body_as(shape: type[T], body: bytes) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        reason, _, at = str(error).partition(" - at `$")
        raise invalid(at.strip(".`") or "body", reason) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise invalid("body", "Request body is not readable JSON.") from None


# ------------------------------------------------------------ queries


@dataclass(frozen=True, slots=True)
class OrdersQuery:
    page: int
    method: str
    status: str
    since: datetime | None  # change-interval-minute
    day: date | None  # latest-change-date


# of each list; vvb-only is not played here
_OF_ORDERS = frozenset({"page", "fulfilment-method", "status", "change-interval-minute", "latest-change-date"})
_OF_SHIPMENTS = frozenset({"page", "fulfilment-method", "order-id"})
_OF_PROCESSES = frozenset({"page", "entity-id", "event-type"})
EVENTS = ("CREATE_SHIPMENT", "CANCEL_ORDER", "CHANGE_TRANSPORT")


def orders_query(query: Mapping[str, str], now: datetime) -> OrdersQuery:
    _refuse_unknown(query, _OF_ORDERS)
    minutes, day = query.get("change-interval-minute"), query.get("latest-change-date")
    if minutes is not None and day is not None:
        raise invalid("latest-change-date", "Cannot be combined with change-interval-minute.")
    return OrdersQuery(
        page=page_number(query),
        # left out, bol means these; a caller that wants more must say so
        method=_one_of(query, "fulfilment-method", ("FBR", "FBB", "ALL"), "FBR"),
        status=_one_of(query, "status", ("OPEN", "SHIPPED", "ALL"), "OPEN"),
        since=None if minutes is None else now - timedelta(minutes=_number(minutes, "change-interval-minute", 60)),
        day=None if day is None else _day(day, now),
    )


def shipments_method(query: Mapping[str, str]) -> str:
    """ "" when the shipments of one order are asked for."""
    _refuse_unknown(query, _OF_SHIPMENTS)
    if "order-id" not in query:
        return _one_of(query, "fulfilment-method", ("FBR", "FBB"), "FBR")
    if "fulfilment-method" in query:
        raise invalid("fulfilment-method", "Cannot be combined with order-id.")
    return ""


def entity_and_event(query: Mapping[str, str]) -> tuple[str, str]:
    _refuse_unknown(query, _OF_PROCESSES)
    entity, event = query.get("entity-id", ""), query.get("event-type", "")
    if not entity or event not in EVENTS:
        raise invalid("entity-id", "Both entity-id and a known event-type are needed.")
    return entity, event


def _refuse_unknown(query: Mapping[str, str], known: frozenset[str]) -> None:
    for name in query.keys() - known:
        raise invalid(name, "Is no parameter of this endpoint.")


def page_number(query: Mapping[str, str]) -> int:
    return _number(query.get("page", "1"), "page", _INT32)


def _number(text: str, name: str, most: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= most:
        raise invalid(name, f"Must be a whole number from 1 to {most}.")
    return number


def _one_of(query: Mapping[str, str], name: str, words: Sequence[str], default: str) -> str:
    word = query.get(name, default)
    if word not in words:
        raise invalid(name, f"Request contains invalid value(s): '{word}', allowed values: {', '.join(words)}.")
    return word


def _day(text: str, now: datetime) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise invalid("latest-change-date", "Must be a date like 2026-01-31.") from None
    if day < dutch_day(now) - _HISTORY:
        raise invalid("latest-change-date", "Must be within the last 3 months.")
    return day


# ------------------------------------------------------------ what may be done


def pieces_to_ship(trade: SandboxTrade, wanted: ShipmentRequest) -> dict[str, int]:
    """Item -> quantity. Raises Problem."""
    items = [known_item(trade, each.order_item_id) for each in wanted.order_items]
    if len({item.ref for item in items}) < len(items):
        raise invalid("orderItems", "An order item may be named only once.")
    if len({item.sale.ref for item in items}) > 1:
        raise invalid("orderItems", "Order items must belong to the same order.")
    for item in items:
        refuse_handled(item)
    pieces = {item.ref: each.quantity or item.open for item, each in zip(items, wanted.order_items, strict=True)}
    if reason := too_many(trade, pieces):
        raise invalid("orderItems", reason)
    _refuse_transport(wanted, items)
    return pieces


def too_many(trade: SandboxTrade, pieces: Mapping[str, int]) -> str:
    """Why these pieces cannot be sent any more; "" when they can."""
    for ref, quantity in pieces.items():
        if quantity > trade.items[ref].open:
            return f"Order item {ref} has {trade.items[ref].open} open, {quantity} cannot be shipped."
    return ""


def known_item(trade: SandboxTrade, ref: str) -> SandboxItem:
    item = trade.items.get(ref)
    if item is None:
        raise invalid("orderItemId", f"Order item {ref} is not known.")
    return item


def refuse_handled(item: SandboxItem) -> None:
    if item.is_fbb:
        raise invalid("orderItemId", f"Order item {item.ref} is fulfilled by bol.")
    if not item.open:
        raise invalid("orderItemId", f"Order item {item.ref} is already handled.")


def refuse_unknown_transporter(code: str | None, name: str) -> None:
    if code is not None and code not in TRANSPORTERS:
        raise invalid(name, f"Request contains invalid value(s): '{code}'.")


def _refuse_transport(wanted: ShipmentRequest, items: Sequence[SandboxItem]) -> None:
    if wanted.transport is None:
        return
    if wanted.shipping_label_id is not None:
        raise invalid("shippingLabelId", "Cannot be combined with transport.")
    if any(item.on_their_label for item in items):
        raise invalid("transport", "This order is sent with a shipping label of bol.")
    refuse_unknown_transporter(wanted.transport.transporter_code, "transport.transporterCode")


def problem_body(problem: ApiProblem, path: str) -> dict[str, Any]:
    return {
        "type": "https://api.bol.com/problems",
        "title": problem.title
        or (problem.detail if problem.status != 400 else "Error validating request. Consult the API documentation."),
        "status": problem.status,
        "detail": problem.detail,
        "host": "Sandbox-001",
        "instance": f"https://api.bol.com{path}",
        "violations": [{"name": name, "reason": reason} for name, reason in problem.violations],
    }
