"""What a message asks its side to do: a shop order's draft, or a marketplace's command."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.carriers import Carrier, Recognition, recognise
from orderhaven.core.carriers.recognise import CarrierRule, RuleKind, choose_carrier
from orderhaven.core.commands import (  # fmt: skip
    Acceptance,
    Cancellation,
    CancellationRefusal,
    CancelReason,
    LineQuantity,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.order import MarketplaceLine as WholeLine
from orderhaven.core.order import MarketplaceOrder as WholeOrder
from orderhaven.core.parts import cut_in_parts
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ExpectedLine, ProductQuery, ShopOrderDraft
from orderhaven.ports.connector import Capability, ConnectorSpec, Limits
from orderhaven.store.models import Line, Link, Message, Order, ProductLookup, ProductMatch
from orderhaven.store.orders.conversions import wanted, whole_order
from orderhaven.store.outbox import result
from orderhaven.store.outbox.payloads import (
    AcceptPayload,
    CancelPayload,
    CancelShopPayload,
    ConfirmPayload,
    CorrectPayload,
    CreatePayload,
    RefusePayload,
)
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.outbox.references import reference_of
from orderhaven.store.sql.execute import in_statements


def draft_of(message: Message, reference: str) -> ShopOrderDraft:
    """The open pieces that the merchant ships; for an order the marketplace ships itself, all of it."""
    row = message.order
    quantities = {line.ref: _pieces(row, line) for line in row.prefetched_lines}
    return ShopOrderDraft(
        order=_whole(row, [line for line in row.prefetched_lines if quantities[line.ref] > 0]),
        reference=reference,
        prepared=message.prepared,
        marketplace=row.connection.name,
        quantities={ref: quantity for ref, quantity in quantities.items() if quantity > 0},
        fulfilled_by_marketplace=row.by_marketplace,
    )


def orders_of_shop_orders(shop_id: int, shop_refs: Collection[str]) -> dict[str, int]:
    """shop_ref -> the order that has it as its shop order; those that belong to none are left out."""
    held = Order.objects.filter(link__shop_id=shop_id)
    return {
        shop_ref: order_id
        for some in in_statements(set(shop_refs))
        for shop_ref, order_id in held.filter(shop_ref__in=some).values_list("shop_ref", "id")
    }


def with_products(whole: ShopOrderDraft, products: Mapping[ProductQuery, str]) -> ShopOrderDraft | WholeLine:
    """The draft with the shop's products, or the first line of which the shop has none."""
    if whole.fulfilled_by_marketplace:
        return whole
    found: dict[str, str] = {}
    for line in whole.order.lines:
        product = products.get(ProductQuery(line.sku, line.ean))
        if product is None:
            return line
        found[line.ref] = product
    return replace(whole, products=found)


def with_known_products(whole: ShopOrderDraft, products: Mapping[ProductQuery, str]) -> ShopOrderDraft:
    """The draft with those of the shop's products that are known."""
    known = {line.ref: products.get(ProductQuery(line.sku, line.ean), "") for line in whole.order.lines}
    return replace(whole, products={ref: product for ref, product in known.items() if product})


class ExpectedShopOrder(Struct, frozen=True):
    """What the shop's order must hold."""

    lines: tuple[ExpectedLine, ...]
    quantities: Mapping[str, int]
    total: str


def flaw_of(message: Message, whole: ShopOrderDraft, currencies: Collection[str]) -> result.NeedsAttention | None:
    """Why it cannot be created, whatever the shop's products are; `currencies`: what it sells in, empty: it does not say."""
    if not message.order.prefetched_contacts:
        return result.NeedsAttention(ProblemKind.CONTACT_ERASED)
    if not whole.quantities:
        return result.NeedsAttention(ProblemKind.NO_LINES)
    if currencies and message.order.currency not in currencies:
        return result.NeedsAttention(ProblemKind.CURRENCY_REFUSED, {"currency": message.order.currency})
    return None


def unknown_product(line: WholeLine) -> result.NeedsAttention:
    return result.NeedsAttention(ProblemKind.UNKNOWN_PRODUCT, {"sku": line.sku or line.ean, "title": line.title})


