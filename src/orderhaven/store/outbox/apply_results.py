"""What a result does to a message, its order and its problems, a correction of its shipment included."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import THROWN_AWAY, ShopOrderSnapshot, ShopState, with_clean_tracking_numbers
from orderhaven.core.status import Status
from orderhaven.store.connections.connections import TAKES_LONG
from orderhaven.store.models import Message, MessageKind, MessageState, Order, Shipment
from orderhaven.store.orders.closing import close_confirmed, close_without_the_rest, is_under_way, last_of_ours
from orderhaven.store.orders.follow_ups import is_still_needed
from orderhaven.store.orders.shop_snapshots import apply_snapshot
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.outbox import result
from orderhaven.store.outbox.payloads import CancelShopPayload, ConfirmPayload, CorrectPayload, CreatePayload
from orderhaven.store.outbox.references import reference_of
from orderhaven.store.outbox.repeated_rejections import named
from orderhaven.store.sql.rows import new_row


def correction_of(shipment: Shipment) -> CorrectPayload:
    return _known(shipment.message, shipment.remote_ref)


def uncorrected(order_id: int, code: str, generation: int | None = None) -> Shipment | None:
    """A shipment of the confirmation with another number: what one request does not take goes in parts, and each makes a shipment.

    `generation` of the confirmation; None: the last one.
    """
    made = Shipment.objects.filter(order_id=order_id, message__kind=MessageKind.CONFIRM).order_by("-id")
    if generation is None:
        generation = made.values_list("message__generation", flat=True).first() or 0
    together = made.filter(message__generation=generation, label_number="").exclude(tracking_number=code)
    return together.select_related("message__order").first()


def next_correction(sent: Message, remote_ref: str) -> CorrectPayload:
    """Of the shipment that `sent` has just confirmed, or corrected: its own row may not be written yet."""
    if isinstance(sent.payload, CorrectPayload):
        return replace(sent.payload, shipment_ref=remote_ref or sent.payload.shipment_ref)
    return _known(Message.objects.select_related("order").get(pk=sent.pk), remote_ref)


def _known(confirmation: Message, remote_ref: str) -> CorrectPayload:
    """The marketplace's own key where it gave one, our reference, and the pieces that left."""
    return CorrectPayload(
        confirmation=confirmation.pk,
        shipment_ref=remote_ref,
        confirmation_reference=reference_of(confirmation),
        quantities=confirmation.payload.quantities if isinstance(confirmation.payload, ConfirmPayload) else {},
    )


_LOOKS_THAT_MUST_MISS = 2
_ROUNDS = 3
DEATHS = 5  # of the hub in a row, each while it sent the same thing: then a person looks before it is sent again
_LONGEST_BACK_OFF = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Pace:
    """The connection's tempo, from its spec, and a random number from 0 to 1 that spreads repeats."""

    side: str  # display name, for sentences
    visibility_delay: timedelta
    outcome_deadline: timedelta
    takes_corrections: bool = False  # another number for a shipment that is confirmed
    spread: float = 0.5
    first_verification: timedelta = timedelta(seconds=15)
    poll_again: timedelta = timedelta(seconds=20)

    def back_off(self, attempt: int) -> timedelta:
        """15 s, 30 s, 1 min ... at most 15 min, up to half of it later."""
        doubled: int = 2 ** min(attempt, 10)
        return min(timedelta(seconds=15) * doubled, _LONGEST_BACK_OFF) * (1 + 0.5 * self.spread)


def apply_result(uow: UnitOfWork, row: Order, message: Message, outcome: result.CommandResult, pace: Pace) -> None:
    """Every result but `result.Processing`, which says nothing of the order yet: `outbox.finish` writes that one by itself."""
    match outcome:
        case result.Done(by_others=True) if message.kind == MessageKind.CONFIRM and row.status == Status.CANCELLED:
            _drop(uow, row, message)  # its pieces are gone because they were cancelled
        case result.Done():
            _done(uow, row, message, outcome, pace)
        case result.Unconfirmed(cause):
            _unconfirmed(uow, row, message, cause, pace)
        case result.RetryLater(cause, after):
            _again(uow, row, message, cause, after, pace)
        case result.NotFound(counts):
            _missed(uow, row, message, counts, pace)
        case result.NoAnswerYet():
            _pending(uow, row, message, pace)
        case result.NotNeeded():
            _drop(uow, row, message)
        case result.NeedsAttention():
            _block(uow, row, message, outcome)
        case result.Stopped(cause):
            _stop(uow, row, message, cause)


