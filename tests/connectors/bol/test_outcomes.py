"""What became of what bol took in."""

from typing import Any

import pytest

from orderhaven.connectors.bol.sandbox_processes import Fate
from orderhaven.ports.marketplace import Outcome, Receipt


def confirm(world: Any, ref: str, **what: Any) -> Receipt:
    return world.run(world.bol.confirm(world.shipment(ref, **what), not_after=world.soon()))


def outcome(world: Any, receipt: Receipt) -> Receipt:
    return world.run(world.bol.outcomes([receipt.handle]))[receipt.handle]


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (Fate.NORMAL, Outcome.DONE),
        (Fate.STUCK, Outcome.PENDING),
        (Fate.STUCK_DONE, Outcome.PENDING),
        (Fate.TIMEOUT, Outcome.UNKNOWN),
        (Fate.TIMEOUT_DONE, Outcome.UNKNOWN),
        (Fate.FORGOTTEN, Outcome.UNKNOWN),
        (Fate.FORGOTTEN_DONE, Outcome.UNKNOWN),
    ],
)
def test_an_outcome_is_what_bol_says_of_it(world: Any, fate: Fate, expected: Outcome) -> None:
    world.sandbox.processes.fates.append(fate)
    receipt = confirm(world, world.sell())
    world.clock.move(minutes=1)

    assert outcome(world, receipt) == Receipt(expected, receipt.handle)


def test_a_failure_is_an_outcome_with_a_reason(world: Any) -> None:
    world.sandbox.processes.fates.append(Fate.FAIL)
    receipt = confirm(world, world.sell())
    world.clock.move(minutes=1)

    answered = outcome(world, receipt)

    assert (answered.outcome, answered.refused) == (Outcome.DONE, "The request could not be processed.")


def test_an_outcome_that_bol_kept_long_enough_is_forgotten(world: Any) -> None:
    receipt = confirm(world, world.sell())
    world.clock.move(days=2)

    assert outcome(world, receipt).outcome is Outcome.UNKNOWN


def test_many_outcomes_are_asked_for_in_one_call(world: Any) -> None:
    receipts = [confirm(world, ref) for ref in world.sell_many(30)]
    world.clock.move(minutes=1)

    answered = world.run(world.bol.outcomes([receipt.handle for receipt in receipts]))

    assert {receipt.outcome for receipt in answered.values()} == {Outcome.DONE}
    assert world.count("POST /shared/process-status") == 1


def test_asking_for_no_outcome_asks_nothing(world: Any) -> None:
    assert world.run(world.bol.outcomes([])) == {}
    assert world.sandbox.calls == []
