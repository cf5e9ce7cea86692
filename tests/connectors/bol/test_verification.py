"""Whether a command of unknown outcome happened, by bol's own record."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.core.commands import Acceptance, MarketplaceCommand
from orderhaven.core.errors import OrderMissing, OutcomeUnknown, UnexpectedResponse
from orderhaven.ports.marketplace import RemoteState, Verification
from orderhaven.ports.sandbox import CatalogueItem, CommandFate

CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")


def confirm(world: Any, ref: str, **what: Any) -> None:
    world.run(world.bol.confirm(world.shipment(ref, **what), not_after=world.soon()))


def look(world: Any, command: MarketplaceCommand) -> Verification:
    return world.run(world.bol.verify(command))


def test_a_confirmation_whose_answer_was_lost_is_found_again(world: Any) -> None:
    ref = world.sell()
    world.sandbox.faults.add(HttpFaultKind.AFTER, path="/retailer/shipments", method="POST")
    with pytest.raises(OutcomeUnknown):
        confirm(world, ref)
    world.clock.move(minutes=1)

    found = look(world, world.shipment(ref))

    assert found == Verification(RemoteState.DONE, next(iter(world.sandbox.trade.parcels)))


def test_what_never_came_in_is_not_done(world: Any) -> None:
    assert look(world, world.shipment(world.sell())).state is RemoteState.NOT_DONE


@pytest.mark.parametrize("fate", [CommandFate.TIMEOUT_DONE, CommandFate.FORGOTTEN_DONE, CommandFate.STUCK_DONE])
def test_what_was_carried_out_is_done_whatever_its_process_says(world: Any, fate: CommandFate) -> None:
    ref = world.sell()
    world.sandbox.processes.fates.append(fate)
    confirm(world, ref)
    world.clock.move(minutes=1)

    assert look(world, world.shipment(ref)).state is RemoteState.DONE


@pytest.mark.parametrize("fate", [CommandFate.TIMEOUT, CommandFate.FORGOTTEN, CommandFate.FAIL])
def test_what_was_not_carried_out_is_not_done(world: Any, fate: CommandFate) -> None:
    ref = world.sell()
    world.sandbox.processes.fates.append(fate)
    confirm(world, ref)
    world.clock.move(minutes=1)

    assert look(world, world.shipment(ref)).state is RemoteState.NOT_DONE


def test_what_is_still_pending_is_neither_yes_nor_no(world: Any) -> None:
    ref = world.sell()
    world.sandbox.processes.fates.append(CommandFate.STUCK)
    confirm(world, ref)
    world.clock.move(minutes=1)

    assert look(world, world.shipment(ref)).state is RemoteState.PENDING


def test_another_reference_is_another_tool(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref, reference="OTHER-TOOL")
    world.clock.move(minutes=1)

    assert look(world, world.shipment(ref)).state is RemoteState.DONE_BY_OTHERS


def test_pieces_that_were_cancelled_are_handled_by_others(world: Any) -> None:
    ref = world.sell()
    world.sandbox.cancel(ref)

    assert look(world, world.shipment(ref)).state is RemoteState.DONE_BY_OTHERS


def test_half_handled_is_not_done(world: Any) -> None:
    ref = world.sell((CUP, 1), (CUP, 1))
    first = world.sandbox.trade.sales[ref].items[0]
    world.sandbox.trade.cancel([first], world.clock.now())

    assert look(world, world.shipment(ref)).state is RemoteState.NOT_DONE


def test_pieces_that_left_before_their_shipment_shows_may_be_ours(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.sandbox.shipments_visible_after = timedelta(minutes=5)
    world.clock.move(minutes=1)

    early = look(world, world.shipment(ref))
    world.clock.move(minutes=5)

    assert early.state is RemoteState.PENDING
    assert look(world, world.shipment(ref)).state is RemoteState.DONE


def test_an_order_that_bol_does_not_know_any_more_is_for_a_person(world: Any) -> None:
    ref = world.sell()
    world.sandbox.missing_details.add(ref)

    with pytest.raises(OrderMissing):
        look(world, world.shipment(ref))


def test_a_cancellation_is_done_when_the_pieces_are_cancelled(world: Any) -> None:
    ref = world.sell()
    command = world.cancellation(ref)
    before = look(world, command)
    world.run(world.bol.cancel(command, not_after=world.soon()))
    meanwhile = look(world, command)
    world.clock.move(minutes=1)

    assert [before.state, meanwhile.state, look(world, command).state] == [
        RemoteState.NOT_DONE,
        RemoteState.PENDING,
        RemoteState.DONE,
    ]


def test_what_was_sent_instead_of_cancelled_was_handled_by_others(world: Any) -> None:
    ref = world.sell()
    world.sandbox.ship_elsewhere(ref)

    assert look(world, world.cancellation(ref)).state is RemoteState.DONE_BY_OTHERS


def test_a_correction_is_done_when_the_shipment_has_the_tracking_number(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(minutes=1)
    command = world.correction(ref)
    before = look(world, command)
    world.run(world.bol.correct(command, not_after=world.soon()))
    meanwhile = look(world, command)
    world.clock.move(minutes=1)

    assert [before.state, meanwhile.state, look(world, command).state] == [
        RemoteState.NOT_DONE,
        RemoteState.PENDING,
        RemoteState.DONE,
    ]


def test_there_is_nothing_to_look_for_where_there_is_no_ability(world: Any) -> None:
    with pytest.raises(NotImplementedError):
        look(world, Acceptance(world.sell(), "OH-1", ()))


def answers(world: Any, path: str, change: Any) -> None:
    """From now on `change` is made to what bol answers there."""
    inner = world.tape.inner

    async def spoiling(request: Request, timeout_s: float) -> Response:
        response = await inner(request, timeout_s)
        if request.path != path or response.status != 200:
            return response
        return replace(response, body=msgspec.json.encode(change(msgspec.json.decode(response.body))))

    world.tape.inner = spoiling


def each(rows: str, change: dict[str, Any]) -> Any:
    return lambda whole: {rows: [row | change for row in whole[rows]]}


@pytest.mark.parametrize(
    "malformed", [{"shipmentItems": None}, {"order": "C1"}, {"shipmentId": 700000001, "order": None}]
)
def test_a_shipment_that_is_listed_malformed_is_read_by_itself(world: Any, malformed: dict[str, Any]) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(minutes=1)
    answers(world, "/retailer/shipments", each("shipments", malformed))

    assert look(world, world.shipment(ref)).state is RemoteState.DONE


def test_a_shipment_that_nobody_understands_may_be_ours(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(minutes=1)
    answers(world, "/retailer/shipments", each("shipments", {"shipmentId": None}))

    with pytest.raises(UnexpectedResponse, match="shipmentId"):
        look(world, world.shipment(ref))


@pytest.mark.parametrize("malformed", [{"status": "RESTING"}, {"status": None}, {"status": 3}])
def test_what_nobody_understands_of_a_process_is_no_leave_to_repeat(world: Any, malformed: dict[str, Any]) -> None:
    ref = world.sell()
    world.sandbox.processes.fates.append(CommandFate.STUCK)
    confirm(world, ref)
    answers(world, "/shared/process-status", each("processStatuses", malformed))

    with pytest.raises(UnexpectedResponse):
        look(world, world.shipment(ref))


def test_what_their_record_shows_as_done_is_done_whatever_else_stands_there(world: Any) -> None:
    ref = world.sell()
    confirm(world, ref)
    world.clock.move(minutes=1)
    answers(world, "/shared/process-status", each("processStatuses", {"status": "RESTING"}))

    assert look(world, world.shipment(ref)).state is RemoteState.DONE
