"""What a hearing and a reading of a shop say of what its merchant did."""

from datetime import timedelta

import pytest

from orderhaven.core.errors import RateLimited, Surprise, TryLater
from orderhaven.core.shop_order import ShopOrder, ShopState
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.contract.both_roles import CheckedAccount
from orderhaven.testing.contract.fact import expire_tokens, fact
from orderhaven.testing.contract.shop_orders import placed
from orderhaven.testing.contract.subject import Break, On, ShopSubject
from orderhaven.testing.goods import GIFT, LAMP, MUG

CODE = "3SABCD0123456"


class ShopReading:
    @fact()
    async def test_an_order_completed_with_a_code_is_read_so(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=CODE)

        assert order.state is ShopState.COMPLETED
        assert [each.code for each in order.codes] == [CODE]

    @fact()
    async def test_an_order_completed_bare_has_no_code(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)

        assert (order.state, order.codes) == (ShopState.COMPLETED, ())

    @fact()
    async def test_a_code_that_is_added_later_is_read(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)
        subject.clock.advance(timedelta(hours=1))
        subject.sandbox.add_code(order.shop_ref, CODE, "PostNL")

        order = await reading(subject, order.shop_ref)

        assert [each.code for each in order.codes] == [CODE]

    @fact()
    async def test_a_code_before_completion_is_read_and_the_order_is_open(self, subject: ShopSubject) -> None:
        order = (await placed(subject, await subject.warm())).order
        subject.sandbox.add_code(order.shop_ref, CODE, "PostNL")

        order = await reading(subject, order.shop_ref)

        assert (order.state, [each.code for each in order.codes]) == (ShopState.OPEN, [CODE])

    @fact()
    async def test_all_pieces_of_a_completed_order_left(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=CODE)

        assert order.pieces() == 3

    @fact()
    async def test_a_line_that_somebody_adds_is_read_without_our_mark_and_with_what_it_costs(
        self, subject: ShopSubject
    ) -> None:
        order = (await placed(subject, await subject.warm())).order
        subject.sandbox.stock([GIFT])
        subject.sandbox.add_line(order.shop_ref, GIFT, 3)
        subject.sandbox.add_line(order.shop_ref, MUG, 1, "12.95")

        lines = (await reading(subject, order.shop_ref)).lines

        ours, theirs = [line for line in lines if line.line_ref], [line for line in lines if not line.line_ref]
        assert ours == list(order.lines)
        assert [(line.sku, line.quantity) for line in theirs] == [(GIFT.sku, 3), (MUG.sku, 1)]
        assert [line.total is not None and line.total.is_zero for line in theirs] == [True, False]

    @fact()
    async def test_pieces_that_the_merchant_changes_are_read_on_our_line(self, subject: ShopSubject) -> None:
        order = (await placed(subject, await subject.warm())).order
        subject.sandbox.change_pieces(order.shop_ref, MUG.sku, 3)
        subject.sandbox.change_pieces(order.shop_ref, LAMP.sku, 0)

        (line,) = (await reading(subject, order.shop_ref)).lines

        assert (line.line_ref, line.quantity) == (order.lines[0].line_ref, 3)

    @fact()
    async def test_a_cancelled_order_is_read_so(self, subject: ShopSubject) -> None:
        order = (await placed(subject, await subject.warm())).order
        subject.sandbox.cancel(order.shop_ref)

        assert (await reading(subject, order.shop_ref)).state is ShopState.CANCELLED

    @fact()
    async def test_a_reopened_order_is_open(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)
        subject.sandbox.reopen(order.shop_ref)

        assert (await reading(subject, order.shop_ref)).state is ShopState.OPEN

    @fact()
    async def test_reading_twice_says_the_same(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=CODE)

        assert await reading(subject, order.shop_ref) == order

    @fact()
    async def test_many_orders_are_read_at_once(self, subject: ShopSubject) -> None:
        shop, most = await subject.warm(), min(subject.declaration.limits.orders_per_look, 60)
        refs = [(await placed(subject, shop)).order.shop_ref for _ in range(most)]

        assert set(await shop.read(refs)) == set(refs)