def _done(uow: UnitOfWork, row: Order, message: Message, done: result.Done, pace: Pace) -> None:
    uow.change_message(
        row, message, state=MessageState.DONE, remote_ref=done.remote_ref or message.remote_ref, finished_at=uow.now
    )
    uow.resolve_of_message(message)
    match message.payload:
        case CreatePayload() as payload:
            _created(uow, row, payload, done)
        case ConfirmPayload() as payload:
            _confirmed(uow, row, message, payload, done, pace)
        case CancelShopPayload():
            uow.change(row, shop_state=str(ShopState.CANCELLED))
            uow.event(row, "cancelled_in_shop")
        case CorrectPayload() as payload:
            _corrected(payload, done)
            uow.resolve(row, (ProblemKind.LATE_TRACKING,))
            uow.event(row, "tracking_corrected", {"tracking_number": payload.tracking_number})
            _follow_the_number(uow, row, message, payload.tracking_number, done.remote_ref, pace)
            _correct_the_others(uow, row, message, payload.tracking_number, pace)
        case _:
            uow.event(row, f"{message.kind}_synced")


def _corrected(payload: CorrectPayload, done: result.Done) -> None:
    """The shipment is with the code that the marketplace has now; when it was confirmed stays."""
    shipment = Shipment.objects.filter(message_id=payload.confirmation)
    shipment.update(tracking_number=payload.tracking_number, carrier=payload.carrier)
    if done.remote_ref:
        shipment.filter(remote_ref="").update(remote_ref=done.remote_ref)


def _created(uow: UnitOfWork, row: Order, payload: CreatePayload, done: result.Done) -> None:
    made = done.shop_order
    if made is None:
        raise ValueError("an order counts as created only with the shop's own view of it")
    uow.change(row, shop_ref=made.shop_ref, shop_number=made.number)
    # found before it was ever sent from here, it holds what would be sent now
    quantities = payload.quantities or done.quantities
    for line in row.prefetched_lines:
        if line.ref in quantities:
            uow.change_line(line, in_shop=quantities[line.ref], product_ref=done.products.get(line.ref, "")[:100])
    uow.event(row, "shop_order_created", {"shop_ref": made.shop_ref, "number": made.number})
    too_many = [line for line in row.prefetched_lines if quantities.get(line.ref, 0) > line.ordered - line.cancelled]
    if too_many and row.status != Status.CANCELLED:  # cancelled while it was being created
        names = ", ".join(line.title or line.sku or line.ref for line in too_many)
        uow.problem(row, ProblemKind.LINES_CANCELLED, {"lines": names})
    if done.duplicates:
        uow.problem(row, ProblemKind.CREATED_TWICE, {"shop_refs": ", ".join((made.number, *done.duplicates))})
    if made.state not in THROWN_AWAY:
        _compare_total(uow, row, payload.total or done.total, made)
    apply_snapshot(uow, row, with_clean_tracking_numbers(made))


def _compare_total(uow: UnitOfWork, row: Order, expected: str, made: ShopOrderSnapshot) -> None:
    """Some shops recalculate: a total that differs is said, whatever the cause. A net total cannot be compared."""
    if expected and row.prices_include_vat and made.total is not None and Decimal(expected) != made.total.amount:
        totals = {"shop_total": str(made.total), "total": f"{expected} {row.currency}"}
        uow.problem(row, ProblemKind.TOTAL_DIFFERS, totals)


