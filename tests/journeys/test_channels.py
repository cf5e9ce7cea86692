"""One marketplace feeds several shops by channel, and several marketplaces feed one shop."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from orderhaven.actions import links, onboarding, orders
from orderhaven.actions.errors import ActionRefused
from orderhaven.actions.links import LinkSettings
from orderhaven.connectors import make_sandbox
from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import Basket
from orderhaven.store.models import Connection, Hold, Link, LinkChannel, Order, Problem
from orderhaven.testing.goods import LAMP, MUG
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP

from .conftest import Trade, connect, start_trade

POSTNL_CODE = "3SABCD1234567"


@pytest.fixture
def trade(store: None) -> Iterator[Trade]:
    """A marketplace of two channels, linked to one shop with all of them, and a second shop beside it."""
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP)
    started.second_shop = connected(started, REFERENCE_SHOP, "Second shop")  # type: ignore[attr-defined]
    started.second_shop.stock([MUG, LAMP], 1000)  # type: ignore[attr-defined]
    Connection.objects.filter(name="bol NL").update(channels=started.marketplace.channels)
    yield started
    started.close()


def connected(trade: Trade, spec: Any, name: str) -> Any:
    sandbox = make_sandbox(spec, trade.clock)
    connect(trade.link.merchant, spec, name, sandbox.settings("http://127.0.0.1"), trade.clock.now())
    return sandbox


def takes(trade: Trade, *channels: str) -> None:
    links.change_link(trade.context, "bol NL", LinkSettings(channels=channels))


def link_second(trade: Trade, *channels: str, **wanted: Any) -> Link:
    return links.link(trade.context, "bol NL", "Second shop", LinkSettings(channels=channels, **wanted))


def shop_orders(shop: Any) -> list[str]:
    return [one.reference.rpartition("-RM-")[2] for one in shop.orders()]


def numbers(*refs: str) -> list[str]:
    return [ref.removeprefix("RM-") for ref in refs]


# ---------------------------------------------------------------- one marketplace, several shops


@pytest.mark.parametrize("lists_channels", [True, False], ids=["the list says it", "the order says it"])
@pytest.mark.parametrize("lists_whole_orders", [True, False])
def test_each_channel_goes_to_its_own_shop_and_back(trade: Any, lists_channels: bool, lists_whole_orders: bool) -> None:
    trade.marketplace.lists_channels, trade.marketplace.lists_whole_orders = lists_channels, lists_whole_orders
    takes(trade, "nl")
    link_second(trade, "be")
    dutch, belgian = trade.sells(channel="nl"), trade.sells(channel="be")

    trade.passes(minutes=12)
    for ref, shop in ((dutch, trade.shop), (belgian, trade.second_shop)):
        shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE, carrier_name="PostNL")
    trade.passes(minutes=20)

    assert (shop_orders(trade.shop), shop_orders(trade.second_shop)) == (numbers(dutch), numbers(belgian))
    assert [trade.order(ref).channel for ref in (dutch, belgian)] == ["nl", "be"]
    assert [one.order_ref for one in trade.marketplace.shipments()] == [dutch, belgian]
    assert not Problem.objects.exists()


def test_what_the_marketplace_cancels_is_cancelled_in_the_shop_of_that_channel(trade: Any) -> None:
    takes(trade, "nl")
    link_second(trade, "be")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    trade.marketplace.cancel(belgian)
    trade.passes(minutes=12)

    assert [one.status for one in trade.second_shop.orders()] == ["cancelled"]


def test_orders_go_on_after_their_link_gives_the_channel_away(trade: Any) -> None:
    ref = trade.sells(channel="be")
    trade.passes(minutes=12)

    takes(trade, "nl")
    link_second(trade, "be")
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE, carrier_name="PostNL")
    trade.passes(minutes=20)

    assert [one.order_ref for one in trade.marketplace.shipments()] == [ref]
    assert trade.second_shop.orders() == []


def test_a_dry_run_of_one_link_holds_nothing_of_the_other(trade: Any) -> None:
    takes(trade, "nl")
    link_second(trade, "be", dry_run=True)
    dutch = trade.sells(channel="nl")
    trade.sells(channel="be")

    trade.passes(minutes=12)

    assert (shop_orders(trade.shop), shop_orders(trade.second_shop)) == (numbers(dutch), [])


# ---------------------------------------------------------------- several marketplaces, one shop


def test_two_marketplaces_feed_one_shop(trade: Any) -> None:
    other = connected(trade, REFERENCE_MARKETPLACE, "Other")
    other._numbers = count(501)
    links.link(trade.context, "Other", "Webshop")
    ours, theirs = trade.sells((MUG, 1)), str(other.sell(Basket([(LAMP, 1)])))

    trade.passes(minutes=12)
    for ref in (ours, theirs):
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE, carrier_name="PostNL")
    trade.passes(minutes=20)

    assert sorted(shop_orders(trade.shop)) == sorted(numbers(ours, theirs))
    assert [one.order_ref for one in trade.marketplace.shipments()] == [ours]
    assert [one.order_ref for one in other.shipments()] == [theirs]


def test_two_marketplaces_may_give_one_number_to_two_orders(trade: Any) -> None:
    other = connected(trade, REFERENCE_MARKETPLACE, "Other")
    links.link(trade.context, "Other", "Second shop")
    ours, theirs = trade.sells((MUG, 1)), str(other.sell(Basket([(LAMP, 1)])))

    trade.passes(minutes=12)

    assert ours == theirs
    assert [row.connection.name for row in Order.objects.order_by("connection__name")] == ["Other", "bol NL"]
    assert (shop_orders(trade.shop), shop_orders(trade.second_shop)) == (numbers(ours), numbers(theirs))


# ---------------------------------------------------------------- a channel that no link names


def test_an_order_of_a_channel_without_a_link_is_a_problem_and_created_nowhere(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")

    trade.passes(hours=1)

    row = trade.order(belgian)
    assert (row.link, row.hold, row.status, row.shop_sync) == (None, Hold.NO_LINK, Status.NOT_SHIPPED, "")
    assert (trade.shop.orders(), trade.second_shop.orders()) == ([], [])
    [problem] = Problem.objects.all()
    assert sentence(ProblemKind(problem.kind), problem.values) == (
        "bol NL sold this order on channel Belgium (be), and no link takes the orders from there, so it was created nowhere. "
        "Make a link for that, or add it to a link that exists; then the order goes on by itself."
    )


def test_it_goes_on_by_itself_once_a_link_takes_its_channel(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    link_second(trade, "be", from_at=trade.clock.now() - timedelta(days=1))
    trade.passes(minutes=12)

    assert shop_orders(trade.second_shop) == numbers(belgian)
    assert trade.problems(belgian) == []


def test_it_goes_on_by_itself_once_a_link_takes_all_channels(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    takes(trade)
    trade.passes(minutes=12)

    assert shop_orders(trade.shop) == numbers(belgian)


def test_one_from_before_the_new_link_waits_for_a_person_s_word(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    link_second(trade, "be")
    trade.passes(minutes=12)
    held = trade.order(belgian).hold
    onboarding.create(trade.context, belgian)
    trade.passes(minutes=12)

    assert held == Hold.OLDER
    assert shop_orders(trade.second_shop) == numbers(belgian)


def test_a_link_that_does_no_orders_creates_none(trade: Any) -> None:
    takes(trade, "nl")
    link_second(trade, "be", does_orders=False, does_stock=True)
    belgian = trade.sells(channel="be")

    trade.passes(hours=1)

    assert trade.second_shop.orders() == []
    assert trade.problems(belgian) == [ProblemKind.CHANNEL_NOT_LINKED]


def test_a_channel_that_the_account_does_not_know_is_taken_as_it_comes(trade: Any) -> None:
    takes(trade, "nl")
    trade.marketplace.channels["lu"] = "Luxembourg"
    ref = trade.sells(channel="lu")
    trade.passes(minutes=12)

    link_second(trade, "lu", from_at=trade.clock.now() - timedelta(days=1))
    trade.passes(minutes=12)

    [values] = Problem.objects.values_list("values", flat=True)
    assert (values["channel"], trade.order(ref).channel) == ("lu", "lu")
    assert shop_orders(trade.second_shop) == numbers(ref)


def test_one_that_was_ignored_stays_so_when_a_link_takes_its_channel(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    onboarding.ignore(trade.context, belgian)
    link_second(trade, "be", from_at=trade.clock.now() - timedelta(days=1))
    trade.passes(minutes=12)

    assert (trade.order(belgian).hold, trade.problems(belgian)) == (Hold.IGNORED, [])
    assert trade.second_shop.orders() == []


def test_the_marketplace_s_cancellation_is_the_end_of_its_problem(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    trade.marketplace.cancel(belgian)
    trade.passes(minutes=12)

    assert (trade.order(belgian).status, trade.problems(belgian)) == (Status.CANCELLED, [])


def test_a_person_can_cancel_it_at_the_marketplace(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    orders.cancel(trade.context, belgian)
    trade.passes(minutes=12)

    assert trade.marketplace.cancelled() == {belgian}
    assert trade.order(belgian).marketplace_sync == "synced"


def test_a_person_can_take_it_over_and_give_it_back(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    orders.handle(trade.context, belgian)
    taken = trade.problems(belgian)
    orders.give_back(trade.context, belgian)
    trade.passes(minutes=12)

    assert (taken, trade.problems(belgian)) == ([], [ProblemKind.CHANNEL_NOT_LINKED])


def test_it_is_neither_retried_nor_created_nor_adopted_without_a_link(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be")
    trade.passes(minutes=12)

    orders.retry(trade.context, belgian)
    for act in (onboarding.create, lambda context, ref: onboarding.adopt(context, ref, "1")):
        with pytest.raises(ActionRefused, match="No link takes the orders of the channel"):
            act(trade.context, belgian)

    assert trade.problems(belgian) == [ProblemKind.CHANNEL_NOT_LINKED]


def test_an_order_that_wants_a_yes_gets_none_before_a_link_takes_its_channel(trade: Any) -> None:
    takes(trade, "nl")
    belgian = trade.sells(channel="be", waits_for=WaitsFor.OUR_YES)
    trade.passes(minutes=12)
    waiting = (trade.order(belgian).status, trade.problems(belgian))
    calls = [call for call in trade.marketplace.calls if "acceptances" in call]

    link_second(trade, "be", from_at=trade.clock.now() - timedelta(days=1))
    trade.passes(minutes=12)

    assert (*waiting, calls) == (Status.PENDING_CONFIRMATION, [ProblemKind.CHANNEL_NOT_LINKED], [])
    assert shop_orders(trade.second_shop) == numbers(belgian)


def test_a_marketplace_whose_links_do_no_orders_any_more_is_pulled_while_an_order_is_open(trade: Any) -> None:
    ref = trade.sells()
    trade.passes(minutes=12)
    links.change_link(trade.context, "bol NL", LinkSettings(does_orders=False))

    trade.marketplace.cancel(ref)
    trade.passes(minutes=12)
    pulled = Connection.objects.get(name="bol NL").cursor
    trade.passes(hours=1)

    assert [one.status for one in trade.shop.orders()] == ["cancelled"]
    assert Connection.objects.get(name="bol NL").cursor == pulled
    assert not LinkChannel.objects.filter(does_orders=True).exists()