class ShopHearing(CheckedAccount):
    @fact()
    async def test_the_first_hearing_begins_now(self, subject: ShopSubject) -> None:
        await placed(subject, await subject.warm())
        subject.clock.advance(timedelta(days=1))

        heard, cursor = await subject.hear()

        assert heard == {}
        assert cursor != ""

    @fact()
    async def test_what_the_merchant_did_is_heard(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        orders = [(await placed(subject, shop)).order.shop_ref for _ in range(3)]
        _, cursor = await subject.hear()
        subject.clock.advance(timedelta(hours=2))
        subject.sandbox.complete(orders[0], CODE, "PostNL")
        subject.sandbox.cancel(orders[1])
        subject.clock.advance(timedelta(minutes=1))

        heard, _ = await subject.hear(cursor)

        assert [heard[ref].state for ref in orders[:2]] == [ShopState.COMPLETED, ShopState.CANCELLED]
        assert [each.code for each in heard[orders[0]].codes] == [CODE]

    @fact()
    async def test_a_change_in_the_same_second_as_the_last_hearing_is_heard(self, subject: ShopSubject) -> None:
        order = (await placed(subject, await subject.warm())).order
        subject.clock.advance(timedelta(hours=1))
        _, cursor = await subject.hear()
        subject.sandbox.complete(order.shop_ref)
        subject.clock.advance(timedelta(minutes=5))

        heard, _ = await subject.hear(cursor)

        assert heard[order.shop_ref].state is ShopState.COMPLETED

    @fact()
    async def test_changes_beyond_one_page_are_heard(self, subject: ShopSubject) -> None:
        refs, cursor = await many_completed(subject)

        heard, _ = await subject.hear(cursor)

        assert {ref for ref, order in heard.items() if order.state is ShopState.COMPLETED} == set(refs)

    @fact()
    async def test_a_hearing_that_breaks_off_goes_on_from_its_position_and_ends_with_its_own_cursor(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject, apart=timedelta(seconds=1))
        first = await anext(subject.another().hear(cursor))
        subject.clock.advance(timedelta(hours=3))

        rest, ends_with = await subject.hear(first.position)

        # from the clock of its own first question: what changed while nobody listened is overlapped from there
        assert (first.position != "", ends_with) == (True, first.cursor)
        assert {order.shop_ref for order in first.orders} | set(rest) >= set(refs)
        assert len(rest) < len(refs)

    @fact()
    async def test_pages_that_shift_while_they_are_read_lose_no_change_for_two_hearings(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject)
        heard: dict[str, ShopOrder] = {}

        async for page in subject.another().hear(cursor):
            heard |= {order.shop_ref: order for order in page.orders}
            subject.clock.advance(timedelta(seconds=1))
            subject.sandbox.add_code(refs[0], f"{CODE}{len(heard)}")
            last = page.cursor
        subject.clock.advance(timedelta(minutes=5))
        again, _ = await subject.hear(last)

        assert set(refs) <= set(heard) | set(again)

    @fact()
    async def test_the_cursor_is_the_same_on_every_page_and_reaches_back_to_the_first_request(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject)
        subject.clock.advance(timedelta(minutes=30))

        pages: list[ShopPage] = []
        async for page in subject.another().hear(cursor):
            subject.sandbox.reopen(refs[len(pages)])
            pages.append(page)
            subject.clock.advance(timedelta(minutes=30))
        heard, _ = await subject.hear(pages[0].cursor)

        assert {page.cursor for page in pages} == {pages[0].cursor}
        assert {heard[ref].state for ref in refs[: len(pages)]} == {ShopState.OPEN}

    @fact()
    async def test_other_people_s_orders_are_heard_without_a_reference(self, subject: ShopSubject) -> None:
        await subject.warm()
        subject.sandbox.stock([MUG])
        _, cursor = await subject.hear()
        subject.clock.advance(timedelta(minutes=1))
        ref = subject.sandbox.enter_by_other_tool(BASKET_OF_ONE, "OTHER-1")

        heard, _ = await subject.hear(cursor)

        assert heard[ref].reference == ""
        assert heard[ref].pieces() == 1

    @fact()
    async def test_a_hearing_that_is_too_much_for_now_says_how_long_to_wait(self, subject: ShopSubject) -> None:
        _, cursor = await subject.hear()
        shop = await subject.warm()
        subject.rate_limit(timedelta(seconds=11), On.ALL)

        with pytest.raises(RateLimited) as slowed:
            [page async for page in shop.hear(cursor)]

        assert slowed.value.after == timedelta(seconds=11)

    @pytest.mark.parametrize("broken", list(Break))
    @fact()
    async def test_a_hearing_of_a_broken_shop_is_never_empty(self, subject: ShopSubject, broken: Break) -> None:
        _, cursor = await subject.hear()
        shop = await subject.warm()
        subject.break_with(broken, On.ALL)

        with pytest.raises((TryLater, Surprise)):
            [page async for page in shop.hear(cursor)]

    @fact()
    async def test_a_token_that_ended_is_renewed_for_a_reading(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = (await placed(subject, shop)).order
        expire_tokens(subject)

        assert order.shop_ref in await shop.read([order.shop_ref])


BASKET_OF_ONE = Basket([(MUG, 1)])


async def worked_on(subject: ShopSubject, code: str = "") -> ShopOrder:
    """An order that the merchant completed, as it is read then."""
    order = (await placed(subject, await subject.warm())).order
    subject.clock.advance(timedelta(hours=1))
    subject.sandbox.complete(order.shop_ref, code, "PostNL" if code else "")
    return await reading(subject, order.shop_ref)


async def reading(subject: ShopSubject, shop_ref: str) -> ShopOrder:
    read: dict[str, ShopOrder] = await subject.another().read([shop_ref])
    return read[shop_ref]


async def many_completed(subject: ShopSubject, apart: timedelta = timedelta(0)) -> tuple[list[str], str]:
    """More orders than one page holds, completed after a hearing of which this is the cursor."""
    shop = await subject.warm()
    refs = [(await placed(subject, shop)).order.shop_ref for _ in range(2 * subject.page_size + 3)]
    subject.clock.advance(timedelta(hours=1))
    _, cursor = await subject.hear()
    subject.clock.advance(timedelta(hours=1))
    for ref in refs:
        subject.sandbox.complete(ref)
        subject.clock.advance(apart)
    return refs, cursor