def articles_of(order_drafts: Collection[ShopOrderDraft]) -> set[ProductQuery]:
    """What is looked up in the shop; an order that the marketplace delivers takes no product from it."""
    wanted = [one for one in order_drafts if not one.fulfilled_by_marketplace]
    return {ProductQuery(line.sku, line.ean) for one in wanted for line in one.order.lines}


def payload_of(whole: ShopOrderDraft) -> CreatePayload:
    """What creating the shop order sends, as it is kept with its message."""
    return CreatePayload(dict(whole.quantities), str(whole.total.amount), dict(whole.products))


def expected(message: Message, payload: CreatePayload) -> ExpectedShopOrder:
    """By what went out with it: some of that may have been cancelled since."""
    quantities, products = payload.quantities, payload.products
    lines = [line for line in message.order.prefetched_lines if quantities.get(line.ref)]
    return ExpectedShopOrder(
        lines=tuple(wanted(line, quantities[line.ref], products.get(line.ref, "")) for line in lines),
        quantities=quantities,
        total=payload.total,
    )


def matches_said(shop_id: int, wanted: Collection[ProductQuery]) -> dict[ProductQuery, str]:
    """Products that a person named for an SKU (or for an EAN, where the offer has no SKU)."""
    named = {article: article.sku or article.ean for article in wanted}
    matches = ProductMatch.objects.filter(shop_id=shop_id)
    said = {
        sku: product_ref
        for some in in_statements(set(named.values()))
        for sku, product_ref in matches.filter(sku__in=some).values_list("sku", "product_ref")
    }
    return {article: said[name] for article, name in named.items() if name in said}


def keep_lookup(link_id: int, products: Mapping[ProductQuery, str], now: datetime) -> None:
    """What the shop was asked for, and what it has of that ("": nothing)."""
    rows = [[wanted.sku, wanted.ean, ref] for wanted, ref in products.items()]
    ProductLookup.objects.update_or_create(link_id=link_id, defaults={"at": now, "products": rows})


def kept_lookup(link_id: int) -> tuple[datetime | None, dict[ProductQuery, str]]:
    """When that was, and what it said."""
    kept = ProductLookup.objects.filter(link_id=link_id).first()
    if kept is None:
        return None, {}
    return kept.at, {ProductQuery(sku, ean): ref for sku, ean, ref in kept.products}


def _pieces(row: Order, line: Line) -> int:
    """How many of this line belong in the shop's order."""
    if row.by_marketplace:
        return line.ordered - line.cancelled
    return 0 if line.by_marketplace else line.ordered - line.cancelled - line.shipped


def _whole(row: Order, lines: Collection[Line]) -> WholeOrder:
    return whole_order(row, sorted(lines, key=lambda line: line.position), row.prefetched_contacts)


def compose_message(message: Message, spec: ConnectorSpec) -> ComposedMessage | result.CommandResult:
    """What goes out, as things are now, cut into as many requests as the marketplace's limits ask for."""
    match message.payload:
        case ConfirmPayload():
            return _shipment(message, spec)
        case CancelPayload(reason=reason):
            return _cancellation(message, reason, spec)
        case CorrectPayload() as payload:
            return _correction(message, payload, spec)
        case AcceptPayload() | RefusePayload() as payload:
            return ComposedMessage(message, replace(payload, quantities=_open_quantities(message.order)))
        case _:
            raise ValueError(f"a marketplace is sent no {message.kind}")


