"""A marketplace that counts piece by piece, and takes one in a request."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import CallFault, CallKind, SandboxCall
from orderhaven.store.models import Event, Message, MessageKind, MessageState
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE, start_trade
from tests.sync.conftest import Shift
from tests.sync.seams import MARKETPLACE, SHOP


@pytest.fixture
def trade(store: None) -> Iterator[Shift]:
    limits = replace(MARKETPLACE.limits, pieces_per_confirmation=1, pieces_per_cancellation=1)
    started = start_trade(replace(MARKETPLACE, limits=limits), SHOP)
    started.__class__ = Shift
    started.marketplace.one_line_per_piece, started.marketplace.pieces_at_a_time = True, 1
    started.passes(seconds=10)
    yield started  # type: ignore[misc]
    started.close()


def of_three_pieces(trade: Shift) -> str:
    ref = trade.sells((MUG, 2), (LAMP, 1))
    trade.passes(minutes=6)
    return ref


def test_each_piece_is_confirmed_once_and_the_order_is_shipped_with_the_last(trade: Shift) -> None:
    ref = of_three_pieces(trade)

    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=30)

    pieces = [one.quantities for one in trade.confirmed(ref)]
    assert [sum(one.values()) for one in pieces] == [1, 1, 1]
    assert len({key for one in pieces for key in one}) == 3
    assert {one.tracking_number for one in trade.confirmed(ref)} == {POSTNL_CODE}
    assert (trade.order(ref).status, trade.problems(ref)) == (Status.SHIPPED, [])


def test_a_piece_of_which_the_reply_was_lost_is_confirmed_once(trade: Shift) -> None:
    ref = of_three_pieces(trade)
    seen = []

    def second_confirmation(call: object) -> bool:
        seen.append(call)
        return len(seen) == 2

    trade.marketplace.faults.spoil(
        CallFault.AFTER, lambda call: call.kind is CallKind.CONFIRM and second_confirmation(call)
    )
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=60)

    assert [sum(one.quantities.values()) for one in trade.confirmed(ref)] == [1, 1, 1]
    assert (trade.order(ref).status, trade.problems(ref)) == (Status.SHIPPED, [])


def test_each_piece_is_cancelled(trade: Shift) -> None:
    ref = of_three_pieces(trade)

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=30)

    assert trade.marketplace.cancelled() == {ref}
    assert trade.told(trade.marketplace, "/cancellations") == 3
    assert (trade.order(ref).status, trade.problems(ref)) == (Status.CANCELLED, [])


def first_piece_only(trade: Shift) -> str:
    """Completed in the shop, and the marketplace took the confirmation of one piece so far."""
    ref = of_three_pieces(trade)
    taken: list[object] = []

    def after_the_first(call: SandboxCall) -> bool:
        taken.extend([call] if call.kind is CallKind.CONFIRM else [])
        return call.kind is CallKind.CONFIRM and len(taken) > 1

    trade.marketplace.faults.spoil(CallFault.REFUSED, after_the_first, times=-1)
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=12)
    assert [sum(one.quantities.values()) for one in trade.confirmed(ref)] == [1]
    return ref


def others_see_to_the_rest(trade: Shift, ref: str, rest: str) -> None:
    if rest == "shipped":
        trade.marketplace.ship_elsewhere(ref)
    else:
        trade.marketplace.cancel(ref)
    trade.marketplace.faults.clear()
    trade.passes(minutes=60)


@pytest.mark.parametrize("shows", [True, False], ids=["shows shipments", "shows none"])
@pytest.mark.parametrize("rest", ["shipped", "cancelled"])
def test_an_order_of_which_others_saw_to_the_rest_is_confirmed_and_closed(trade: Shift, rest: str, shows: bool) -> None:
    trade.marketplace.lacks = frozenset() if shows else frozenset({Capability.SHOWS_SHIPMENTS})
    ref = first_piece_only(trade)

    others_see_to_the_rest(trade, ref, rest)

    order = trade.order(ref)
    assert order.confirmed_at is not None
    assert order.closed_at is not None
    assert [sum(one.quantities.values()) for one in trade.confirmed(ref) if one.tracking_number] == [1]


@pytest.mark.parametrize("rest", ["shipped", "cancelled"])
def test_an_order_is_closed_of_which_others_saw_to_the_rest_while_the_hub_was_not_there(
    trade: Shift, rest: str
) -> None:
    ref = first_piece_only(trade)
    # as a hub leaves it that ends between two parts
    Message.objects.filter(kind=MessageKind.CONFIRM, state=MessageState.QUEUED).update(attempt=0)

    others_see_to_the_rest(trade, ref, rest)

    order = trade.order(ref)
    assert (order.confirmed_at is None, order.closed_at is None) == (False, False)
    assert Event.objects.filter(order=order, kind="confirmed").count() == 1
