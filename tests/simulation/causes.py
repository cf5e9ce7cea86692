"""What must have happened before the hub may say something: the deed or the trouble behind every Problem and every move.

An excuse is only worth what caused it. Nothing here takes the hub's word for anything.
"""

from collections.abc import Callable, Iterator, Mapping

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Trigger
from orderhaven.ports.connector import Capability
from orderhaven.store.models import Event
from orderhaven.store.outbox.apply_results import DEATHS
from tests.simulation.case import Called, Case, most_skew
from tests.simulation.plan import CLOSES, PROCESSES, SHOP, Deed, Trouble
from tests.simulation.run import Run

Cause = Callable[[Case, Called], bool]
_LONG = 2 * 3600.0
_ROUNDS = 3
_UNREADABLE = (Trouble.GARBAGE, Trouble.TRUNCATED, Trouble.HTML, Trouble.HTML_AFTER, Trouble.BENT_ROW, Trouble.READING)


def every_problem_has_its_cause(case: Case) -> Iterator[str]:
    """All that were ever raised: one that solves itself has called a person too."""
    for called in case.called:
        cause = PROBLEMS_BY.get(called.kind)
        if cause is None or not cause(case, called):
            yield f"the hub calls for a person with '{called.kind}', and nothing of the kind was done"
        if called.kind == ProblemKind.DELAYED and called.until is None:
            yield "the hub says that it keeps trying, and it has nothing to try"


def every_move_has_its_cause(case: Case) -> Iterator[str]:
    """What moved it was done by somebody, as often as it was pulled: an old snapshot is not news."""
    for facts, deeds in _MOVED_BY:
        pulled = sum(fact in facts for _, fact, _, _, _ in case.history)
        done = sum(len(case.diary.done.get(deed, ())) for deed in deeds)
        if pulled > done:
            yield f"it was heard {pulled} times that it was {' or '.join(facts)}, which was done {done} times"


def what_is_held_is_older_than_the_link(case: Case) -> Iterator[str]:
    if case.order is None:
        return
    if bool(case.order.hold) != case.is_older:
        sold = "before" if case.is_older else "after"
        yield f"it was sold {sold} the link began, and the hub says '{case.order.hold or 'not held'}'"


def every_connection_is_called_for_with_a_cause(run: Run) -> Iterator[str]:
    """What the hub says of a connection, also where it was mended later."""
    for event in Event.objects.filter(kind__in=_SAID_OF_CONNECTIONS).select_related("connection"):
        is_ours = event.connection is not None and event.connection.merchant_id == run.merchant_id
        side, at = str(event.connection.side if event.connection and is_ours else "neighbour"), run.seconds(event.at)
        kind = event.data.get("problem") or _SAID_OF_CONNECTIONS[event.kind]
        cause = _CONNECTIONS_BY.get(kind)
        if cause is None or not cause(run, side, at):
            yield f"{side}: the hub calls for a person with '{kind}', and nothing of the kind was done"


# ---------------------------------------------------------------- of orders


_AT_HUB = (Deed.GIVE_BACK, Deed.PLACE_AGAIN, Deed.RETRY)
_MOVED_BY: tuple[tuple[tuple[Trigger, ...], tuple[Deed, ...]], ...] = (
    ((Trigger.REOPENED,), (Deed.REOPEN, *_AT_HUB)),
    ((Trigger.COMPLETED_TRACKED, Trigger.COMPLETED_UNTRACKED), (Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, *_AT_HUB)),
    ((Trigger.SHOP_CANCELLED,), (Deed.CANCEL_IN_SHOP, *_AT_HUB)),
    ((Trigger.CANCELLATION_REQUESTED,), (Deed.ASK, Deed.GIVE_BACK)),
    ((Trigger.CANCELLATION_WITHDRAWN,), (Deed.WITHDRAW, Deed.REFUSE)),
    # what we told ourselves shows there too, and may be news by then
    ((Trigger.MARKETPLACE_CANCELLED, Trigger.MARKETPLACE_CANCELLED_LATE), (
        Deed.CANCEL_THERE, Deed.REVERSE_THERE, Deed.CANCEL_HERE, Deed.CANCEL_IN_SHOP, Deed.GIVE_BACK,
    )),
    ((Trigger.MARKETPLACE_SHIPPED, Trigger.REST_SHIPPED), (Deed.SHIP_THERE, Deed.SHIP_PART_THERE, Deed.REOPEN, Deed.GIVE_BACK)),
    ((Trigger.PARTLY_SHIPPED,), (Deed.SHIP_PART_THERE, Deed.GIVE_BACK)),
    ((Trigger.TAKEN_OVER,), (Deed.TAKE_OVER,)),
    ((Trigger.CANCELLATION_ACCEPTED,), (Deed.CANCEL_HERE,)),
)  # fmt: skip


