"""What follows from a transition: what each side is asked to do next, and the hold on too many cancellations at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from orderhaven.core.commands import CancelReason
from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState, difference, joined
from orderhaven.core.status import Header, Status, Transition, Trigger, UnexpectedTrigger, header_of, transition
from orderhaven.store.models import (
    REJECTED_STATES,
    SENT,
    STARTED,
    FulfilledByMarketplace,
    Link,
    Message,
    MessageKind,
    MessageState,
    Order,
)
from orderhaven.store.orders.closing import close_without_the_rest
from orderhaven.store.orders.conversions import facts_of
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.outbox.payloads import CancelPayload


def hold_if_too_many(uow: UnitOfWork, rows: Sequence[Order], now: datetime) -> None:
    """Hold the cancellations that this unit of work enqueues, when they and those of the last hour are more than the link allows."""
    for link, fresh in _by_link(rows).items():
        before = Message.objects.filter(
            connection_id=link.marketplace_id,
            order__link=link,
            kind=MessageKind.CANCEL,
            created_at__gt=now - timedelta(hours=1),
        ).exclude(state=MessageState.WITHDRAWN)
        count = before.count() + len(fresh)
        if count <= link.cancellations_per_hour:
            continue
        for row, message in fresh:
            message.state = MessageState.ON_HOLD
            limit = str(link.cancellations_per_hour)
            uow.problem(row, ProblemKind.CANCELLATIONS_ON_HOLD, {"count": str(count), "limit": limit})


def _by_link(rows: Sequence[Order]) -> dict[Link, list[tuple[Order, Message]]]:
    found: dict[Link, list[tuple[Order, Message]]] = {}
    for row in rows:
        for message in row.outbox:
            new_row, payload = message._state.adding and message.state == MessageState.QUEUED, message.payload
            if new_row and isinstance(payload, CancelPayload) and payload.reason is not CancelReason.BUYER_REQUEST:
                found.setdefault(row.own_link, []).append((row, message))
    return found


log = structlog.get_logger()

# problems that are over once an order stands there
_RESOLVED_BY: Mapping[Status, tuple[ProblemKind, ...]] = {
    Status.NOT_SHIPPED: (ProblemKind.CANCELLATIONS_ON_HOLD,),
    Status.SHIPPED: (
        ProblemKind.WAIT_EXTENDED, ProblemKind.QUANTITIES_DIFFER, ProblemKind.LINES_CANCELLED, ProblemKind.CHANNEL_NOT_LINKED,
    ),
    Status.CANCELLED: (
        ProblemKind.SHOP_ORDER_GONE, ProblemKind.WAIT_EXTENDED, ProblemKind.QUANTITIES_DIFFER, ProblemKind.LINES_CANCELLED,
        ProblemKind.ORDER_MISSING, ProblemKind.LATE_CANCELLATION_REQUEST, ProblemKind.SHOP_CANCELLED_LATE,
        ProblemKind.CHANNEL_NOT_LINKED,
    ),
}  # fmt: skip
# and those that a trigger answers wherever the order stands
_ANSWERED_BY: Mapping[Trigger, tuple[ProblemKind, ...]] = {
    Trigger.MARKETPLACE_CANCELLED_LATE: (ProblemKind.LATE_CANCELLATION_REQUEST, ProblemKind.SHOP_CANCELLED_LATE),
    Trigger.CANCELLATION_WITHDRAWN: (ProblemKind.LATE_CANCELLATION_REQUEST,),
}
_BY_THE_SHOP = frozenset({Trigger.COMPLETED_TRACKED, Trigger.TRACKING_ADDED, Trigger.WAIT_EXPIRED})
_BY_OTHERS = frozenset({Trigger.MARKETPLACE_SHIPPED, Trigger.REST_SHIPPED})
_BY_THE_MERCHANT = frozenset({Trigger.SHOP_CANCELLED, Trigger.CANCELLATION_ACCEPTED})


def transition_order(uow: UnitOfWork, order: Order, trigger: Trigger, **data: str) -> None:
    """Move the order by the table; a trigger outside it is a Problem on that order."""
    before = Status(order.status)
    try:
        step = transition(before, trigger)
    except UnexpectedTrigger:
        uow.problem(order, ProblemKind.UNEXPECTED_UPDATE, {"status": before, "trigger": trigger})
        return
    log.debug("trigger", order=order.id, status=before, trigger=trigger, to=step.to)
    problem = _problem_of(order, trigger, step)
    if step.to is not before:
        uow.change(order, status=step.to)
        uow.event(order, "status", {"from": before, "to": step.to, "trigger": trigger, **data})
    if problem is not None:
        uow.problem(order, problem, {**_named(order, problem), **data})
        if order.closed_at is not None:  # whoever looks into it needs the buyer's data for as long as ever
            uow.change(order, closed_at=uow.now)
    _enqueue_follow_ups(uow, order, trigger, before, step.to)


def _enqueue_follow_ups(uow: UnitOfWork, order: Order, trigger: Trigger, before: Status, after: Status) -> None:
    """Enqueue what the other side must be sent because of `trigger`, and withdraw what it need not be sent any more."""
    if before is Status.WAITING and after is not Status.WAITING:
        uow.change(order, wait_until=None)
    if trigger in _ANSWERED_BY:
        uow.resolve(order, _ANSWERED_BY[trigger])
    if after is not before:
        uow.resolve(order, _RESOLVED_BY.get(after, ()))
        match after:
            case Status.SHIPPED:
                _shipped(uow, order, trigger)
            case Status.CANCELLED:
                _cancelled(uow, order, trigger, before)
            case Status.MANUAL:
                uow.withdraw_unsent(order, tuple(MessageKind))
            case Status.NOT_SHIPPED:
                _open_again(uow, order, trigger)
            case Status.PARTLY_SHIPPED | Status.PENDING_CONFIRMATION:
                enqueue_intake(uow, order)
            case _:
                pass
    elif trigger in _BY_OTHERS and after is Status.SHIPPED:
        _handled_by_others(uow, order)
    elif trigger is Trigger.MARKETPLACE_CANCELLED and after is Status.CANCELLED:
        uow.withdraw_unsent(order, (MessageKind.CANCEL,))  # somebody did it there, perhaps because we could not
    if after is Status.WAITING and order.wait_until is None:
        uow.wait(order, wait_ends(order, uow.now))


def wait_ends(order: Order, begins: datetime) -> datetime:
    """As long as the link says, and early enough for a ship-by time that the marketplace itself states: no estimate shortens it."""
    whole = begins + timedelta(seconds=order.own_link.wait_s)
    if order.ship_by is None or order.ship_by_is_estimated:
        return whole
    in_time = order.ship_by - timedelta(seconds=order.own_link.ship_by_margin_s)
    return min(whole, max(in_time, begins))


def _problem_of(order: Order, trigger: Trigger, step: Transition) -> ProblemKind | None:
    """What a person must look at because of a move: one Problem for one late cancellation, whichever side is pulled first."""
    if trigger is Trigger.SHOP_CANCELLED and header_of(map(facts_of, order.prefetched_lines)) is Header.CANCELLED:
        return None  # the marketplace has cancelled it too, and that was said where it was too late
    if step.problem is None and step.to is Status.CANCELLED and order.shop_state == ShopState.COMPLETED:
        return ProblemKind.STOP_THE_PARCEL if order.status != step.to else None
    return step.problem


def _named(order: Order, kind: ProblemKind) -> Mapping[str, str]:
    """What the sentence of a Problem that a move brings names of the order."""
    if kind is not ProblemKind.QUANTITIES_DIFFER:
        return {}
    stands = [(line, line.in_shop, line.ordered - line.cancelled - line.shipped) for line in order.prefetched_lines]
    return {"lines": joined([difference(line.title, line.sku, had, left) for line, had, left in stands if had != left])}


def enqueue_intake(uow: UnitOfWork, order: Order) -> None:
    """Enqueue what an order that is read and not held needs first: the yes that its marketplace waits for, else its creation."""
    if order.read_at is None or order.hold:
        return
    if order.status == Status.PENDING_CONFIRMATION:
        if order.waits_for == WaitsFor.OUR_YES and order.own_link.accepts_by_itself and not is_accepted(order):
            uow.enqueue(order, MessageKind.ACCEPT)
    elif not (order.shop_ref or order.waits_for) and _belongs_in_shop(order):
        uow.enqueue(order, MessageKind.CREATE)


def is_accepted(order: Order) -> bool:
    """We said yes, whether or not the marketplace's lists show that by now."""
    return any(message.kind == MessageKind.ACCEPT and message.state == MessageState.DONE for message in order.outbox)