def _confirmed(
    uow: UnitOfWork, row: Order, message: Message, payload: ConfirmPayload, done: result.Done, pace: Pace
) -> None:
    if done.by_others:
        uow.change(row, handled_externally=True)
        uow.event(row, "handled_externally")
    else:
        uow.add_shipment(
            new_row(
                Shipment, order_id=row.id, message_id=message.id, tracking_number=payload.tracking_number, carrier=payload.carrier,
                label_number=payload.label_number, remote_ref=done.remote_ref, quantities=payload.quantities, confirmed_at=uow.now,
            )
        )  # fmt: skip
        _count_as_shipped(uow, row)
        if not payload.label_number:
            _follow_the_number(uow, row, message, payload.tracking_number, done.remote_ref, pace)
    confirmations = [one for one in row.outbox if one.kind == MessageKind.CONFIRM]
    if len(confirmations) > 1 and not done.by_others:  # the number may have changed since the parts before this one
        _correct_the_others(uow, row, message, payload.tracking_number, pace)
    if not is_under_way(row):
        in_parts = len(confirmations) > 1
        close_confirmed(uow, row, payload if not done.by_others else last_of_ours(row) if in_parts else None)


def _follow_the_number(uow: UnitOfWork, row: Order, message: Message, code: str, remote_ref: str, pace: Pace) -> None:
    """The number came or changed in the shop while `code` was on its way: corrected where that can be, else a user hears of it."""
    if row.tracking_number in ("", code):
        return
    correction = None
    if pace.takes_corrections and row.status == Status.SHIPPED:
        correction = uow.enqueue(row, MessageKind.CORRECT, next_correction(message, remote_ref))
    if correction is None:
        uow.problem(row, ProblemKind.LATE_TRACKING, {"tracking_number": row.tracking_number})


def _correct_the_others(uow: UnitOfWork, row: Order, message: Message, code: str, pace: Pace) -> None:
    """What went in parts is several shipments there: all of them get the number that this one has, one after the other."""
    if not code or not pace.takes_corrections or row.status != Status.SHIPPED:
        return
    other = uncorrected(row.id, code, message.generation if message.kind == MessageKind.CONFIRM else None)
    if other is not None:
        uow.enqueue(row, MessageKind.CORRECT, correction_of(other))


def _count_as_shipped(uow: UnitOfWork, row: Order) -> None:
    """The marketplace took it in: that its list will show these pieces as shipped is no news any more."""
    confirmed_quantities = [
        one.payload.quantities
        for one in row.outbox
        if isinstance(one.payload, ConfirmPayload) and one.state == MessageState.DONE
    ]
    for line in row.prefetched_lines:
        confirmed = min(
            sum(quantities.get(line.ref, 0) for quantities in confirmed_quantities), line.ordered - line.cancelled
        )
        if confirmed > line.shipped:
            uow.change_line(line, shipped=confirmed)


def _unconfirmed(uow: UnitOfWork, row: Order, message: Message, cause: str, pace: Pace) -> None:
    """A request left and has no answer: that is a round. What a death of the hub leaves begun may never have left."""
    uow.change_message(
        row,
        message,
        state=MessageState.UNCONFIRMED,
        rounds=message.rounds + 1,
        deaths=0,
        not_found_count=0,
        due_at=uow.now + pace.first_verification,
    )
    _note_failing(uow, row, message)
    uow.event(row, "unconfirmed", {"kind": message.kind, "cause": cause})


def _drop(uow: UnitOfWork, row: Order, message: Message) -> None:
    uow.change_message(row, message, state=MessageState.WITHDRAWN, finished_at=uow.now)
    uow.resolve_of_message(message)
    if message.kind == MessageKind.CONFIRM:
        close_without_the_rest(uow, row)


def _again(uow: UnitOfWork, row: Order, message: Message, cause: str, after: timedelta | None, pace: Pace) -> None:
    if not is_still_needed(row, MessageKind(message.kind)):
        _drop(uow, row, message)
        return
    wait = after if after is not None else pace.back_off(message.attempt)
    uow.change_message(row, message, state=MessageState.QUEUED, deaths=0, due_at=uow.now + wait)
    _say_if_long(uow, row, message, cause, pace)


def _note_failing(uow: UnitOfWork, row: Order, message: Message) -> datetime:
    """Since when it has been tried in vain. What was made long ago may have waited for something else: a person's word, a
    connection that was paused, the message before it. That was not the other side's doing."""
    if message.failing_since is None or message.failing_since > uow.now:  # written by a clock that was ahead
        uow.change_message(row, message, failing_since=uow.now)
    return message.failing_since or uow.now


