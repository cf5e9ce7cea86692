"""How a telling to a marketplace is composed from rows, and rebuilt from the payload that was kept. Pure."""

from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from orderhaven.core.carriers import Carrier, Recognition, recognise
from orderhaven.core.problems import ProblemKind
from orderhaven.core.rules import CarrierRule, RuleKind, choose_carrier
from orderhaven.core.shipment import (
    Acceptance,
    Cancellation,
    Correction,
    Pieces,
    Refusal,
    Shipment,
    Telling,
)  # fmt: skip
from orderhaven.ports.connector import Declaration
from orderhaven.store.corrections import reference
from orderhaven.store.models import Line, Link, Message, Order
from orderhaven.store.outbox import Composed
from orderhaven.store.payloads import (
    AcceptPayload,
    CancelPayload,
    CancelShopPayload,
    ConfirmPayload,
    CorrectPayload,
    PlacePayload,
    RefusePayload,
)
from orderhaven.store.verdicts import NotWanted, Park, Verdict


def compose(message: Message, declaration: Declaration) -> Composed | Verdict:
    """What goes out, as things are now, cut into as many requests as the marketplace's limits ask for."""
    match message.payload:
        case ConfirmPayload():
            return _shipment(message, declaration)
        case CancelPayload(reason=reason):
            return _parts(message, CancelPayload(reason), declaration.limits.lines_per_cancellation)
        case CorrectPayload() as payload:
            return _correction(message, payload, declaration)
        case AcceptPayload() | RefusePayload() as payload:
            return Composed(message, replace(payload, pieces=_open_pieces(message.order)))
        case _:
            raise ValueError(f"a marketplace is not told to {message.kind}")


def telling(message: Message) -> Telling:
    """What was, or will be, sent: exactly the payload kept at begin."""
    row, payload = message.order, message.payload
    if isinstance(payload, PlacePayload | CancelShopPayload):
        raise ValueError(f"a marketplace is not told to {message.kind}")
    kept = {line.ref: line for line in row.kept_lines}
    pieces = tuple(
        Pieces(ref, tuple(kept[ref].remote_ids) or (ref,), quantity) for ref, quantity in payload.pieces.items()
    )
    common = (row.ref, reference(message), pieces)
    match payload:
        case ConfirmPayload():
            return Shipment(
                *common,
                code=payload.code,
                carrier=_carrier(payload.carrier),
                ships_from=payload.ships_from,
                label=payload.label,
                completed_at=row.completed_at,
            )
        case CancelPayload():
            return Cancellation(*common, reason=payload.reason)
        case CorrectPayload():
            return Correction(
                *common,
                shipment_ref=payload.shipment_ref,
                code=payload.code,
                carrier=_carrier(payload.carrier),
                ships_from=payload.ships_from,
                confirmed_as=payload.confirmed_as,
            )
        case RefusePayload():
            return Refusal(*common)
        case _:
            return Acceptance(*common)


def _carrier(word: str) -> Carrier | None:
    return Carrier(word) if word else None


def _shipment(message: Message, declaration: Declaration) -> Composed | Verdict:
    row = message.order
    limit = declaration.limits.lines_per_confirmation
    if row.label:
        return _parts(message, ConfirmPayload(label=row.label), limit)
    if row.marketplace_label:
        return Park(ProblemKind.OWN_LABEL)
    tracking = _tracking(row, declaration)
    return tracking if isinstance(tracking, Park) else _parts(message, ConfirmPayload(*tracking), limit)


def _correction(message: Message, payload: CorrectPayload, declaration: Declaration) -> Composed | Verdict:
    tracking = _tracking(message.order, declaration)
    if isinstance(tracking, Park):
        return tracking
    return Composed(message, replace(payload, **tracking._asdict())) if tracking.code else NotWanted()


class _Tracking(NamedTuple):
    """As a confirmation begins."""

    code: str
    carrier: str
    ships_from: str


def _tracking(row: Order, declaration: Declaration) -> _Tracking | Park:
    """Number and carrier, or none of either: what is no tracking number is never sent, whoever is named beside it."""
    ships_from = row.link.ships_from
    seen = recognised(row) if row.code else None
    if seen is None or not seen.code:
        return _Tracking("", "", ships_from)
    carrier = carrier_of(row, seen)
    if carrier is not None and declaration.carriers and not declaration.carrier_word(carrier, ships_from):
        carrier = None
    if carrier is None and (declaration.carrier_required_with_code or seen.asks):
        candidates = ", ".join(one.display_name for one in seen.candidates) or "no carrier known here"
        return Park(ProblemKind.UNKNOWN_CARRIER, {"code": seen.code, "candidates": candidates})
    return _Tracking(seen.code, str(carrier or ""), ships_from)


InParts = TypeVar("InParts", ConfirmPayload, CancelPayload)


def _parts(message: Message, payload: InParts, lines_per_part: int) -> Composed | Verdict:
    """`payload` with the pieces that are still open."""
    still_open = _open_pieces(message.order)
    begun = message.payload if message.part or message.attempt else payload
    if isinstance(begun, ConfirmPayload | CancelPayload) and begun.pieces:
        kept = {ref: min(count, still_open.get(ref, 0)) for ref, count in begun.pieces.items()}
        kept = {ref: count for ref, count in kept.items() if count}
        return Composed(message, replace(payload, pieces=kept)) if kept else NotWanted()
    pieces = list(still_open.items())
    if not pieces:
        return NotWanted()
    cut = [dict(pieces[start : start + lines_per_part]) for start in range(0, len(pieces), lines_per_part)]
    first, *rest = (replace(payload, pieces=part) for part in cut)
    return Composed(message, first, tuple(rest))


def _open_pieces(row: Order) -> dict[str, int]:
    lines: list[Line] = sorted(row.kept_lines, key=lambda line: line.position)
    ours = [line for line in lines if not line.by_marketplace] or lines
    left = {line.ref: line.ordered - line.shipped - line.cancelled for line in ours}
    return {ref: quantity for ref, quantity in left.items() if quantity > 0}


def recognised(row: Order) -> Recognition:
    link = row.link
    return recognise(
        row.code,
        url=row.code_url,
        destination=row.country,
        origin=link.ships_from,
        shop_says=row.carrier_word,
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
    link = row.link
    default = Carrier(link.default_carrier) if link.default_carrier else None
    return choose_carrier(rules_of(link), seen, row.carrier_word, default)


def rules_of(link: Link) -> tuple[CarrierRule, ...]:
    return tuple(
        CarrierRule(RuleKind(one["kind"]), one["match"], Carrier(one["carrier"])) for one in link.carrier_rules
    )