def _belongs_in_shop(order: Order) -> bool:
    """The merchant's to ship; or shipped by the marketplace, where the merchant wants to see that."""
    if order.by_marketplace:
        wants_delivered = order.own_link.fulfilled_by_marketplace == FulfilledByMarketplace.CREATE
        return wants_delivered and order.status == Status.SHIPPED
    # what others sent a part of still has a rest to be sent from the shop
    return order.status in (Status.NOT_SHIPPED, Status.PARTLY_SHIPPED)


def is_still_needed(order: Order, kind: MessageKind) -> bool:
    """Whether a message that surely was not sent yet is still to be sent, by where the order stands now."""
    status = Status(order.status)
    match kind:
        case MessageKind.CREATE:
            open_here = status in (Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.CANCELLATION_REQUESTED)
            return not order.shop_ref and (open_here or (status is Status.SHIPPED and order.by_marketplace))
        case MessageKind.CONFIRM:
            return status is Status.SHIPPED and not order.handled_externally
        case MessageKind.CANCEL | MessageKind.CANCEL_SHOP:
            return status is Status.CANCELLED
        case MessageKind.ACCEPT:
            return status is Status.PENDING_CONFIRMATION
        case MessageKind.CORRECT | MessageKind.REFUSE:
            return status not in (Status.CANCELLED, Status.MANUAL)


