"""What must have happened by the last moment at which nothing had gone wrong yet: all of it, and in time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import ConfirmedShipment
from tests.simulation.case import CANCELLED, Case
from tests.simulation.diary import Look
from tests.simulation.plan import Deed
from tests.simulation.run import Run

_PULLED_WITHIN = 5 * 60 * 1.1  # seconds: an interval and its jitter
_IN_TIME = _PULLED_WITHIN + 3 * 60  # and sent, and carried out there
_HELD_AFTER = 5  # cancellations in an hour


@dataclass(frozen=True, slots=True)
class RemoteState:
    """One order at the look."""

    case: Case
    look: Look
    course: list[tuple[float, Deed]]
    shipments: list[ConfirmedShipment]

    @property
    def last_at(self) -> float:
        return self.course[-1][0] if self.course else self.case.diary.sold_at

    def shipped_at(self) -> float:
        return self.case.run.seconds(self.shipments[0].at)


def everything_happened_in_time(case: Case) -> Iterator[str]:
    look = case.run.look
    if look is None or case.is_older or case.diary.kind not in ("", "needs_acceptance"):
        return
    if any(case.ref in one.refs and one.at <= look.at for one in case.run.sides.wire.touches):
        return  # it had its own trouble
    course = case.diary.course(look.at)
    shipments = [one for one in look.shipments if one.order_ref == case.ref]
    seen = RemoteState(case, look, course, shipments)
    if look.at - case.diary.sold_at < _in_the_shop_within(case) or look.at - seen.last_at < _IN_TIME:
        return
    expected = _COURSES.get(tuple(deed for _, deed in course))
    if expected is None:
        return
    for flaw in expected(seen):
        yield f"with nothing wrong: {flaw}"
    deeds = [deed for _, deed in course]
    # a code that nobody can tell, one that came too late, and many cancellations: those are for a person
    asked = any(noted.carrier is None for noted in case.diary.codes) or deeds == [Deed.COMPLETE, Deed.ADD_CODE]
    asked = asked or Deed.CANCEL_IN_SHOP in deeds or bool(case.diary.texts_for_a_number) or not _goes_untracked(case)
    if case.ref in look.problems and not asked:
        yield f"with nothing wrong: a person is called with {', '.join(look.problems[case.ref])}"


def _goes_untracked(case: Case) -> bool:
    return Capability.SHIP_UNTRACKED in case.run.sides.there.capabilities


def _in_the_shop_within(case: Case) -> float:
    """One that is to be accepted goes to the shop once the marketplace lists it as accepted: a pull later."""
    return _IN_TIME + (_PULLED_WITHIN if case.diary.kind == "needs_acceptance" else 0.0)


def both_connections_are_well(run: Run) -> Iterator[str]:
    for name, state in (run.look.connections if run.look else {}).items():
        if state != "active":
            yield f"with nothing wrong: the connection '{name}' is '{state}'"


def few_cancellations_go_without_a_word(run: Run) -> Iterator[str]:
    """Of orders that were cancelled in the shop within an hour, no more than a few are cancelled there unasked."""
    look = run.look
    if look is None:
        return
    moments = sorted(
        diary.first(Deed.CANCEL_IN_SHOP) or 0.0
        for diary in run.diaries.values()
        if [deed for _, deed in diary.course(look.at)] == [Deed.CANCEL_IN_SHOP] and diary.ref in look.cancelled
    )
    for first, too_many in zip(moments, moments[_HELD_AFTER:], strict=False):
        if too_many - first < 3600 - _PULLED_WITHIN:
            yield f"{_HELD_AFTER + 1} orders were cancelled within {(too_many - first) / 60:.0f} minutes, and nobody was asked"


# ---------------------------------------------------------------- what becomes of a course


def _is_placed(seen: RemoteState) -> Iterator[str]:
    if len(seen.look.in_shop.get(seen.case.ref, ())) != 1:
        yield f"it was sold {(seen.look.at - seen.case.diary.sold_at) / 60:.0f} minutes ago, and the shop does not have it"
    if seen.shipments:
        yield "it was confirmed, and nobody had shipped it"


def _is_confirmed(seen: RemoteState) -> Iterator[str]:
    """With its code, soon after that was there. A code that nobody can tell is for a person to decide."""
    codes = seen.case.diary.codes
    if any(noted.carrier is None for noted in codes if noted.at <= seen.look.at):
        return
    if not seen.shipments:
        yield f"it was completed {(seen.look.at - seen.last_at) / 60:.0f} minutes ago, and is not confirmed"
    elif (took := seen.shipped_at() - seen.last_at) > _IN_TIME:
        yield f"it was confirmed {took / 60:.0f} minutes after its code was there"


def _waits_and_goes_untracked(seen: RemoteState) -> Iterator[str]:
    wait = seen.case.run.plan.wait_minutes * 60
    waited = seen.look.at - seen.last_at
    if not _goes_untracked(seen.case):
        if waited > wait + _PULLED_WITHIN + _IN_TIME and seen.case.ref not in seen.look.problems:
            yield f"it was completed {waited / 60:.0f} minutes ago without a code, and nobody is asked for one"
    elif waited > wait + _PULLED_WITHIN + _IN_TIME and not seen.shipments:
        yield f"it was completed {waited / 60:.0f} minutes ago with {wait / 60:.0f} to wait, and is not confirmed"
    elif seen.shipments and seen.shipped_at() - seen.last_at > wait + _PULLED_WITHIN + _IN_TIME:
        yield f"it waited {(seen.shipped_at() - seen.last_at) / 60:.0f} minutes instead of {wait / 60:.0f}"


def _code_during_the_wait(seen: RemoteState) -> Iterator[str]:
    completed = seen.course[0][0]
    if seen.last_at - completed < seen.case.run.plan.wait_minutes * 60:
        yield from _is_confirmed(seen)


def _is_cancelled_there(seen: RemoteState) -> Iterator[str]:
    if seen.case.ref not in seen.look.cancelled and seen.case.ref not in seen.look.problems:
        yield f"the shop cancelled it {(seen.look.at - seen.last_at) / 60:.0f} minutes ago, and the marketplace does not know"


def _is_cancelled_here(seen: RemoteState) -> Iterator[str]:
    if any(one.state not in CANCELLED for one in seen.look.in_shop.get(seen.case.ref, ())):
        yield f"the marketplace cancelled it {(seen.look.at - seen.last_at) / 60:.0f} minutes ago, and the shop does not know"


_COURSES: Mapping[tuple[Deed, ...], Callable[[RemoteState], Iterator[str]]] = {
    (): _is_placed,
    (Deed.SHIP,): _is_confirmed,
    (Deed.ADD_GIFT, Deed.SHIP): _is_confirmed,
    (Deed.ADD_CODE, Deed.COMPLETE): _is_confirmed,
    (Deed.COMPLETE,): _waits_and_goes_untracked,
    (Deed.SCRIBBLE, Deed.COMPLETE): _waits_and_goes_untracked,
    (Deed.COMPLETE, Deed.ADD_CODE): _code_during_the_wait,
    (Deed.CANCEL_IN_SHOP,): _is_cancelled_there,
    (Deed.CANCEL_THERE,): _is_cancelled_here,
}