def command_of(message: Message) -> MarketplaceCommand:
    """What was, or will be, sent: exactly the payload kept at begin."""
    row, payload = message.order, message.payload
    if isinstance(payload, CreatePayload | CancelShopPayload):
        raise ValueError(f"a marketplace is sent no {message.kind}")
    kept = {line.ref: line for line in row.prefetched_lines}
    quantities = tuple(
        LineQuantity(ref, tuple(kept[ref].remote_ids) or (ref,), quantity)
        for ref, quantity in payload.quantities.items()
    )
    common = (row.ref, reference_of(message), quantities)
    match payload:
        case ConfirmPayload():
            return ShipmentConfirmation(
                *common,
                prepared=message.prepared,
                tracking_number=payload.tracking_number,
                carrier=_carrier(payload.carrier),
                ships_from=payload.ships_from,
                label_number=payload.label_number,
                carrier_code=payload.carrier_code,
                completed_at=row.completed_at,
            )
        case CancelPayload():
            return Cancellation(
                *common, prepared=message.prepared, reason=payload.reason, reason_code=payload.reason_code
            )
        case CorrectPayload():
            return TrackingCorrection(
                *common,
                prepared=message.prepared,
                shipment_ref=payload.shipment_ref,
                tracking_number=payload.tracking_number,
                carrier=_carrier(payload.carrier),
                ships_from=payload.ships_from,
                confirmation_reference=payload.confirmation_reference,
                carrier_code=payload.carrier_code,
            )
        case RefusePayload():
            return CancellationRefusal(*common, prepared=message.prepared)
        case _:
            return Acceptance(*common, prepared=message.prepared)


def _carrier(word: str) -> Carrier | None:
    return Carrier(word) if word else None


def _shipment(message: Message, spec: ConnectorSpec) -> ComposedMessage | result.CommandResult:
    row = message.order
    if row.label_number:
        return _parts(message, ConfirmPayload(label_number=row.label_number), spec)
    if row.marketplace_label:
        return result.NeedsAttention(ProblemKind.OWN_LABEL)
    tracking = _tracking(row, spec)
    if isinstance(tracking, result.NeedsAttention):
        return tracking
    if not (tracking.tracking_number or Capability.SHIP_UNTRACKED in spec.capabilities):
        return result.NeedsAttention(ProblemKind.TRACKING_REQUIRED, _side(row))
    return _parts(message, ConfirmPayload(**tracking._asdict()), spec)


def _correction(
    message: Message, payload: CorrectPayload, spec: ConnectorSpec
) -> ComposedMessage | result.CommandResult:
    tracking = _tracking(message.order, spec)
    if isinstance(tracking, result.NeedsAttention):
        return tracking
    return (
        ComposedMessage(message, replace(payload, **tracking._asdict()))
        if tracking.tracking_number
        else result.NotNeeded()
    )


class _Tracking(NamedTuple):
    """As a confirmation begins."""

    tracking_number: str
    carrier: str
    ships_from: str
    carrier_code: str = ""


def _tracking(row: Order, spec: ConnectorSpec) -> _Tracking | result.NeedsAttention:
    """Number and carrier, or none of either: what is no tracking number is never sent, whoever is named beside it."""
    ships_from = row.link.ships_from if row.link is not None else ""
    seen = recognised_carrier(row) if row.tracking_number else None
    if seen is None or not seen.tracking_number:
        return _Tracking("", "", ships_from)
    carrier = carrier_of(row, seen)
    if carrier is not None and not spec.takes_carrier(carrier, ships_from):
        if spec.carriers_are_listed and spec.carrier_required_with_tracking:
            return result.NeedsAttention(ProblemKind.CARRIER_NOT_LISTED, {**_side(row), "carrier": carrier})
        carrier = None
    if carrier is None and (spec.carrier_required_with_tracking or seen.needs_choice):
        candidates = ", ".join(one.display_name for one in seen.candidates) or "no carrier known here"
        return result.NeedsAttention(
            ProblemKind.UNKNOWN_CARRIER, {"tracking_number": seen.tracking_number, "candidates": candidates}
        )
    code = spec.carrier_code(carrier, ships_from) if carrier is not None else ""
    return _Tracking(seen.tracking_number, str(carrier or ""), ships_from, code)


def _cancellation(
    message: Message, reason: CancelReason, spec: ConnectorSpec
) -> ComposedMessage | result.CommandResult:
    code = spec.reason_code(reason)
    if spec.reasons_are_listed and not code:
        return result.NeedsAttention(ProblemKind.REASON_NOT_LISTED, {**_side(message.order), "cancel_reason": reason})
    return _parts(message, CancelPayload(reason, reason_code=code), spec)


InParts = TypeVar("InParts", ConfirmPayload, CancelPayload)


