"""What a pull from a marketplace may be relied on for: nothing is left out, and nothing is made up."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from orderhaven.core.errors import SafeToRetry
from orderhaven.core.order import WaitsFor
from orderhaven.ports.connector import Capability
from orderhaven.ports.marketplace import OrderSummary, SummaryPage
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.both_roles import PullingWithFaults
from orderhaven.testing.contract.commands import BASKET, ONE_MUG
from orderhaven.testing.contract.requirement import demand_tokens, expire_tokens, requires
from orderhaven.testing.contract.subject import Break, MarketplaceSubject, On, summaries_on
from orderhaven.testing.goods import MUG

A_DAY = timedelta(days=1)
A_POLL = timedelta(minutes=5)


class MarketplacePulling:
    @requires()
    async def test_where_nothing_is_open_a_pull_is_empty_and_has_a_cursor(self, subject: MarketplaceSubject) -> None:
        pulled, cursor = await subject.pull()

        assert pulled == {}
        assert cursor != ""

    @requires()
    async def test_the_first_pull_lists_everything_open(self, subject: MarketplaceSubject) -> None:
        refs = {subject.sandbox.sell(BASKET) for _ in range(3)}
        subject.clock.advance(A_DAY)

        pulled, _ = await subject.pull()

        assert set(pulled) == refs

    @requires()
    async def test_a_summary_says_when_and_how_many(self, subject: MarketplaceSubject) -> None:
        sold_at = subject.clock.now()
        ref = subject.sandbox.sell(BASKET)
        subject.clock.advance(timedelta(minutes=1))

        pulled, _ = await subject.pull()

        assert abs(pulled[ref].placed_at - sold_at) < timedelta(seconds=1)
        assert sorted(facts.ordered for facts in pulled[ref].lines) == [1, 2]
        assert sum(facts.open for facts in pulled[ref].lines) == 3

    @requires()
    async def test_a_summary_and_a_snapshot_name_the_same_lines(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)

        pulled, _ = await subject.pull()
        order = await subject.another().read(ref)

        assert {facts.ref: facts for facts in pulled[ref].lines} == {line.ref: line.quantities for line in order.lines}

    @requires()
    async def test_a_second_page_is_pulled(self, subject: MarketplaceSubject) -> None:
        refs = {subject.sandbox.sell(ONE_MUG) for _ in range(subject.page_size + 3)}

        pulled, _ = await subject.pull()

        assert set(pulled) == refs

    @requires()
    async def test_pages_that_shift_while_they_are_read_lose_no_order_for_two_pulls(
        self, subject: MarketplaceSubject
    ) -> None:
        refs = [subject.sandbox.sell(ONE_MUG) for _ in range(3 * subject.page_size)]
        subject.clock.advance(A_DAY)

        pages: list[SummaryPage] = []
        async for page in subject.another().pull(""):
            pages.append(page)
            subject.sandbox.ship_elsewhere(refs[-len(pages)])
            subject.sandbox.ship_elsewhere(refs[len(pages)])
        gone = {refs[-n] for n in range(1, len(pages) + 1)} | {refs[n] for n in range(1, len(pages) + 1)}
        subject.clock.advance(A_POLL)
        again, _ = await subject.pull(pages[-1].cursor)

        assert set(refs) - gone <= set(summaries_on(pages)) | set(again)

    @requires()
    async def test_pulling_twice_repeats_and_changes_no_trigger(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)
        first, cursor = await subject.pull()

        second, _ = await subject.pull(cursor)

        assert second.get(ref, first[ref]) == first[ref]

    @requires()
    async def test_the_cursor_is_the_same_on_every_page(self, subject: MarketplaceSubject) -> None:
        for _ in range(2 * subject.page_size + 1):
            subject.sandbox.sell(ONE_MUG)

        pages = []
        async for page in subject.another().pull(""):
            pages.append(page)
            subject.clock.advance(timedelta(minutes=1))

        assert {page.cursor for page in pages} == {pages[0].cursor}

    @requires()
    async def test_what_is_sold_while_pages_are_read_is_pulled_the_next_time(self, subject: MarketplaceSubject) -> None:
        for _ in range(2 * subject.page_size + 1):
            subject.sandbox.sell(ONE_MUG)

        late, cursor = "", ""
        async for page in subject.another().pull(""):
            late, cursor = late or subject.sandbox.sell(ONE_MUG), page.cursor
            subject.clock.advance(timedelta(minutes=30))
        pulled, _ = await subject.pull(cursor)

        assert late in pulled

    @requires()
    async def test_an_order_sold_between_two_pulls_is_pulled(self, subject: MarketplaceSubject) -> None:
        _, cursor = await subject.pull()
        subject.clock.advance(A_POLL)
        ref = subject.sandbox.sell(ONE_MUG)
        subject.clock.advance(A_POLL)

        pulled, _ = await subject.pull(cursor)

        assert ref in pulled

    @requires()
    async def test_an_order_sold_during_a_night_without_pulls_is_pulled(self, subject: MarketplaceSubject) -> None:
        _, cursor = await subject.pull()
        subject.clock.advance(timedelta(hours=1))
        ref = subject.sandbox.sell(ONE_MUG)
        subject.clock.advance(timedelta(hours=9))

        pulled, _ = await subject.pull(cursor)

        assert ref in pulled

    @requires()
    async def test_an_order_that_the_marketplace_cancels_is_pulled_or_read_as_cancelled(
        self, subject: MarketplaceSubject
    ) -> None:
        ref = subject.sandbox.sell(BASKET)

        summary = await pulled_after(subject, ref, subject.sandbox.cancel)

        assert sum(facts.cancelled for facts in summary.lines) == 3

    @requires()
    async def test_an_order_that_others_ship_is_pulled_as_shipped(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)

        summary = await pulled_after(subject, ref, lambda ref: subject.sandbox.ship_elsewhere(ref, "3SXYZA1234567"))

        assert sum(facts.shipped for facts in summary.lines) == 3

    @requires(Capability.FULFILMENT)
    async def test_orders_that_the_marketplace_ships_itself_are_marked(self, subject: MarketplaceSubject) -> None:
        ours = subject.sandbox.sell(ONE_MUG)
        theirs = subject.sandbox.sell(Basket([(MUG, 1)], by_marketplace=True))

        pulled, _ = await subject.pull()

        assert not any(facts.by_marketplace for facts in pulled[ours].lines)
        assert theirs not in pulled or all(facts.by_marketplace for facts in pulled[theirs].lines)
        assert (await subject.another().read(theirs)).by_marketplace

    @requires(Capability.CANCELLATION_REQUESTS)
    async def test_a_buyer_s_cancellation_request_is_pulled(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)

        summary = await pulled_after(subject, ref, subject.sandbox.request_cancellation)

        assert any(facts.cancellation_requested for facts in summary.lines)

    @requires(Capability.CANCELLATION_REQUESTS)
    async def test_a_cancellation_request_that_is_taken_back_is_pulled(self, subject: MarketplaceSubject) -> None:
        if subject.withdraw_cancellation_request is None:
            pytest.skip(f"at {subject.spec.title} a wish to cancel is not taken back")
        ref = subject.sandbox.sell(BASKET)
        subject.sandbox.request_cancellation(ref)

        summary = await pulled_after(subject, ref, subject.withdraw_cancellation_request)

        assert not any(facts.cancellation_requested for facts in summary.lines)

    @requires(Capability.ACCEPT)
    async def test_an_order_that_waits_for_a_yes_is_pulled_as_such(self, subject: MarketplaceSubject) -> None:
        assert subject.sell_unaccepted is not None
        ref = subject.sell_unaccepted(BASKET)

        pulled, _ = await subject.pull()

        assert pulled[ref].waits_for is WaitsFor.OUR_YES

    @requires(Capability.HOLDS_ORDERS)
    async def test_an_order_that_they_hold_is_pulled_as_such_and_once_more_when_it_is_released(
        self, subject: MarketplaceSubject
    ) -> None:
        ref = subject.sandbox.sell(replace(BASKET, waits_for=WaitsFor.THEIR_PAYMENT_CHECK))
        held, _ = await subject.pull()

        released = await pulled_after(subject, ref, subject.sandbox.release)

        assert held[ref].waits_for in (WaitsFor.THEIR_PAYMENT_CHECK, WaitsFor.THEIR_RELEASE)
        assert released.waits_for is WaitsFor.NOTHING
        assert (await subject.another().read(ref)).ship_to.is_known

    @requires(Capability.CHANGES_ORDERS)
    async def test_a_changed_address_shows_in_the_list_and_in_the_order(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)
        first, _ = await subject.pull()

        changed = await pulled_after(subject, ref, lambda ref: subject.sandbox.change_address(ref, {"street": "Kade"}))

        assert changed.fingerprint not in ("", first[ref].fingerprint)
        assert (await subject.another().read(ref)).ship_to.street == "Kade"

    @requires(Capability.CHANGES_ORDERS)
    async def test_a_changed_quantity_shows_in_the_list_and_in_the_order(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)
        first, _ = await subject.pull()

        changed = await pulled_after(subject, ref, lambda ref: subject.sandbox.change_quantity(ref, 3))

        assert changed.fingerprint not in ("", first[ref].fingerprint)
        assert (await subject.another().read(ref)).lines[0].quantities.ordered == 3

    @requires(Capability.CHANGES_ORDERS)
    async def test_what_happens_to_lines_is_no_change_of_the_order(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(BASKET)
        first, _ = await subject.pull()

        shipped = await pulled_after(subject, ref, subject.sandbox.ship_part)

        assert shipped.fingerprint == first[ref].fingerprint


class MarketplacePullingWithFaults(PullingWithFaults):
    async def since(self, subject: MarketplaceSubject) -> str:
        subject.sandbox.sell(ONE_MUG)
        return ""

    @requires()
    async def test_a_token_that_ends_between_two_pages_is_renewed(self, subject: MarketplaceSubject) -> None:
        refs = {subject.sandbox.sell(ONE_MUG) for _ in range(2 * subject.page_size + 1)}

        pages = []
        async for page in subject.another().pull(""):
            pages.append(page)
            expire_tokens(subject)

        assert set(summaries_on(pages)) == refs

    @requires()
    async def test_a_token_that_ended_is_renewed_for_a_snapshot(self, subject: MarketplaceSubject) -> None:
        ref = subject.sandbox.sell(ONE_MUG)
        marketplace = await subject.warm()
        expire_tokens(subject)

        order = await marketplace.read(ref)

        assert order.ref == ref

    @requires()
    async def test_many_questions_at_once_log_in_once(self, subject: MarketplaceSubject) -> None:
        demand_tokens(subject)
        refs = [subject.sandbox.sell(ONE_MUG) for _ in range(8)]
        marketplace = subject.another()

        orders = await asyncio.gather(*map(marketplace.read, refs))

        assert [order.ref for order in orders] == refs
        assert sum(map(subject.signs_in, subject.sandbox.calls)) == 1

    @requires()
    async def test_a_log_in_that_fails_is_not_tried_by_each_who_waits_for_it(self, subject: MarketplaceSubject) -> None:
        demand_tokens(subject)
        refs = [subject.sandbox.sell(ONE_MUG) for _ in range(8)]
        marketplace = subject.another()
        subject.break_with(Break.SERVER_ERROR, On.SIGN_IN)

        answers = await asyncio.gather(*map(marketplace.read, refs), return_exceptions=True)

        assert all(isinstance(answer, SafeToRetry) for answer in answers)
        assert sum(map(subject.signs_in, subject.sandbox.calls)) == 1

    @requires()
    async def test_a_log_in_that_is_back_is_used(self, subject: MarketplaceSubject) -> None:
        demand_tokens(subject)
        ref, marketplace = subject.sandbox.sell(ONE_MUG), subject.another()
        subject.break_with(Break.SERVER_ERROR, On.SIGN_IN)
        with pytest.raises(SafeToRetry):
            await marketplace.read(ref)
        subject.clear_faults()
        subject.clock.advance(timedelta(minutes=1))

        order = await marketplace.read(ref)

        assert order.ref == ref


async def pulled_after(subject: MarketplaceSubject, ref: str, happens: Callable[[str], object]) -> OrderSummary:
    """What a pull says of an order to which this happened since the pull before."""
    _, cursor = await subject.pull()
    subject.clock.advance(A_POLL)
    happens(ref)
    subject.clock.advance(timedelta(minutes=1))

    pulled, _ = await subject.pull(cursor)

    assert ref in pulled
    return pulled[ref]