def _say_if_long(uow: UnitOfWork, row: Order, message: Message, cause: str, pace: Pace) -> None:
    failing_for = uow.now - _note_failing(uow, row, message)
    if failing_for >= TAKES_LONG:
        hours = str(int(failing_for.total_seconds() // 3600))
        values = {"side": pace.side, "hours": hours, "reason": cause}
        uow.problem(row, ProblemKind.DELAYED, values, message=message)


def _missed(uow: UnitOfWork, row: Order, message: Message, counts: bool, pace: Pace) -> None:
    """A miss counts only once the effect would have had to show, and then twice."""
    if not counts:
        _could_not_be_seen(uow, row, message, pace)
        return
    misses = message.not_found_count + 1
    if misses < _LOOKS_THAT_MUST_MISS:
        again_at = uow.now + pace.poll_again
        uow.change_message(row, message, state=MessageState.UNCONFIRMED, not_found_count=misses, due_at=again_at)
        return
    if not is_still_needed(row, MessageKind(message.kind)):
        _drop(uow, row, message)
        return
    if message.rounds >= _ROUNDS:
        _block(uow, row, message, result.NeedsAttention(ProblemKind.OUTCOME_UNKNOWN, {"side": pace.side}))
        return
    if message.deaths >= DEATHS:
        values = {"side": pace.side, "count": str(message.deaths)}
        _block(uow, row, message, result.NeedsAttention(ProblemKind.ENDS_THE_HUB, values))
        return
    uow.change_message(row, message, state=MessageState.QUEUED, not_found_count=0, handle="", due_at=uow.now)
    uow.event(row, "not_done", {"kind": message.kind})


def _could_not_be_seen(uow: UnitOfWork, row: Order, message: Message, pace: Pace) -> None:
    """Too early, or the verification itself failed. The longer that goes on, the longer until the next; then a person hears of it."""
    settled_at = (message.not_after or uow.now) + pace.visibility_delay
    wait = min(max((uow.now - settled_at) / 4, pace.first_verification), _LONGEST_BACK_OFF)
    again_at = settled_at if settled_at > uow.now else uow.now + wait
    uow.change_message(row, message, state=MessageState.UNCONFIRMED, not_found_count=0, due_at=again_at)
    _say_if_long(uow, row, message, "it does not say whether it was done", pace)


def _pending(uow: UnitOfWork, row: Order, message: Message, pace: Pace) -> None:
    """The marketplace is still at it. Past the declared deadline its own record is looked at; after three rounds a user is asked."""
    deadline = (message.not_after or uow.now) + pace.outcome_deadline * (message.rounds + 1)
    if uow.now < deadline:
        uow.change_message(row, message, due_at=uow.now + pace.poll_again)
    elif message.rounds + 1 >= _ROUNDS:
        _block(uow, row, message, result.NeedsAttention(ProblemKind.OUTCOME_UNKNOWN, {"side": pace.side}))
    else:
        uow.change_message(
            row, message, state=MessageState.UNCONFIRMED, rounds=message.rounds + 1, not_found_count=0, due_at=uow.now
        )


def _stop(uow: UnitOfWork, row: Order, message: Message, cause: str) -> None:
    if message.rejection_cause != (rejection_cause := named(message, cause)):  # else it was tried again for the others
        uow.event(row, "stopped", {"kind": message.kind})
    uow.change_message(row, message, state=MessageState.STOPPED, rejection_cause=rejection_cause, finished_at=uow.now)
    uow.resolve_of_message(message)


def _block(uow: UnitOfWork, row: Order, message: Message, outcome: result.NeedsAttention) -> None:
    uow.change_message(row, message, state=MessageState.BLOCKED, finished_at=uow.now)
    if outcome.cause:
        uow.change_message(row, message, rejection_cause=named(message, outcome.cause))
    uow.resolve_of_message(message)  # that it takes long and is tried again is true no more
    if outcome.shop_ref and not row.shop_ref:
        uow.event(row, "partly_created", {"shop_ref": outcome.shop_ref})
    uow.problem(row, outcome.kind, outcome.values, message=message, evidence=outcome.evidence)
    uow.event(row, "rejected", {"kind": message.kind, "problem": outcome.kind})
