"""An order is moved, and what follows from that: messages put in the outbox or withdrawn, the wait, the closing.

`move_order` is the only writer of an order's status.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from orderhaven.core.comparing import difference, in_one
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import Header, header_of
from orderhaven.core.shipment import CancelReason
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Fact, Move, OutsideTable, Status, move
from orderhaven.store.ledger import Ledger
from orderhaven.store.models import IN_FLIGHT, REFUSED, SENT, DeliveredByMarketplace, Kind, MessageState, Order
from orderhaven.store.payloads import CancelPayload
from orderhaven.store.shapes import facts_of

log = structlog.get_logger()

# problems that are over once an order stands there
_SOLVED_BY: Mapping[Status, tuple[ProblemKind, ...]] = {
    Status.NOT_SHIPPED: (ProblemKind.CANCELLATIONS_HELD,),
    Status.SHIPPED: (ProblemKind.WAIT_HELD, ProblemKind.QUANTITIES_DIFFER, ProblemKind.LINES_CANCELLED),
    Status.CANCELLED: (
        ProblemKind.SHOP_ORDER_GONE, ProblemKind.WAIT_HELD, ProblemKind.QUANTITIES_DIFFER, ProblemKind.LINES_CANCELLED,
        ProblemKind.ORDER_MISSING, ProblemKind.BUYER_ASKS_LATE, ProblemKind.SHOP_CANCELLED_LATE,
    ),
}  # fmt: skip
# and those that a fact answers wherever the order stands
_ANSWERED_BY: Mapping[Fact, tuple[ProblemKind, ...]] = {
    Fact.CANCELLED_THERE_LATE: (ProblemKind.BUYER_ASKS_LATE, ProblemKind.SHOP_CANCELLED_LATE),
    Fact.CANCEL_WITHDRAWN: (ProblemKind.BUYER_ASKS_LATE,),
}
_BY_THE_SHOP = frozenset({Fact.COMPLETED_WITH_CODE, Fact.CODE, Fact.WAIT_OVER})
_BY_OTHERS = frozenset({Fact.SHIPPED_THERE, Fact.REST_SENT})
_BY_THE_MERCHANT = frozenset({Fact.SHOP_CANCELLED, Fact.CANCEL_ACCEPTED})


def move_order(ledger: Ledger, order: Order, fact: Fact, **data: str) -> None:
    """Move the order by the table; a fact outside it is a Problem on that order."""
    before = Status(order.status)
    try:
        step = move(before, fact)
    except OutsideTable:
        ledger.problem(order, ProblemKind.UNEXPECTED_FACT, {"status": before, "fact": fact})
        return
    log.debug("fact", order=order.id, status=before, fact=fact, to=step.to)
    problem = _problem_of(order, fact, step)
    if step.to is not before:
        ledger.change(order, status=step.to)
        ledger.event(order, "status", {"from": before, "to": step.to, "fact": fact, **data})
    if problem is not None:
        ledger.problem(order, problem, {**_named(order, problem), **data})
        if order.closed_at is not None:  # whoever looks into it needs the buyer's data for as long as ever
            ledger.change(order, closed_at=ledger.now)
    _follow(ledger, order, fact, before, step.to)


def _follow(ledger: Ledger, order: Order, fact: Fact, before: Status, after: Status) -> None:
    """Put what the other side must know because of `fact`, and withdraw what it need not know any more."""
    if before is Status.WAITING and after is not Status.WAITING:
        ledger.change(order, wait_until=None)
    if fact in _ANSWERED_BY:
        ledger.solve(order, _ANSWERED_BY[fact])
    if after is not before:
        ledger.solve(order, _SOLVED_BY.get(after, ()))
        match after:
            case Status.SHIPPED:
                _shipped(ledger, order, fact)
            case Status.CANCELLED:
                _cancelled(ledger, order, fact, before)
            case Status.MANUAL:
                ledger.drop_unsent(order, tuple(Kind))
            case Status.NOT_SHIPPED:
                _open_again(ledger, order, fact)
            case Status.PARTLY_SHIPPED | Status.PENDING_CONFIRMATION:
                want_taken_in(ledger, order)
            case _:
                pass
    elif fact in _BY_OTHERS and after is Status.SHIPPED:
        _handled_by_others(ledger, order)
    elif fact is Fact.CANCELLED_THERE and after is Status.CANCELLED:
        ledger.drop_unsent(order, (Kind.CANCEL,))  # somebody did it there, perhaps because we could not
    if after is Status.WAITING and order.wait_until is None:
        ledger.wait(order, wait_ends(order, ledger.now))


def wait_ends(order: Order, begins: datetime) -> datetime:
    """As long as the link says, and early enough for a ship-by time that the marketplace itself states: no estimate shortens it."""
    whole = begins + timedelta(seconds=order.link.wait_s)
    if order.ship_by is None or order.ship_by_is_estimated:
        return whole
    in_time = order.ship_by - timedelta(seconds=order.link.ship_by_margin_s)
    return min(whole, max(in_time, begins))


def _problem_of(order: Order, fact: Fact, step: Move) -> ProblemKind | None:
    """What a person must look at because of a move: one Problem for one late cancellation, whoever is heard of first."""
    if fact is Fact.SHOP_CANCELLED and header_of(map(facts_of, order.kept_lines)) is Header.CANCELLED:
        return None  # the marketplace has cancelled it too, and that was said where it was too late
    if step.problem is None and step.to is Status.CANCELLED and order.shop_state == ShopState.COMPLETED:
        return ProblemKind.STOP_THE_PARCEL if order.status != step.to else None
    return step.problem


def _named(order: Order, kind: ProblemKind) -> Mapping[str, str]:
    """What the sentence of a Problem that a move brings names of the order."""
    if kind is not ProblemKind.QUANTITIES_DIFFER:
        return {}
    stands = [(line, line.placed, line.ordered - line.cancelled - line.shipped) for line in order.kept_lines]
    return {"lines": in_one([difference(line.title, line.sku, had, left) for line, had, left in stands if had != left])}


def want_taken_in(ledger: Ledger, order: Order) -> None:
    """Put what an order that is read and not held needs first: the yes that its marketplace waits for, else its placing."""
    if order.read_at is None or order.hold:
        return
    if order.status == Status.PENDING_CONFIRMATION:
        if not any(message.kind == Kind.ACCEPT and message.state == MessageState.TOLD for message in order.outbox):
            ledger.put(order, Kind.ACCEPT)
    elif not order.shop_ref and _belongs_in_shop(order):
        ledger.put(order, Kind.PLACE)


def _belongs_in_shop(order: Order) -> bool:
    """The merchant's to ship; or shipped by the marketplace, where the merchant wants to see that."""
    if order.by_marketplace:
        wants_delivered = order.link.delivered_by_marketplace == DeliveredByMarketplace.PLACE
        return wants_delivered and order.status == Status.SHIPPED
    # what others sent a part of still has a rest to be sent from the shop
    return order.status in (Status.NOT_SHIPPED, Status.PARTLY_SHIPPED)


