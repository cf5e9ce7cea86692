"""What breaks: on the wire, at a side, in the store, and in the hub's own process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from orderhaven.store.outbox import queue
from tests.simulation.plan import ON_THE_WIRE, PROCESSES, Fault, Trouble
from tests.simulation.process import TAKING_IN, Armed

if TYPE_CHECKING:
    from tests.simulation.run import Run

_SEAMS = {
    Trouble.DEATH_IN_STATEMENT: "statement", Trouble.DEATH_BEFORE_STORE: "before store",
    Trouble.DEATH_AFTER_STORE: "after store", Trouble.DEATH_AT_ANSWER: "answer",
    Trouble.FREEZE_BEFORE_STORE: "before store", Trouble.FREEZE_AFTER_STORE: "after store", Trouble.FREEZE_AT_ANSWER: "answer",
    Trouble.DEATH_TAKING_IN: TAKING_IN,
}  # fmt: skip
_SEAMS |= dict.fromkeys((Trouble.DEATH_BEFORE_SEND, Trouble.FREEZE_BEFORE_SEND), f"after {queue.begin.__name__}")
_DEATHS = frozenset({
    Trouble.DEATH_IN_STATEMENT, Trouble.DEATH_BEFORE_STORE, Trouble.DEATH_AFTER_STORE, Trouble.DEATH_AT_ANSWER,
    Trouble.DEATH_BEFORE_SEND, Trouble.DEATH_TAKING_IN,
})  # fmt: skip
# after these, what was begun may have left or not
STOPS = frozenset({*_SEAMS, Trouble.STORE_REFUSES, Trouble.SKEW, Trouble.CLOCK_JUMPS})


def break_it(run: Run, fault: Fault) -> None:
    run.say(f"from now on: {fault.trouble} ({fault.side})")
    if fault.trouble in ON_THE_WIRE:
        run.sides.wire.spoil(fault)
    elif fault.trouble in PROCESSES:
        run.sides.wire.go_wrong_later(fault)
    elif fault.trouble in _SEAMS:
        _arm(run, fault)
    else:
        _LASTING.get(fault.trouble, _disorder)(run, fault)


def _until_it_ends(run: Run, fault: Fault, end: Callable[[], object]) -> None:
    run.plan_at(run.loop.time() + fault.lasts * 60, lambda: (end(), None)[1])


def _disorder(run: Run, fault: Fault) -> None:
    run.sides.disorder(fault.trouble)
    _until_it_ends(run, fault, lambda: run.sides.mend(fault.side))


def _go_down(run: Run, fault: Fault) -> None:
    run.note_hit(fault.trouble)
    run.sides.wire.go_down(fault.side)
    _until_it_ends(run, fault, lambda: run.sides.mend(fault.side))


def _end_tokens(run: Run, fault: Fault) -> None:
    run.sides.end_tokens(fault.side)


def _move_clock(run: Run, fault: Fault) -> None:
    run.note_hit(fault.trouble)
    run.hub_clock.skew = timedelta(seconds=fault.amount)
    _until_it_ends(run, fault, lambda: setattr(run.hub_clock, "skew", timedelta(0)))


def _fill_the_disk(run: Run, fault: Fault) -> None:
    run.note_hit(fault.trouble)
    run.process.refusals = fault.times


def _hide_an_order(run: Run, fault: Fault) -> None:
    run.sides.wire.hide_an_order(fault)


def _bend_a_row(run: Run, fault: Fault) -> None:
    run.sides.wire.bend_a_row(fault.side)
    _until_it_ends(run, fault, lambda: run.sides.wire.straighten(fault.side))


def _be_slow(run: Run, fault: Fault) -> None:
    run.sides.wire.be_slow(fault)


def _refuse_all(run: Run, fault: Fault) -> None:
    run.sides.wire.refuse_all(fault)


def _change_profile(run: Run, fault: Fault) -> None:
    run.sides.change_profile()


_LASTING: dict[Trouble, Callable[[Run, Fault], None]] = {
    Trouble.OUTAGE: _go_down,
    Trouble.TOKENS_END: _end_tokens,
    Trouble.SKEW: _move_clock,
    Trouble.CLOCK_JUMPS: _move_clock,
    Trouble.STORE_REFUSES: _fill_the_disk,
    Trouble.READING: _hide_an_order,
    Trouble.BENT_ROW: _bend_a_row,
    Trouble.SLOW: _be_slow,
    Trouble.REFUSES_ALL: _refuse_all,
    Trouble.OTHER_PROFILE: _change_profile,
}


def _arm(run: Run, fault: Fault) -> None:
    process = run.process

    def act() -> None:
        run.note_hit(fault.trouble)
        run.stops.append(run.loop.time())
        run.say(str(fault.trouble))
        if fault.trouble in _DEATHS:
            process.die()
        process.freeze(fault.lasts * 60)

    process.armed.append(Armed(_SEAMS[fault.trouble], fault.nth, act))