def _did(*deeds: Deed) -> Cause:
    def cause(case: Case, called: Called) -> bool:
        first = case.diary.first(*deeds)
        return first is not None and first <= called.at + most_skew(case.run) + 1

    return cause


def _lacks(capability: Capability) -> Cause:
    """The marketplace cannot do such a thing."""
    return lambda case, called: capability not in case.run.sides.there.capabilities


def _was_sold_as(kind: str) -> Cause:
    return lambda case, called: case.diary.kind == kind


def _met(*troubles: Trouble) -> Cause:
    """One of these met a request about it, or a question about many of which it was one."""

    def cause(case: Case, called: Called) -> bool:
        return any(
            one.trouble in troubles and one.at <= called.at + most_skew(case.run) + 1 and (case.ref in one.refs or not one.refs)
            for one in case.run.sides.wire.touches
        )  # fmt: skip

    return cause


def _either(*causes: Cause) -> Cause:
    return lambda case, called: any(cause(case, called) for cause in causes)


def _both(*causes: Cause) -> Cause:
    return lambda case, called: all(cause(case, called) for cause in causes)


def _has_untellable_code(case: Case, called: Called) -> bool:
    return any(noted.carrier is None for noted in case.diary.codes)


def _has_text_for_a_number(case: Case, called: Called) -> bool:
    return bool(case.diary.texts_for_a_number) and _did(Deed.SCRIBBLE)(case, called)


def _lost_three_times(case: Case, called: Called) -> bool:
    """Each round is a request that left and had no answer, or a process that never said what became of it."""
    until = called.at + most_skew(case.run) + 1
    if (
        _met(*PROCESSES)(case, called) or case.run.hits[Trouble.CLOCK_JUMPS]
    ):  # by a clock that jumps all their time is over
        return True
    return case.touches(command=True, until=until) + case.run.hits[Trouble.SKEW] >= _ROUNDS


def _failed_for_hours(case: Case, called: Called) -> bool:
    latest = called.at - _LONG + most_skew(case.run) + 60
    return any(one.at <= latest and (case.ref in one.refs or not one.refs) for one in case.run.sides.wire.touches)


def _shop_was_not_to_be_read(case: Case, called: Called) -> bool:
    jumped = case.run.hits[Trouble.CLOCK_JUMPS] > 0  # then the hub asks nobody, until somebody has set it right
    return jumped or was_not_to_be_read(case.run, SHOP, called.at)


def _may_be_erased(case: Case, called: Called) -> bool:
    closed = case.diary.first(*CLOSES)
    kept_s = case.run.plan.people_kept_hours * 3600
    return closed is not None and closed + kept_s <= called.at + most_skew(case.run)


def was_not_to_be_read(run: Run, side: str, at: float, before: float = 15 * 60.0) -> bool:
    """Whether something kept the hub from reading that side at that moment, or shortly before."""
    slack = most_skew(run) + 60
    troubles = [one.at for one in run.sides.wire.touches if one.side == side]
    name = side.capitalize()
    paused = any(
        start - slack <= at and at - before <= end + slack for start, end, paused in run.people.paused if paused == name
    )
    return paused or any(at - before - slack <= one <= at + slack for one in [*troubles, *run.stops])


