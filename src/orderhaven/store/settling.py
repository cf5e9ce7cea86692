"""What a verdict does to a message, its order and its problems. One function per verdict and kind, no query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import THROWN_AWAY, ShopOrder, ShopState, with_numbers_only
from orderhaven.core.status import Status
from orderhaven.store.alike import named
from orderhaven.store.connections import TAKES_LONG
from orderhaven.store.consequences import still_wanted
from orderhaven.store.corrections import correction_of, next_correction, uncorrected
from orderhaven.store.ledger import Ledger
from orderhaven.store.models import UNFINISHED, Kind, Message, MessageState, Order, Shipment
from orderhaven.store.payloads import CancelShopPayload, ConfirmPayload, CorrectPayload, PlacePayload
from orderhaven.store.shop_readings import take
from orderhaven.store.sql.rows import unsaved
from orderhaven.store.verdicts import (
    Done,
    MayHaveHappened,
    NotNow,
    NotThere,
    NotWanted,
    Park,
    StillPending,
    Stop,
    Verdict,
)  # fmt: skip

_LOOKS_THAT_MUST_MISS = 2
_ROUNDS = 3
DEATHS = 5  # of the hub in a row, each while it sent the same thing: then a person looks before it is sent again
_LONGEST_BACK_OFF = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Pace:
    """The connection's tempo, from its declaration, and a random number from 0 to 1 that spreads repeats."""

    side: str  # display name, for sentences
    settle: timedelta
    outcome_deadline: timedelta
    takes_corrections: bool = False  # another number for a shipment that is confirmed
    spread: float = 0.5
    first_look: timedelta = timedelta(seconds=15)
    ask_again: timedelta = timedelta(seconds=20)

    def back_off(self, attempt: int) -> timedelta:
        """15 s, 30 s, 1 min ... at most 15 min, up to half of it later."""
        doubled: int = 2 ** min(attempt, 10)
        return min(timedelta(seconds=15) * doubled, _LONGEST_BACK_OFF) * (1 + 0.5 * self.spread)


def settle(ledger: Ledger, row: Order, message: Message, verdict: Verdict, pace: Pace) -> None:
    """Every verdict but `TakenIn`, which says nothing of the order yet: `outbox.finish` writes that one by itself."""
    match verdict:
        case Done(by_others=True) if message.kind == Kind.CONFIRM and row.status == Status.CANCELLED:
            _drop(ledger, row, message)  # its pieces are gone because they were cancelled
        case Done():
            _done(ledger, row, message, verdict, pace)
        case MayHaveHappened(cause):
            _unclear(ledger, row, message, cause, pace)
        case NotNow(cause, after):
            _again(ledger, row, message, cause, after, pace)
        case NotThere(counts):
            _missed(ledger, row, message, counts, pace)
        case StillPending():
            _pending(ledger, row, message, pace)
        case NotWanted():
            _drop(ledger, row, message)
        case Park():
            _park(ledger, row, message, verdict)
        case Stop(cause):
            _stop(ledger, row, message, cause)


def _done(ledger: Ledger, row: Order, message: Message, done: Done, pace: Pace) -> None:
    ledger.change_message(
        row, message, state=MessageState.TOLD, remote_ref=done.remote_ref or message.remote_ref, finished_at=ledger.now
    )
    ledger.solve_of(message)
    match message.payload:
        case PlacePayload() as payload:
            _placed(ledger, row, payload, done)
        case ConfirmPayload() as payload:
            _confirmed(ledger, row, message, payload, done, pace)
        case CancelShopPayload():
            ledger.change(row, shop_state=str(ShopState.CANCELLED))
            ledger.event(row, "cancelled_in_shop")
        case CorrectPayload() as payload:
            _corrected(payload, done)
            ledger.solve(row, (ProblemKind.LATER_CODE,))
            ledger.event(row, "corrected", {"code": payload.code})
            _follow_the_number(ledger, row, message, payload.code, done.remote_ref, pace)
            _correct_the_others(ledger, row, message, payload.code, pace)
        case _:
            ledger.event(row, f"{message.kind}_told")


def _corrected(payload: CorrectPayload, done: Done) -> None:
    """The shipment is with the code that the marketplace has now; when it was confirmed stays."""
    shipment = Shipment.objects.filter(message_id=payload.confirmation)
    shipment.update(code=payload.code, carrier=payload.carrier)
    if done.remote_ref:
        shipment.filter(remote_ref="").update(remote_ref=done.remote_ref)


