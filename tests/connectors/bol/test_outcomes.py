"""What became of what bol took in."""

from typing import Any

import pytest

from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import CommandFate


def confirm(world: Any, ref: str, **what: Any) -> Receipt:
    return world.run(world.bol.confirm(world.shipment(ref, **what), not_after=world.soon()))


def outcome(world: Any, receipt: Receipt) -> Receipt:
    return world.run(world.bol.outcomes({"ours": receipt.handle}))["ours"]


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (CommandFate.NORMAL, ReceiptState.DONE),
        (CommandFate.STUCK, ReceiptState.PENDING),
        (CommandFate.STUCK_DONE, ReceiptState.PENDING),
        (CommandFate.TIMEOUT, ReceiptState.UNKNOWN),
        (CommandFate.TIMEOUT_DONE, ReceiptState.UNKNOWN),
        (CommandFate.FORGOTTEN, ReceiptState.UNKNOWN),
        (CommandFate.FORGOTTEN_DONE, ReceiptState.UNKNOWN),
    ],
)
def test_an_outcome_is_what_bol_says_of_it(world: Any, fate: CommandFate, expected: ReceiptState) -> None:
    world.sandbox.processes.fates.append(fate)
    receipt = confirm(world, world.sell())
    world.clock.move(minutes=1)

    assert outcome(world, receipt) == Receipt(expected, receipt.handle)


def test_a_failure_is_an_outcome_with_a_reason(world: Any) -> None:
    world.sandbox.processes.fates.append(CommandFate.FAIL)
    receipt = confirm(world, world.sell())
    world.clock.move(minutes=1)

    answered = outcome(world, receipt)

    assert (answered.state, answered.rejection) == (ReceiptState.REJECTED, "The request could not be processed.")


def test_an_outcome_that_bol_kept_long_enough_is_forgotten(world: Any) -> None:
    receipt = confirm(world, world.sell())
    world.clock.move(days=2)

    assert outcome(world, receipt).state is ReceiptState.UNKNOWN


def test_many_outcomes_are_asked_for_in_one_call(world: Any) -> None:
    receipts = [confirm(world, ref) for ref in world.sell_many(30)]
    world.clock.move(minutes=1)

    answered = world.run(world.bol.outcomes({receipt.handle: receipt.handle for receipt in receipts}))

    assert {receipt.state for receipt in answered.values()} == {ReceiptState.DONE}
    assert world.count("POST /shared/process-status") == 1


def test_asking_for_no_outcome_asks_nothing(world: Any) -> None:
    assert world.run(world.bol.outcomes({})) == {}
    assert world.sandbox.calls == []