# an order waits for a person only with one of these Problems, and only when this happened
PROBLEMS_BY: Mapping[str, Cause] = {
    ProblemKind.UNKNOWN_PRODUCT: _was_sold_as("not_for_sale"),
    ProblemKind.UNKNOWN_CARRIER: _has_untellable_code,
    ProblemKind.OWN_LABEL: _was_sold_as("own_label"),
    ProblemKind.REJECTED: _either(
        _did(Deed.CANCEL_HERE, Deed.SHIP_PART_THERE),
        _met(*PROCESSES, Trouble.REFUSES_ALL),
        # a shop that cancels in a job of its own may find the order completed by then
        _both(_did(Deed.CANCEL_THERE), _did(Deed.SHIP, Deed.COMPLETE)),
    ),
    ProblemKind.PARTLY_CREATED: _did(Deed.CHANGE_QUANTITY, Deed.ADD_LINE, Deed.SWAP),
    ProblemKind.TRACKING_REQUIRED: _lacks(Capability.SHIP_UNTRACKED),
    ProblemKind.ONLY_WHOLE_SHIPMENTS: _lacks(Capability.SHIP_PARTS),
    ProblemKind.ONLY_WHOLE_CANCELLATIONS: _lacks(Capability.CANCEL_LINES),
    ProblemKind.ONLY_WHOLE_LINES: _lacks(Capability.CANCEL_QUANTITY),
    ProblemKind.QUANTITIES_DIFFER: _did(Deed.CHANGE_QUANTITY, Deed.SHIP_PART_THERE, Deed.ADD_LINE, Deed.SWAP),
    ProblemKind.TRACKING_UNREADABLE: _has_text_for_a_number,
    ProblemKind.LATE_TRACKING: _did(Deed.ADD_CODE, Deed.SHIP),
    # in some shops an order is open again once something is added to it
    ProblemKind.REOPENED_AFTER_SHIPPING: _did(Deed.REOPEN, Deed.CHANGE_QUANTITY, Deed.ADD_LINE, Deed.ADD_GIFT),
    ProblemKind.REOPENED_AFTER_CANCELLING: _did(Deed.REOPEN),
    ProblemKind.SHOP_ORDER_GONE: _did(Deed.TRASH, Deed.DELETE),
    ProblemKind.SHOP_CANCELLED_LATE: _did(Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE),
    ProblemKind.CANCELLATIONS_ON_HOLD: _did(Deed.CANCEL_IN_SHOP),
    ProblemKind.STOP_THE_PARCEL: _did(Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.REVERSE_THERE),
    ProblemKind.PARCEL_MAY_HAVE_LEFT: _did(Deed.CANCEL_THERE, Deed.CANCEL_HERE, Deed.REVERSE_THERE),
    ProblemKind.MARKETPLACE_CANCELLED_LATE: _did(Deed.CANCEL_THERE, Deed.REVERSE_THERE),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: _did(Deed.SHIP_THERE, Deed.SHIP_PART_THERE),
    ProblemKind.LATE_CANCELLATION_REQUEST: _did(Deed.ASK),
    ProblemKind.OUTCOME_UNKNOWN: _lost_three_times,
    ProblemKind.ENDS_THE_HUB: lambda case, called: (
        sum(at <= called.at + most_skew(case.run) + 1 for at in case.run.stops) >= DEATHS
    ),
    ProblemKind.DELAYED: _failed_for_hours,
    ProblemKind.WAIT_EXTENDED: _shop_was_not_to_be_read,
    ProblemKind.ORDER_MISSING: _met(Trouble.READING),
    ProblemKind.CONTACT_ERASED: _may_be_erased,
    ProblemKind.UNEXPECTED_RESPONSE: _met(*_UNREADABLE),
}

# ---------------------------------------------------------------- of connections


def _failed_all_the_time(run: Run, side: str, at: float) -> bool:
    """A run every few minutes, for hours: one that went well would have ended it.

    A clock that jumps makes hours of minutes, and what is signed by it is refused: then nothing else has to go wrong.
    """
    if run.hits[Trouble.CLOCK_JUMPS] and most_skew(run) >= _LONG / 2:
        return True
    since = at - _LONG - most_skew(run) - 60
    return sum(one.side == side and since <= one.at <= at for one in run.sides.wire.touches) >= 10


def _refused_three_orders(run: Run, side: str, at: float) -> bool:
    trouble = Trouble.REFUSES_ALL if side == SHOP else Trouble.PROCESS_FAILS
    refused = {
        one.refs for one in run.sides.wire.touches if one.trouble is trouble and one.at <= at + most_skew(run) + 1
    }
    return len(refused) >= 3


# the events that call a person for a connection, and with which Problem where they do not name it
_SAID_OF_CONNECTIONS = {
    "needs_attention": "", "failing_long": ProblemKind.DELAYED, "repeated_rejection": ProblemKind.REPEATED_REJECTION,
}  # fmt: skip
_CONNECTIONS_BY: Mapping[str, Callable[[Run, str, float], bool]] = {
    ProblemKind.DELAYED: _failed_all_the_time,
    ProblemKind.REPEATED_REJECTION: _refused_three_orders,
    ProblemKind.CLOCK_OFF: lambda run, side, at: run.hits[Trouble.SKEW] + run.hits[Trouble.CLOCK_JUMPS] > 0,
}