def _placed(ledger: Ledger, row: Order, payload: PlacePayload, done: Done) -> None:
    made = done.shop_order
    if made is None:
        raise ValueError("a placing is done only with the shop's own view of it")
    ledger.change(row, shop_ref=made.shop_ref, shop_number=made.number)
    # found before it was ever sent from here, it holds what would be sent now
    pieces = payload.pieces or done.pieces
    for line in row.kept_lines:
        if line.ref in pieces:
            ledger.change_line(line, placed=pieces[line.ref], product_ref=done.products.get(line.ref, "")[:100])
    ledger.event(row, "placed", {"shop_ref": made.shop_ref, "number": made.number})
    too_many = [line for line in row.kept_lines if pieces.get(line.ref, 0) > line.ordered - line.cancelled]
    if too_many and row.status != Status.CANCELLED:  # cancelled while it was being placed
        names = ", ".join(line.title or line.sku or line.ref for line in too_many)
        ledger.problem(row, ProblemKind.LINES_CANCELLED, {"lines": names})
    if done.also:
        ledger.problem(row, ProblemKind.PLACED_TWICE, {"shop_refs": ", ".join((made.number, *done.also))})
    if made.state not in THROWN_AWAY:
        _compare_total(ledger, row, payload.total or done.total, made)
    take(ledger, row, with_numbers_only(made))


def _compare_total(ledger: Ledger, row: Order, expected: str, made: ShopOrder) -> None:
    """Some shops recalculate: a total that differs is said, whatever the cause. A net total cannot be compared."""
    if expected and row.prices_include_vat and made.total is not None and Decimal(expected) != made.total.amount:
        totals = {"shop_total": str(made.total), "total": f"{expected} {row.currency}"}
        ledger.problem(row, ProblemKind.TOTAL_DIFFERS, totals)


def _confirmed(ledger: Ledger, row: Order, message: Message, payload: ConfirmPayload, done: Done, pace: Pace) -> None:
    if done.by_others:
        ledger.change(row, handled_by_others=True)
        ledger.event(row, "handled_by_others")
    else:
        ledger.add_shipment(
            unsaved(
                Shipment, order_id=row.id, message_id=message.id, code=payload.code, carrier=payload.carrier,
                label=payload.label, remote_ref=done.remote_ref, pieces=payload.pieces, confirmed_at=ledger.now,
            )
        )  # fmt: skip
        _count_as_shipped(ledger, row)
        if not payload.label:
            _follow_the_number(ledger, row, message, payload.code, done.remote_ref, pace)
    confirmations = [one for one in row.outbox if one.kind == Kind.CONFIRM]
    if len(confirmations) > 1 and not done.by_others:  # the number may have changed since the parts before this one
        _correct_the_others(ledger, row, message, payload.code, pace)
    rest = [one for one in confirmations if one.state in UNFINISHED]
    if not rest:
        ledger.change(row, closed_at=row.closed_at or ledger.now)
        if not done.by_others:
            ledger.change(row, confirmed_at=row.confirmed_at or ledger.now)
            ledger.event(row, "confirmed", {"code": payload.code, "carrier": payload.carrier})
        ledger.solve(row, (ProblemKind.WAIT_HELD, ProblemKind.QUANTITIES_DIFFER))


def _follow_the_number(ledger: Ledger, row: Order, message: Message, code: str, remote_ref: str, pace: Pace) -> None:
    """The number came or changed in the shop while `code` was on its way: corrected where that can be, else a person hears."""
    if row.code in ("", code):
        return
    told = None
    if pace.takes_corrections and row.status == Status.SHIPPED:
        told = ledger.put(row, Kind.CORRECT, next_correction(message, remote_ref))
    if told is None:
        ledger.problem(row, ProblemKind.LATER_CODE, {"code": row.code})


def _correct_the_others(ledger: Ledger, row: Order, message: Message, code: str, pace: Pace) -> None:
    """What went in parts is several shipments there: all of them get the number that this one has, one after the other."""
    if not code or not pace.takes_corrections or row.status != Status.SHIPPED:
        return
    other = uncorrected(row.id, code, message.generation if message.kind == Kind.CONFIRM else None)
    if other is not None:
        ledger.put(row, Kind.CORRECT, correction_of(other))


def _count_as_shipped(ledger: Ledger, row: Order) -> None:
    """The marketplace took it in: that its list will show these pieces as shipped is no news any more."""
    told = [
        one.payload.pieces
        for one in row.outbox
        if isinstance(one.payload, ConfirmPayload) and one.state == MessageState.TOLD
    ]
    for line in row.kept_lines:
        confirmed = min(sum(pieces.get(line.ref, 0) for pieces in told), line.ordered - line.cancelled)
        if confirmed > line.shipped:
            ledger.change_line(line, shipped=confirmed)


def _unclear(ledger: Ledger, row: Order, message: Message, cause: str, pace: Pace) -> None:
    """A request left and has no answer: that is a round. What a death of the hub leaves begun may never have left."""
    ledger.change_message(
        row,
        message,
        state=MessageState.UNCLEAR,
        rounds=message.rounds + 1,
        deaths=0,
        misses=0,
        due_at=ledger.now + pace.first_look,
    )
    _note_failing(ledger, row, message)
    ledger.event(row, "unclear", {"kind": message.kind, "cause": cause})


def _drop(ledger: Ledger, row: Order, message: Message) -> None:
    ledger.change_message(row, message, state=MessageState.DROPPED, finished_at=ledger.now)
    ledger.solve_of(message)