def _shipped(uow: UnitOfWork, order: Order, trigger: Trigger) -> None:
    if trigger in _BY_THE_SHOP:
        uow.enqueue(order, MessageKind.CONFIRM)
    elif trigger in _BY_OTHERS:
        uow.withdraw_unsent(order, (MessageKind.CREATE, MessageKind.CANCEL, MessageKind.ACCEPT, MessageKind.REFUSE))
        _handled_by_others(uow, order)
        enqueue_intake(uow, order)


def _handled_by_others(uow: UnitOfWork, order: Order) -> None:
    """Nothing is left to confirm. What we sent, or are sending at this moment, stays ours."""
    confirmations = [message for message in order.outbox if message.kind == MessageKind.CONFIRM]
    for message in confirmations:
        if (message.state == MessageState.QUEUED or message.state in REJECTED_STATES) and message.attempt:
            # it was sent once and may be what they show: a look says whose it is
            uow.change_message(
                order, message, state=MessageState.UNCONFIRMED, due_at=uow.now, not_found_count=0, finished_at=None
            )
            uow.nudge(message.connection_id)
    ours = any(message.state in SENT for message in confirmations)
    uow.withdraw_unsent(order, (MessageKind.CONFIRM,))
    if ours:
        close_without_the_rest(uow, order)
    else:
        uow.change(order, handled_externally=True, closed_at=order.closed_at or uow.now)
        uow.touch(order)


def _cancelled(uow: UnitOfWork, order: Order, trigger: Trigger, before: Status) -> None:
    uow.withdraw_unsent(order, (MessageKind.CREATE, MessageKind.CONFIRM, MessageKind.ACCEPT, MessageKind.REFUSE))
    uow.change(order, closed_at=uow.now)
    if order.handled_externally:  # what looked like others' shipment was this
        uow.change(order, handled_externally=False)
        uow.touch(order)
    if trigger in _BY_THE_MERCHANT:
        asked = before is Status.CANCELLATION_REQUESTED
        reason = CancelReason.BUYER_REQUEST if asked else CancelReason.OUT_OF_STOCK
        uow.enqueue(order, MessageKind.CANCEL, CancelPayload(reason))
    else:
        uow.withdraw_unsent(order, (MessageKind.CANCEL,))
    if trigger is not Trigger.SHOP_CANCELLED and in_shop(order):
        uow.enqueue(order, MessageKind.CANCEL_SHOP)


def _open_again(uow: UnitOfWork, order: Order, trigger: Trigger) -> None:
    if trigger is Trigger.REOPENED:
        uow.withdraw_unsent(order, (MessageKind.CONFIRM, MessageKind.CANCEL))
    uow.change(order, closed_at=None)
    if order.waits_for:
        transition_order(uow, order, Trigger.UNACCEPTED)
    # an order may be pulled for the first time with a cancellation request: then it was never created in the shop
    elif trigger in (
        Trigger.ACCEPTED,
        Trigger.GIVEN_BACK,
        Trigger.CANCELLATION_REFUSED,
        Trigger.CANCELLATION_WITHDRAWN,
    ):
        enqueue_intake(uow, order)


def in_shop(order: Order) -> bool:
    """Created, or perhaps being created at this moment: then the cancellation waits behind it."""
    return bool(order.shop_ref) or any(
        message.kind == MessageKind.CREATE and message.state in STARTED for message in order.outbox
    )
