"""Cancellations from every side, orders handled elsewhere, trash, second thoughts, and joining a running trade."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions import orders as actions
from orderhaven.actions import shipping
from orderhaven.actions.errors import ActionRefused
from orderhaven.actions.links import release_cancellations
from orderhaven.actions.onboarding import adopt, adopt_all, create_older
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability, Side
from orderhaven.ports.sandbox import CallKind
from orderhaven.store.models import Connection, Hold, Message, MessageKind, MessageState, Shipment
from orderhaven.testing.goods import many_articles

from .conftest import LAMP, MUG, POSTNL_CODE, Trade

OTHER_TRACKING_NUMBER = "3SABCD7654321"


def placed(trade: Trade, *lines: Any) -> str:
    trade.passes(seconds=10)
    ref = trade.sells(*lines)
    trade.passes(minutes=6)
    return str(ref)


def test_a_buyer_who_asks_is_cancelled_when_the_merchant_cancels_in_the_shop(trade: Trade) -> None:
    trade.needs(Capability.CANCELLATION_REQUESTS, Capability.CANCEL)
    ref = placed(trade)
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)
    assert trade.order(ref).status == Status.CANCELLATION_REQUESTED

    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=10)

    assert trade.history(ref) == [Status.CANCELLATION_REQUESTED, Status.CANCELLED]
    assert ref in trade.marketplace.cancelled()
    assert trade.confirmed(ref) == []


def test_an_order_the_marketplace_cancels_is_cancelled_in_the_shop_and_its_stock_comes_back(trade: Trade) -> None:
    ref = placed(trade, (MUG, 2))
    assert trade.shop.stock_of("MUG-1") == 998

    trade.marketplace.cancel(ref)
    trade.passes(minutes=10)

    assert trade.order(ref).status == Status.CANCELLED
    assert trade.in_shop(ref)[0].state is ShopState.CANCELLED
    assert trade.shop.stock_of("MUG-1") == 1000


def test_a_completed_shop_order_is_never_cancelled_by_us(trade: Trade) -> None:
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)

    trade.marketplace.cancel(ref)
    trade.passes(minutes=10)

    assert trade.order(ref).status == Status.CANCELLED
    assert trade.problems(ref) == [ProblemKind.PARCEL_MAY_HAVE_LEFT]
    assert trade.in_shop(ref)[0].state is ShopState.COMPLETED
    assert trade.confirmed(ref) == []


# "6 min" lets both sides be pulled in between; without it both deeds are news of one pull
_LATE = (
    ("completed", "cancelled there"),
    ("cancelled there", "completed"),
    ("completed", "6 min", "cancelled there"),
    ("cancelled there", "6 min", "completed"),
    ("completed with code", "cancelled there"),
    ("cancelled there", "completed with code"),
    ("cancelled there", "6 min", "completed with code"),
    ("completed", "6 min", "cancelled there", "6 min", "cancelled in shop"),
    ("completed", "6 min", "asked", "6 min", "cancelled there"),
    ("asked", "6 min", "completed", "6 min", "cancelled there"),
    ("completed with code", "6 min", "cancelled in shop"),
    ("shipped there", "6 min", "cancelled in shop"),
    ("cancelled in shop", "shipped there"),
    ("shipped there", "cancelled in shop"),
)


_DEED_NEEDS = {"asked": Capability.CANCELLATION_REQUESTS}


@pytest.mark.parametrize("deeds", _LATE, ids=", ".join)
def test_a_late_cancellation_is_one_problem_and_one_word_closes_it(trade: Trade, deeds: tuple[str, ...]) -> None:
    needed = {_DEED_NEEDS[deed] for deed in deeds if deed in _DEED_NEEDS}
    if deeds[:2] == ("cancelled there", "6 min"):  # by then it is cancelled in the shop as well
        needed.add(Capability.REOPEN_ORDERS)
    trade.needs(*needed)
    ref = placed(trade)

    for deed in deeds:
        do(trade, ref, deed)
    trade.passes(minutes=30)

    assert len(trade.problems(ref)) == 1
    assert len(trade.raised(ref)) <= 1 + ("asked" in deeds)
    actions.retry(trade.context, ref)
    trade.passes(hours=1)
    assert trade.problems(ref) == []


def do(trade: Trade, ref: str, deed: str) -> None:
    match deed:
        case "6 min":
            trade.passes(minutes=6)
        case "completed":
            trade.shop.complete(trade.shop_ref(ref))
        case "completed with code":
            trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
        case "cancelled in shop":
            trade.shop.cancel(trade.shop_ref(ref))
        case "cancelled there":
            trade.marketplace.cancel(ref)
        case "shipped there":
            trade.marketplace.ship_elsewhere(ref, tracking_number=POSTNL_CODE)
        case "asked":
            trade.marketplace.request_cancellation(ref)


def test_what_was_completed_with_other_pieces_and_cancelled_there_is_a_parcel_to_stop(trade: Trade) -> None:
    trade.needs(Capability.EDIT_ORDERS)
    ref = placed(trade, (MUG, 2))
    trade.shop.change_quantity(trade.shop_ref(ref), "MUG-1", 1)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    assert trade.problems(ref) == [ProblemKind.QUANTITIES_DIFFER]

    trade.marketplace.cancel(ref)
    trade.passes(minutes=30)

    assert trade.problems(ref) == [ProblemKind.STOP_THE_PARCEL]


def test_an_order_handled_at_the_marketplace_before_we_pulled_it_is_not_created(trade: Trade) -> None:
    trade.passes(seconds=10)
    trade.goes_down(trade.shop)
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.marketplace.ship_elsewhere(ref, tracking_number=POSTNL_CODE)
    trade.passes(minutes=6)

    trade.shop.faults.clear()
    trade.passes(hours=1)

    assert trade.in_shop(ref) == []
    assert trade.order(ref).status == Status.SHIPPED
    assert trade.order(ref).handled_externally
    assert len(trade.confirmed(ref)) == 1


def test_a_trashed_shop_order_is_a_problem_and_nothing_happens_by_itself(trade: Trade) -> None:
    trade.needs(Capability.TRASH_ORDERS)
    ref = placed(trade)
    trade.shop.trash(trade.shop_ref(ref))

    trade.passes(hours=2)

    assert trade.problems(ref) == [ProblemKind.SHOP_ORDER_GONE]
    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert len(trade.in_shop(ref)) == 1
    assert ref not in trade.marketplace.cancelled()


def test_a_tracking_number_that_comes_after_the_untracked_confirmation_is_kept_and_makes_no_second_one(
    trade: Trade,
) -> None:
    trade.needs(Capability.SHIP_UNTRACKED)
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)
    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]

    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(hours=1)

    assert trade.order(ref).tracking_number == POSTNL_CODE
    assert trade.problems(ref) == [ProblemKind.LATE_TRACKING]
    assert [one.tracking_number for one in trade.confirmed(ref)] == [""]


def test_a_later_tracking_number_is_sent_as_a_correction_and_again_when_it_changes(trade: Trade) -> None:
    trade.needs(Capability.SHIP_UNTRACKED, Capability.CORRECT_TRACKING)
    ref, other = placed(trade), placed(trade)
    for one in (ref, other):
        trade.shop.complete(trade.shop_ref(one))
    trade.passes(hours=4)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(hours=1)
    (before,) = trade.confirmed(ref)

    shipping.correct(trade.context, ref)
    trade.passes(minutes=20)

    (after,) = trade.confirmed(ref)
    assert (after.tracking_number, after.at, after.quantities) == (POSTNL_CODE, before.at, before.quantities)
    assert [one.tracking_number for one in trade.confirmed(other)] == [""]
    assert trade.problems(ref) == []
    assert [one.tracking_number for one in Shipment.objects.filter(order__ref=ref)] == [POSTNL_CODE]
    with pytest.raises(ActionRefused, match="no other code"):
        shipping.correct(trade.context, ref)


def takes_its_time(trade: Trade) -> None:
    """The marketplace says only after minutes what became of a command."""
    trade.needs(Capability.ASYNCHRONOUS_COMMANDS)
    trade.marketplace.answer_after(timedelta(minutes=10))


def puts_another_number(trade: Trade, ref: str) -> None:
    """Instead of the one that stands there."""
    trade.shop.replace_tracking(trade.shop_ref(ref), OTHER_TRACKING_NUMBER)


def test_a_number_that_changes_while_its_confirmation_is_on_its_way_is_corrected_there(trade: Trade) -> None:
    trade.needs(Capability.CORRECT_TRACKING)
    ref = placed(trade)
    takes_its_time(trade)
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=6)
    assert trade.order(ref).confirmed_at is None

    puts_another_number(trade, ref)
    trade.passes(hours=1)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [OTHER_TRACKING_NUMBER]
    assert trade.problems(ref) == []
    assert [one.tracking_number for one in Shipment.objects.filter(order__ref=ref)] == [OTHER_TRACKING_NUMBER]


def test_one_that_changes_while_its_correction_is_on_its_way_is_corrected_again(trade: Trade) -> None:
    trade.needs(Capability.SHIP_UNTRACKED, Capability.CORRECT_TRACKING)
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)
    takes_its_time(trade)
    shipping.correct(trade.context, ref)
    trade.passes(minutes=1)

    puts_another_number(trade, ref)
    trade.passes(hours=1)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [OTHER_TRACKING_NUMBER]
    assert trade.problems(ref) == []


def placed_in_parts(trade: Trade) -> str:
    """An order with more lines than the marketplace takes in one confirmation."""
    most = trade.marketplace_spec.limits.lines_per_confirmation
    articles = many_articles(most + 1)
    trade.shop.stock(articles, 1000)
    trade.passes(seconds=10)
    ref: str = trade.sells(*[(article, 1) for article in articles])
    trade.passes(minutes=6)
    return ref


def test_all_shipments_of_a_confirmation_in_parts_are_corrected(trade: Trade) -> None:
    trade.needs(Capability.SHIP_UNTRACKED, Capability.SHIP_PARTS, Capability.CORRECT_TRACKING)
    ref = placed_in_parts(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=4)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)
    before = [(one.tracking_number, one.at) for one in trade.confirmed(ref)]

    shipping.correct(trade.context, ref)
    trade.passes(minutes=30)

    assert [code for code, _ in before] == ["", ""]
    assert [(one.tracking_number, one.at) for one in trade.confirmed(ref)] == [(POSTNL_CODE, at) for _, at in before]
    assert trade.problems(ref) == []
    assert [one.tracking_number for one in Shipment.objects.filter(order__ref=ref)] == [POSTNL_CODE] * 2
    with pytest.raises(ActionRefused, match="no other code"):
        shipping.correct(trade.context, ref)


def test_a_number_that_changes_between_two_parts_is_that_of_both(trade: Trade) -> None:
    trade.needs(Capability.SHIP_PARTS, Capability.CORRECT_TRACKING)
    ref = placed_in_parts(trade)
    takes_its_time(trade)
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=6)

    puts_another_number(trade, ref)
    trade.passes(hours=2)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [OTHER_TRACKING_NUMBER] * 2
    assert trade.problems(ref) == []


def test_a_number_that_changes_before_the_last_part_goes_out_is_that_of_the_first_too(trade: Trade) -> None:
    trade.needs(Capability.SHIP_PARTS, Capability.CORRECT_TRACKING)
    ref = placed_in_parts(trade)
    takes_its_time(trade)
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=6)
    trade.takes_nothing_more(trade.marketplace, CallKind.CONFIRM)
    trade.passes(minutes=15)
    puts_another_number(trade, ref)
    trade.passes(minutes=11)
    confirmations = Message.objects.filter(order__ref=ref, kind=MessageKind.CONFIRM).order_by("part")
    assert list(confirmations.values_list("state", flat=True)) == [MessageState.DONE, MessageState.QUEUED]

    trade.marketplace.faults.clear()
    trade.passes(hours=2)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [OTHER_TRACKING_NUMBER] * 2
    assert trade.problems(ref) == []


def test_an_order_completed_by_mistake_and_reopened_in_time_is_not_confirmed(trade: Trade) -> None:
    trade.needs(Capability.REOPEN_ORDERS)
    ref = placed(trade)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(minutes=6)
    trade.shop.reopen(trade.shop_ref(ref))

    trade.passes(hours=5)

    assert trade.history(ref) == [Status.WAITING, Status.NOT_SHIPPED]
    assert trade.confirmed(ref) == []


def test_a_slip_of_a_bulk_cancellation_is_held_for_one_confirmation(trade: Trade) -> None:
    trade.needs(Capability.CANCEL, Capability.REOPEN_ORDERS)
    trade.passes(seconds=10)
    refs = [trade.sells() for _ in range(8)]
    trade.passes(minutes=6)
    for ref in refs:
        trade.shop.cancel(trade.shop_ref(ref))

    trade.passes(minutes=10)
    assert trade.marketplace.cancelled() == frozenset()
    assert {problem for ref in refs for problem in trade.problems(ref)} == {ProblemKind.CANCELLATIONS_ON_HOLD}

    # it was a slip: one is put back, the others were meant
    trade.shop.reopen(trade.shop_ref(refs[0]))
    trade.passes(minutes=6)
    release_cancellations(trade.context, trade.connection(Side.MARKETPLACE).name)
    trade.passes(minutes=10)
    assert trade.marketplace.cancelled() == frozenset(refs[1:])
    assert trade.order(refs[0]).status == Status.NOT_SHIPPED
    assert all(trade.problems(ref) == [] for ref in refs)


def test_an_order_the_marketplace_ships_itself_is_ignored(trade: Trade) -> None:
    trade.needs(Capability.FULFILMENT)
    trade.passes(seconds=10)
    ref = trade.sells(by_marketplace=True)
    trade.passes(minutes=6)
    trade.marketplace.ship_elsewhere(ref)
    trade.passes(minutes=10)

    assert trade.in_shop(ref) == []
    assert trade.order(ref).status == Status.SHIPPED


@pytest.mark.link(fulfilled_by_marketplace="create")
def test_an_order_the_marketplace_ships_itself_is_created_as_completed_when_the_merchant_wants_it(trade: Trade) -> None:
    trade.needs(Capability.FULFILMENT, Capability.FULFILLED_BY_MARKETPLACE)
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 3), by_marketplace=True)
    trade.passes(minutes=6)
    assert trade.in_shop(ref) == []

    trade.marketplace.ship_elsewhere(ref)
    trade.passes(minutes=10)

    assert [one.state for one in trade.in_shop(ref)] == [ShopState.COMPLETED]
    assert trade.shop.stock_of("MUG-1") == 1000
    assert trade.problems(ref) == []


@pytest.mark.link(dry_run=True)
def test_a_dry_run_pulls_everything_and_sends_nothing(trade: Trade) -> None:
    trade.passes(seconds=10)
    ref = trade.sells()

    trade.passes(hours=1)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert (trade.commands(trade.marketplace), trade.commands(trade.shop)) == ([], [])
    waiting = Message.objects.filter(order__ref=ref).values_list("kind", "state")
    assert list(waiting) == [("create", MessageState.QUEUED)]


def test_orders_from_before_the_link_are_listed_and_not_created_by_themselves(trade: Trade) -> None:
    older = trade.sells((MUG, 1), (LAMP, 1))
    trade.clock.advance(timedelta(minutes=1))
    trade.link.from_at = trade.clock.now()
    trade.link.save()

    trade.passes(hours=1)

    assert trade.in_shop(older) == []
    assert (trade.order(older).status, trade.order(older).hold) == (Status.NOT_SHIPPED, Hold.OLDER)


def test_an_adopted_shop_order_is_followed_like_one_of_ours(trade: Trade) -> None:
    older = trade.sells((MUG, 2))
    number = trade.shop.create_by_other_tool(trade.basket_of(older, (MUG, 2)), "OTHER-77")
    trade.clock.advance(timedelta(minutes=1))
    trade.link.from_at = trade.clock.now()
    trade.link.save()
    trade.passes(minutes=6)

    adopt(trade.context, older, number)
    trade.shop.complete(number, tracking_number=POSTNL_CODE)
    trade.passes(minutes=20)

    assert trade.in_shop(older) == []
    assert [one.tracking_number for one in trade.confirmed(older)] == [POSTNL_CODE]


def test_an_order_taken_over_by_a_person_is_sent_nothing_more(trade: Trade) -> None:
    ref = placed(trade)
    actions.handle(trade.context, ref)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)

    trade.passes(hours=4)

    assert trade.order(ref).status == Status.MANUAL
    assert trade.confirmed(ref) == []


def test_an_order_pulled_with_its_buyers_cancellation_request_is_created_once_the_merchant_refuses(
    trade: Trade,
) -> None:
    trade.needs(Capability.CANCELLATION_REQUESTS)
    trade.passes(seconds=10)
    ref = trade.sells()
    trade.marketplace.request_cancellation(ref)
    trade.passes(minutes=6)
    assert (trade.order(ref).status, trade.in_shop(ref)) == (Status.CANCELLATION_REQUESTED, [])

    actions.refuse(trade.context, ref)
    trade.passes(minutes=6)

    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def test_a_running_trade_is_joined_without_creating_what_another_tool_has_created(trade: Trade) -> None:
    refs = [trade.sells((MUG, count), (LAMP, 1)) for count in range(1, 7)]
    theirs = {
        ref: trade.shop.create_by_other_tool(trade.basket_of(ref, (MUG, count), (LAMP, 1)), f"OTHER-{count}")
        for count, ref in enumerate(refs[:3], start=1)
    }
    trade.clock.advance(timedelta(minutes=1))
    trade.link.from_at = trade.clock.now()
    trade.link.save()
    trade.passes(hours=1)
    assert len(trade.shop.orders()) == 3

    adopted = adopt_all(trade.context, list(theirs.items()))
    placed_now = create_older(trade.context, trade.connection(Side.MARKETPLACE).name)
    trade.passes(minutes=10)
    for ref in refs:
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=20)

    assert (len(adopted), placed_now, len(trade.shop.orders())) == (3, 3, 6)
    assert {ref: trade.shop_ref(ref) for ref in refs[:3]} == theirs
    assert [len(trade.confirmed(ref)) for ref in refs] == [1] * 6
    assert all(trade.problems(ref) == [] for ref in refs)


def test_the_rest_of_an_order_that_others_sent_a_part_of_is_created(trade: Trade) -> None:
    trade.needs(Capability.SHIP_PARTS)
    trade.passes(seconds=10)
    trade.goes_down(trade.shop)
    ref = trade.sells((MUG, 3))
    trade.passes(minutes=6)
    trade.marketplace.ship_part(ref)
    trade.passes(minutes=6)
    trade.shop.faults.clear()

    trade.passes(minutes=30)

    assert trade.order(ref).status == Status.PARTLY_SHIPPED
    assert [one.quantities for one in trade.in_shop(ref)] == [{"MUG-1": 2}]


def test_a_currency_that_the_shop_sells_in_since_is_asked_for_before_an_order_is_refused(trade: Trade) -> None:
    Connection.objects.filter(side=Side.SHOP).update(currencies=["USD"])  # as it was when the shop was connected
    trade.passes(seconds=10)

    ref = trade.sells()
    trade.passes(minutes=6)

    assert trade.problems(ref) == []
    assert len(trade.in_shop(ref)) == 1
    assert trade.connection(Side.SHOP).currencies == ["EUR"]
