"""The hub between a marketplace of feeds and a shop of drafts: what is prepared once, sent together, and answered later."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.errors import OrderRejected, UnexpectedResponse
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrderDraft
from orderhaven.ports.receipts import Receipt
from orderhaven.store.models import Message, MessageKind
from orderhaven.testing.draft_shop import DRAFT_SHOP, DraftShop
from orderhaven.testing.feed_marketplace import FEED_MARKETPLACE
from orderhaven.testing.sandbox_auth import FaultKind
from tests.journeys.conftest import MUG, POSTNL_CODE, start_trade
from tests.sync.conftest import Shift
from tests.sync.seams import cut, cut_in, dies


class SeamDraftShop(DraftShop):
    async def create(self, order_draft: ShopOrderDraft, *, not_after: Any) -> Receipt:
        await cut(self._simulation, "before place", order_draft.order.ref)
        return await super().create(order_draft, not_after=not_after)


@pytest.fixture
def trade(store: None) -> Iterator[Shift]:
    shop = replace(DRAFT_SHOP, connector="tests.sync.test_second_references:SeamDraftShop")
    started = start_trade(FEED_MARKETPLACE, shop)
    started.__class__ = Shift
    started.passes(seconds=10)
    yield started  # type: ignore[misc]
    started.close()


def shipped_together(trade: Shift, number: int) -> list[str]:
    """Orders whose confirmations go out in one run."""
    refs = [trade.sells((MUG, 1)) for _ in range(number)]
    trade.passes(minutes=12)
    for ref in refs:
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    return refs


def test_a_draft_is_made_once_for_an_order_whatever_becomes_of_its_creation(trade: Shift) -> None:
    trade.shop.faults.add(FaultKind.NOT_SENT, "POST /drafts/", times=3)

    ref = trade.sells()
    trade.passes(hours=1)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop.drafts == 1


def test_a_draft_whose_reply_was_lost_is_made_anew_and_becomes_no_order(trade: Shift) -> None:
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /drafts")

    ref = trade.sells()
    trade.passes(hours=1)

    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


@pytest.mark.parametrize("fault", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
def test_a_creation_without_an_answer_is_found_by_its_draft(trade: Shift, fault: FaultKind) -> None:
    trade.shop.faults.add(fault, "POST /drafts/")

    ref = trade.sells()
    trade.passes(hours=1)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop.drafts == 1
    assert trade.problems(ref) == []


def test_what_was_prepared_is_stored_before_the_deciding_request(trade: Shift) -> None:
    cut_in(trade.shop, "before place", dies())

    ref = trade.sells()
    trade.dies(minutes=6)

    assert Message.objects.get(order__ref=ref).prepared == "draft-1"
    trade.passes(hours=1)
    assert (len(trade.in_shop(ref)), trade.shop.drafts) == (1, 1)


def test_confirmations_of_many_orders_go_in_one_feed(trade: Shift) -> None:
    refs = shipped_together(trade, 15)

    trade.passes(minutes=30)

    assert [len(trade.confirmed(ref)) for ref in refs] == [1] * 15
    assert trade.told(trade.marketplace, "POST /feeds/shipments") == 1


def test_one_that_is_refused_in_a_feed_holds_up_no_other(trade: Shift) -> None:
    *others, refused = shipped_together(trade, 5)
    rejects = trade.marketplace.carry_out

    def carry_out(command: Any) -> Receipt:
        if command.order_ref == refused:
            trade.marketplace._demand(False, "it is under investigation")
        return rejects(command)

    trade.marketplace.carry_out = carry_out

    trade.passes(minutes=30)

    assert [len(trade.confirmed(ref)) for ref in others] == [1] * 4
    assert [trade.problems(ref) for ref in others] == [[]] * 4
    assert trade.problems(refused) == [ProblemKind.REJECTED]
    assert "investigation" in trade.reason(refused)


def spoils_every_feed_with(trade: Shift, spoiled: str, error: Exception) -> None:
    """A feed with this order is not taken, whatever else is in it."""
    takes = trade.marketplace.take_feed

    def take_feed(feed: Any) -> str:
        if any(command.order_ref == spoiled for command in feed):
            raise error
        return str(takes(feed))

    trade.marketplace.take_feed = take_feed


def test_a_feed_that_is_refused_as_a_whole_goes_in_halves_at_once(trade: Shift) -> None:
    *others, refused = shipped_together(trade, 8)
    spoils_every_feed_with(trade, refused, OrderRejected("Feed marketplace", "a line of the feed is wrong"))

    trade.passes(minutes=12)

    assert [len(trade.confirmed(ref)) for ref in others] == [1] * 7
    assert (trade.problems(refused), trade.confirmed(refused)) == ([ProblemKind.REJECTED], [])
    assert trade.told(trade.marketplace, "POST /feeds/shipments") == 7  # 8, 4 and 4, 2 and 2, 1 and 1


def test_a_feed_that_nobody_understands_the_answer_to_is_verified_before_anything_is_sent_again(trade: Shift) -> None:
    refs = shipped_together(trade, 4)
    trade.marketplace.faults.late_by = timedelta(hours=2)  # its list does not show what it did
    takes = trade.marketplace.take_feed

    def take_feed(feed: Any) -> str:
        takes(feed)
        trade.marketplace.take_feed = takes
        raise UnexpectedResponse("status 418")

    trade.marketplace.take_feed = take_feed

    trade.passes(hours=1)

    assert [len(trade.confirmed(ref)) for ref in refs] == [1] * 4
    assert trade.told(trade.marketplace, "POST /feeds/shipments") == 1
    assert [trade.problems(ref) for ref in refs] == [[]] * 4


def test_a_feed_that_was_too_much_for_now_goes_as_one_the_next_time(trade: Shift) -> None:
    trade.marketplace.faults.add(FaultKind.RATE_LIMITED, "POST /feeds/shipments")
    refs = shipped_together(trade, 6)

    trade.passes(minutes=30)

    assert [len(trade.confirmed(ref)) for ref in refs] == [1] * 6
    assert trade.told(trade.marketplace, "POST /feeds/shipments") == 2


def test_a_feed_without_an_answer_is_verified_order_by_order_and_doubles_none(trade: Shift) -> None:
    trade.marketplace.faults.add(FaultKind.LOST_AFTER, "POST /feeds/shipments")
    refs = shipped_together(trade, 5)

    trade.passes(hours=2)

    assert [len(trade.confirmed(ref)) for ref in refs] == [1] * 5
    assert trade.told(trade.marketplace, "POST /feeds/shipments") == 1


def test_an_outcome_goes_to_the_order_that_it_is_about(trade: Shift) -> None:
    refs = shipped_together(trade, 4)

    trade.passes(minutes=30)

    told = Message.objects.filter(kind=MessageKind.CONFIRM).select_related("order")
    made = {one.order_ref: key for key, one in trade.marketplace._shipments.items()}
    assert {one.order.ref: one.remote_ref for one in told} == {ref: made[ref] for ref in refs}


def test_a_500_that_says_why_is_a_no_and_leaves_nothing_in_doubt(trade: Shift) -> None:
    trade.shop.refuses = lambda draft: "it is closed on Sundays"

    ref = trade.sells()
    trade.passes(minutes=30)

    [create] = Message.objects.filter(order__ref=ref, kind=MessageKind.CREATE)
    assert (create.attempt, create.rounds) == (1, 0)
    assert trade.problems(ref) == [ProblemKind.REJECTED]
    assert trade.in_shop(ref) == []