def still_wanted(order: Order, kind: Kind) -> bool:
    """Whether a message that surely was not sent yet is still to be sent, by where the order stands now."""
    status = Status(order.status)
    match kind:
        case Kind.PLACE:
            open_here = status in (Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.CANCELLATION_REQUESTED)
            return not order.shop_ref and (open_here or (status is Status.SHIPPED and order.by_marketplace))
        case Kind.CONFIRM:
            return status is Status.SHIPPED and not order.handled_by_others
        case Kind.CANCEL | Kind.CANCEL_SHOP:
            return status is Status.CANCELLED
        case Kind.ACCEPT:
            return status is Status.PENDING_CONFIRMATION
        case Kind.CORRECT | Kind.REFUSE:
            return status not in (Status.CANCELLED, Status.MANUAL)


def _shipped(ledger: Ledger, order: Order, fact: Fact) -> None:
    if fact in _BY_THE_SHOP:
        ledger.put(order, Kind.CONFIRM)
    elif fact in _BY_OTHERS:
        ledger.drop_unsent(order, (Kind.PLACE, Kind.CANCEL, Kind.ACCEPT, Kind.REFUSE))
        _handled_by_others(ledger, order)
        want_taken_in(ledger, order)


def _handled_by_others(ledger: Ledger, order: Order) -> None:
    """Nothing is left to confirm. What we told, or are telling at this moment, stays ours."""
    confirmations = [message for message in order.outbox if message.kind == Kind.CONFIRM]
    for message in confirmations:
        if (message.state == MessageState.DUE or message.state in REFUSED) and message.attempt:
            # it was sent once and may be what they show: a look says whose it is
            ledger.change_message(
                order, message, state=MessageState.UNCLEAR, due_at=ledger.now, misses=0, finished_at=None
            )
            ledger.nudge(message.connection_id)
    ours = any(message.state in SENT for message in confirmations)
    ledger.drop_unsent(order, (Kind.CONFIRM,))
    if not ours:
        ledger.change(order, handled_by_others=True, closed_at=order.closed_at or ledger.now)
        ledger.touch(order)


def _cancelled(ledger: Ledger, order: Order, fact: Fact, before: Status) -> None:
    ledger.drop_unsent(order, (Kind.PLACE, Kind.CONFIRM, Kind.ACCEPT, Kind.REFUSE))
    ledger.change(order, closed_at=ledger.now)
    if order.handled_by_others:  # what looked like others' shipment was this
        ledger.change(order, handled_by_others=False)
        ledger.touch(order)
    if fact in _BY_THE_MERCHANT:
        asked = before is Status.CANCELLATION_REQUESTED
        reason = CancelReason.BUYER_ASKED if asked else CancelReason.OUT_OF_STOCK
        ledger.put(order, Kind.CANCEL, CancelPayload(reason))
    else:
        ledger.drop_unsent(order, (Kind.CANCEL,))
    if fact is not Fact.SHOP_CANCELLED and _in_shop(order):
        ledger.put(order, Kind.CANCEL_SHOP)


def _open_again(ledger: Ledger, order: Order, fact: Fact) -> None:
    if fact is Fact.REOPENED:
        ledger.drop_unsent(order, (Kind.CONFIRM, Kind.CANCEL))
    ledger.change(order, closed_at=None)
    if order.needs_acceptance:
        move_order(ledger, order, Fact.UNACCEPTED)
    # an order may be heard for the first time with its buyer's wish to cancel: then it was never placed
    elif fact in (Fact.ACCEPTED, Fact.GIVEN_BACK, Fact.CANCEL_REFUSED, Fact.CANCEL_WITHDRAWN):
        want_taken_in(ledger, order)


def _in_shop(order: Order) -> bool:
    """Placed, or perhaps being placed at this moment: then the cancellation waits behind it."""
    return bool(order.shop_ref) or any(
        message.kind == Kind.PLACE and message.state in IN_FLIGHT for message in order.outbox
    )