def _parts(message: Message, payload: InParts, spec: ConnectorSpec) -> ComposedMessage | result.CommandResult:
    """`payload` with what is still open, in as many parts as the marketplace's limits ask for and its abilities allow."""
    still_open = _open_quantities(message.order)
    begun = message.payload if message.part or message.attempt else payload
    if isinstance(begun, ConfirmPayload | CancelPayload) and begun.quantities:
        kept = {ref: min(count, still_open.get(ref, 0)) for ref, count in begun.quantities.items()}
        cut = [{ref: count for ref, count in kept.items() if count}]
    else:
        cut = cut_in_parts(still_open, *_most_per_part(payload, spec.limits))
    if not any(cut):
        return result.NotNeeded()
    flaw = _not_possible_there(message.order, payload, cut, still_open, spec)
    if flaw is not None:
        return flaw
    first, *rest = (replace(payload, quantities=part) for part in cut)
    return ComposedMessage(message, first, tuple(rest))


def _most_per_part(payload: InParts, limits: Limits) -> tuple[int, int | None]:
    """Lines, pieces."""
    if isinstance(payload, ConfirmPayload):
        return limits.lines_per_confirmation, limits.pieces_per_confirmation
    return limits.lines_per_cancellation, limits.pieces_per_cancellation


def _not_possible_there(
    row: Order, payload: InParts, cut: Sequence[Mapping[str, int]], still_open: Mapping[str, int], spec: ConnectorSpec
) -> result.NeedsAttention | None:
    """What the marketplace takes only as a whole, and is not asked for as one. What is open is the whole of a shipment; of a
    cancellation it is so only where nothing was shipped."""
    if isinstance(payload, ConfirmPayload):
        if Capability.SHIP_PARTS in spec.capabilities or list(cut) == [still_open]:
            return None
        return result.NeedsAttention(ProblemKind.ONLY_WHOLE_SHIPMENTS, _side(row))
    uncancelled = sum(line.ordered - line.cancelled for line in row.prefetched_lines)
    if Capability.CANCEL_LINES not in spec.capabilities and (len(cut) > 1 or sum(cut[0].values()) != uncancelled):
        return result.NeedsAttention(ProblemKind.ONLY_WHOLE_CANCELLATIONS, _side(row))
    fewer = next((ref for part in cut for ref, count in part.items() if count < still_open[ref]), None)
    if fewer is not None and Capability.CANCEL_QUANTITY not in spec.capabilities:
        return result.NeedsAttention(ProblemKind.ONLY_WHOLE_LINES, {**_side(row), "line": fewer})
    return None


def _side(row: Order) -> dict[str, str]:
    return {"side": row.connection.name}


def _open_quantities(row: Order) -> dict[str, int]:
    lines: list[Line] = sorted(row.prefetched_lines, key=lambda line: line.position)
    ours = [line for line in lines if not line.by_marketplace] or lines
    left = {line.ref: line.ordered - line.shipped - line.cancelled for line in ours}
    return {ref: quantity for ref, quantity in left.items() if quantity > 0}


def recognised_carrier(row: Order) -> Recognition:
    link = row.own_link
    return recognise(
        row.tracking_number,
        url=row.tracking_url,
        destination=row.country,
        origin=link.ships_from,
        carrier_name=row.carrier_name,
        likely=own_carriers(link),
    )


def own_carriers(link: Link) -> tuple[Carrier, ...]:
    """Whom the merchant uses, as far as the merchant said so."""
    named = [*link.own_carriers, *([link.default_carrier] if link.default_carrier else [])]
    return tuple(Carrier(one) for one in dict.fromkeys(named))


def carrier_of(row: Order, seen: Recognition) -> Carrier | None:
    """A person's word for this order, else the link's rules, else who is recognised, else the link's default."""
    if row.chosen_carrier:
        return Carrier(row.chosen_carrier)
    link = row.own_link
    default = Carrier(link.default_carrier) if link.default_carrier else None
    return choose_carrier(rules_of(link), seen, row.carrier_name, default)


def rules_of(link: Link) -> tuple[CarrierRule, ...]:
    return tuple(
        CarrierRule(RuleKind(one["kind"]), one["match"], Carrier(one["carrier"])) for one in link.carrier_rules
    )
