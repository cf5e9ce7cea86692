"""What holds for creating and cancelling alike: one request, in time, and a verification that says what became of it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from orderhaven.core.errors import OrderMissing, OutcomeUnknown, SafeToRetry
from orderhaven.core.shop_order import ShopOrderDraft, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.ports.shop import Shop
from orderhaven.testing.contract.both_roles import EveryCommand
from orderhaven.testing.contract.requirement import expire_tokens, requires
from orderhaven.testing.contract.shop_orders import placed, prepared
from orderhaven.testing.contract.subject import Break, Lost, On, ShopSubject

Target = ShopOrderDraft | str  # to create, or the shop_ref of an order to cancel


@dataclass(frozen=True, slots=True)
class ShopCase:
    name: str  # of the shop's method
    needs: tuple[Capability, ...]
    prepare: Callable[[ShopSubject, Shop], Awaitable[Target]]
    times_done: Callable[[ShopSubject, Target], Awaitable[int]]  # as the connector finds it

    async def run(self, shop: Shop, what: Target, not_after: datetime) -> None:
        await getattr(shop, self.name)(what, not_after=not_after)


async def _times_placed(subject: ShopSubject, what: Target) -> int:
    assert isinstance(what, ShopOrderDraft)
    standing = [order for order in subject.sandbox.orders() if order.reference == what.reference]
    found = (await subject.another().find([what.reference])).get(what.reference, ())
    assert len(found) == len(standing), "what stands in the shop is not what is found there"
    return len(found)


async def _to_cancel(subject: ShopSubject, shop: Shop) -> Target:
    return (await placed(subject, shop)).order.shop_ref


async def _times_cancelled(subject: ShopSubject, what: Target) -> int:
    assert isinstance(what, str)
    order = (await subject.another().read([what]))[what]
    return int(order.state is ShopState.CANCELLED)


CASES = (
    ShopCase("create", (), prepared, _times_placed),
    ShopCase("cancel", (Capability.CANCEL,), _to_cancel, _times_cancelled),
)


class ShopCommands(EveryCommand):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> ShopCase:
        case: ShopCase = request.param
        return case

    @requires()
    async def test_a_command_is_exactly_one_request(self, subject: ShopSubject, case: ShopCase) -> None:
        shop = await subject.warm()
        what = await case.prepare(subject, shop)
        before = len(subject.sandbox.calls)

        await case.run(shop, what, subject.soon())

        assert len(subject.requests(subject.sandbox.calls[before:])) == 1
        assert await case.times_done(subject, what) == 1

    @pytest.mark.parametrize("too_late", [timedelta(0), timedelta(seconds=1)], ids=["at", "after"])
    @requires()
    async def test_a_command_at_or_after_its_last_moment_sends_nothing(
        self, subject: ShopSubject, case: ShopCase, too_late: timedelta
    ) -> None:
        shop = await subject.warm()
        what = await case.prepare(subject, shop)
        before = len(subject.sandbox.calls)

        with pytest.raises(SafeToRetry):
            await case.run(shop, what, subject.clock.now() - too_late)

        assert subject.requests(subject.sandbox.calls[before:]) == []

    @pytest.mark.parametrize(("lost", "times"), [(Lost.BEFORE, 0), (Lost.AFTER, 1)], ids=["before", "after"])
    @requires()
    async def test_a_lost_reply_is_unconfirmed_and_a_verification_says_what_happened(
        self, subject: ShopSubject, case: ShopCase, lost: Lost, times: int
    ) -> None:
        shop = await subject.warm()
        what = await case.prepare(subject, shop)
        subject.lose_reply(lost)

        with pytest.raises(OutcomeUnknown):
            await case.run(shop, what, subject.soon())

        subject.clock.advance(subject.spec.limits.visibility_delay)
        assert await case.times_done(subject, what) == times

    @requires()
    async def test_an_unreadable_answer_to_a_command_is_never_taken_for_a_no(
        self, subject: ShopSubject, case: ShopCase
    ) -> None:
        shop = await subject.warm()
        what = await case.prepare(subject, shop)
        subject.break_with(Break.GARBAGE, On.COMMANDS)

        # an answer whose body says nothing may be taken for a yes: then there is no error
        with suppress(OutcomeUnknown):
            await case.run(shop, what, subject.soon())

        subject.clear_faults()
        assert await case.times_done(subject, what) == 1

    @requires()
    async def test_a_command_with_an_expired_token_happens_now_or_the_next_time_and_once(
        self, subject: ShopSubject, case: ShopCase
    ) -> None:
        shop = await subject.warm()
        what = await case.prepare(subject, shop)
        expire_tokens(subject)

        try:
            await case.run(shop, what, subject.soon())
        except SafeToRetry:
            assert await case.times_done(subject, what) == 0
            await case.run(shop, what, subject.soon())

        assert await case.times_done(subject, what) == 1

    @requires(Capability.CANCEL)
    async def test_cancelling_twice_is_success(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = (await placed(subject, shop)).order

        await shop.cancel(order.shop_ref, not_after=subject.soon())
        await shop.cancel(order.shop_ref, not_after=subject.soon())

        assert (await shop.read([order.shop_ref]))[order.shop_ref].state is ShopState.CANCELLED

    @requires(Capability.CANCEL)
    async def test_cancelling_an_order_that_is_gone_says_that_it_is_missing(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = (await placed(subject, shop)).order
        subject.sandbox.delete(order.shop_ref)

        with pytest.raises(OrderMissing):
            await shop.cancel(order.shop_ref, not_after=subject.soon())