def _again(ledger: Ledger, row: Order, message: Message, cause: str, after: timedelta | None, pace: Pace) -> None:
    if not still_wanted(row, Kind(message.kind)):
        _drop(ledger, row, message)
        return
    wait = after if after is not None else pace.back_off(message.attempt)
    ledger.change_message(row, message, state=MessageState.DUE, deaths=0, due_at=ledger.now + wait)
    _say_if_long(ledger, row, message, cause, pace)


def _note_failing(ledger: Ledger, row: Order, message: Message) -> datetime:
    """Since when it has been tried in vain. What was made long ago may have waited for something else: a person's word, a
    connection that was paused, the message before it. That was not the other side's doing."""
    if message.failing_since is None or message.failing_since > ledger.now:  # written by a clock that was ahead
        ledger.change_message(row, message, failing_since=ledger.now)
    return message.failing_since or ledger.now


def _say_if_long(ledger: Ledger, row: Order, message: Message, cause: str, pace: Pace) -> None:
    failing_for = ledger.now - _note_failing(ledger, row, message)
    if failing_for >= TAKES_LONG:
        hours = str(int(failing_for.total_seconds() // 3600))
        values = {"side": pace.side, "hours": hours, "reason": cause}
        ledger.problem(row, ProblemKind.TAKES_LONG, values, message=message)


def _missed(ledger: Ledger, row: Order, message: Message, counts: bool, pace: Pace) -> None:
    """A miss counts only once the effect would have had to show, and then twice."""
    if not counts:
        _could_not_be_seen(ledger, row, message, pace)
        return
    misses = message.misses + 1
    if misses < _LOOKS_THAT_MUST_MISS:
        again_at = ledger.now + pace.ask_again
        ledger.change_message(row, message, state=MessageState.UNCLEAR, misses=misses, due_at=again_at)
        return
    if not still_wanted(row, Kind(message.kind)):
        _drop(ledger, row, message)
        return
    if message.rounds >= _ROUNDS:
        _park(ledger, row, message, Park(ProblemKind.OUTCOME_UNKNOWN, {"side": pace.side}))
        return
    if message.deaths >= DEATHS:
        values = {"side": pace.side, "count": str(message.deaths)}
        _park(ledger, row, message, Park(ProblemKind.ENDS_THE_HUB, values))
        return
    ledger.change_message(row, message, state=MessageState.DUE, misses=0, handle="", due_at=ledger.now)
    ledger.event(row, "not_done", {"kind": message.kind})


def _could_not_be_seen(ledger: Ledger, row: Order, message: Message, pace: Pace) -> None:
    """Too early, or the look itself failed. The longer that goes on, the longer until the next; then a person hears of it."""
    settled_at = (message.not_after or ledger.now) + pace.settle
    wait = min(max((ledger.now - settled_at) / 4, pace.first_look), _LONGEST_BACK_OFF)
    again_at = settled_at if settled_at > ledger.now else ledger.now + wait
    ledger.change_message(row, message, state=MessageState.UNCLEAR, misses=0, due_at=again_at)
    _say_if_long(ledger, row, message, "it does not say whether it was done", pace)


def _pending(ledger: Ledger, row: Order, message: Message, pace: Pace) -> None:
    """They are still at it. Past the declared deadline their own record is looked at; after three rounds a person."""
    deadline = (message.not_after or ledger.now) + pace.outcome_deadline * (message.rounds + 1)
    if ledger.now < deadline:
        ledger.change_message(row, message, due_at=ledger.now + pace.ask_again)
    elif message.rounds + 1 >= _ROUNDS:
        _park(ledger, row, message, Park(ProblemKind.OUTCOME_UNKNOWN, {"side": pace.side}))
    else:
        ledger.change_message(
            row, message, state=MessageState.UNCLEAR, rounds=message.rounds + 1, misses=0, due_at=ledger.now
        )


def _stop(ledger: Ledger, row: Order, message: Message, cause: str) -> None:
    if message.refused_as != (refused_as := named(message, cause)):  # else it was tried again for the others
        ledger.event(row, "stopped", {"kind": message.kind})
    ledger.change_message(row, message, state=MessageState.STOPPED, refused_as=refused_as, finished_at=ledger.now)
    ledger.solve_of(message)


def _park(ledger: Ledger, row: Order, message: Message, verdict: Park) -> None:
    ledger.change_message(row, message, state=MessageState.PARKED, finished_at=ledger.now)
    if verdict.cause:
        ledger.change_message(row, message, refused_as=named(message, verdict.cause))
    ledger.solve_of(message)  # that it takes long and is tried again is true no more
    if verdict.shop_ref and not row.shop_ref:
        ledger.event(row, "half_made", {"shop_ref": verdict.shop_ref})
    ledger.problem(row, verdict.kind, verdict.values, message=message, evidence=verdict.evidence)
    ledger.event(row, "refused", {"kind": message.kind, "problem": verdict.kind})
