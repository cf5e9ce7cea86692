"""How a telling to a marketplace is composed from rows, and rebuilt from the facts that were kept. Pure."""

from collections.abc import Mapping

from orderhaven.core.carriers import Carrier, Recognition, recognise
from orderhaven.core.problems import ProblemKind
from orderhaven.core.rules import CarrierRule, RuleKind, choose_carrier
from orderhaven.core.shipment import (
    Acceptance,
    Cancellation,
    CancelReason,
    Correction,
    Pieces,
    Refusal,
    Shipment,
    Telling,
)  # fmt: skip
from orderhaven.ports.connector import Declaration
from orderhaven.store.corrections import reference
from orderhaven.store.models import Kind, Line, Link, Message, Order
from orderhaven.store.outbox import Composed
from orderhaven.store.verdicts import NotWanted, Park, Verdict


def compose(message: Message, declaration: Declaration) -> Composed | Verdict:
    """The facts as they are now, cut into as many requests as the marketplace's limits ask for."""
    match Kind(message.kind):
        case Kind.CONFIRM:
            return _shipment(message, declaration)
        case Kind.CANCEL:
            return _parts(
                message, {"reason": message.facts.get("reason", "")}, declaration.limits.lines_per_cancellation
            )
        case Kind.CORRECT:
            return _correction(message, declaration)
        case _:
            return Composed(message, message.facts | {"pieces": _open_pieces(message.order)})


def telling(message: Message) -> Telling:
    """What was, or will be, sent: exactly the facts kept at begin."""
    row, facts = message.order, message.facts
    kept = {line.ref: line for line in row.kept_lines}
    pieces = tuple(
        Pieces(ref, tuple(kept[ref].remote_ids) or (ref,), quantity)
        for ref, quantity in facts.get("pieces", {}).items()
    )
    common = (row.ref, reference(message), pieces)
    carrier = Carrier(facts["carrier"]) if facts.get("carrier") else None
    match Kind(message.kind):
        case Kind.CONFIRM:
            return Shipment(
                *common,
                code=facts["code"],
                carrier=carrier,
                ships_from=facts.get("ships_from", ""),
                label=facts["label"],
                completed_at=row.completed_at,
            )
        case Kind.CANCEL:
            return Cancellation(*common, reason=CancelReason(facts.get("reason") or CancelReason.OTHER))
        case Kind.CORRECT:
            return Correction(
                *common,
                shipment_ref=facts["shipment_ref"],
                code=facts["code"],
                carrier=carrier,
                ships_from=facts.get("ships_from", ""),
                confirmed_as=facts.get("confirmed_as", ""),
            )
        case Kind.REFUSE:
            return Refusal(*common)
        case _:
            return Acceptance(*common)


def _shipment(message: Message, declaration: Declaration) -> Composed | Verdict:
    row = message.order
    limit = declaration.limits.lines_per_confirmation
    if row.label:
        return _parts(message, {"code": "", "carrier": "", "label": row.label}, limit)
    if row.marketplace_label:
        return Park(ProblemKind.OWN_LABEL)
    tracking = _tracking(row, declaration)
    return tracking if isinstance(tracking, Park) else _parts(message, {**tracking, "label": ""}, limit)


def _correction(message: Message, declaration: Declaration) -> Composed | Verdict:
    tracking = _tracking(message.order, declaration)
    if isinstance(tracking, Park):
        return tracking
    return Composed(message, message.facts | tracking) if tracking["code"] else NotWanted()


def _tracking(row: Order, declaration: Declaration) -> dict[str, str] | Park:
    """Number and carrier, or none of either: what is no tracking number is never sent, whoever is named beside it."""
    seen = recognised(row) if row.code else None
    if seen is None or not seen.code:
        return {"code": "", "carrier": "", "ships_from": row.link.ships_from}
    carrier = carrier_of(row, seen)
    if carrier is not None and declaration.carriers and not declaration.carrier_word(carrier, row.link.ships_from):
        carrier = None
    if carrier is None and (declaration.carrier_required_with_code or seen.asks):
        candidates = ", ".join(one.display_name for one in seen.candidates) or "no carrier known here"
        return Park(ProblemKind.UNKNOWN_CARRIER, {"code": seen.code, "candidates": candidates})
    return {"code": seen.code, "carrier": str(carrier or ""), "ships_from": row.link.ships_from}


def _parts(message: Message, facts: Mapping[str, object], lines_per_part: int) -> Composed | Verdict:
    still_open = _open_pieces(message.order)
    if "pieces" in message.facts and (message.part or message.attempt):
        kept = {ref: min(count, still_open.get(ref, 0)) for ref, count in message.facts["pieces"].items()}
        kept = {ref: count for ref, count in kept.items() if count}
        return Composed(message, {**message.facts, **facts, "pieces": kept}) if kept else NotWanted()
    pieces = list(still_open.items())
    if not pieces:
        return NotWanted()
    cut = [dict(pieces[start : start + lines_per_part]) for start in range(0, len(pieces), lines_per_part)]
    first, *rest = ({**facts, "pieces": part} for part in cut)
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
