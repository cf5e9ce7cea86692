"""What a pull and a read of a shop say of what its merchant did."""

from datetime import timedelta

from orderhaven.core.shop_order import ShopOrderSnapshot, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.contract.both_roles import PullingWithFaults
from orderhaven.testing.contract.commands import TRACKING_NUMBER
from orderhaven.testing.contract.requirement import expire_tokens, requires
from orderhaven.testing.contract.shop_orders import placed
from orderhaven.testing.contract.subject import ShopSubject
from orderhaven.testing.goods import GIFT, LAMP, MUG, many_articles


class ShopReading:
    @requires()
    async def test_an_order_completed_with_a_tracking_number_is_read_so(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=TRACKING_NUMBER)

        assert order.state is ShopState.COMPLETED
        assert [each.number for each in order.tracking] == [TRACKING_NUMBER]

    @requires()
    async def test_an_order_completed_untracked_has_no_tracking_number(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)

        assert (order.state, order.tracking) == (ShopState.COMPLETED, ())

    @requires()
    async def test_a_tracking_number_that_is_added_later_is_read(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)
        subject.clock.advance(timedelta(hours=1))
        subject.sandbox.add_tracking(order.shop_ref, TRACKING_NUMBER, "PostNL")

        order = await snapshot(subject, order.shop_ref)

        assert [each.number for each in order.tracking] == [TRACKING_NUMBER]

    @requires()
    async def test_a_tracking_number_before_completion_is_read_and_the_order_is_open(
        self, subject: ShopSubject
    ) -> None:
        order = await placed(subject, await subject.warm())
        subject.sandbox.add_tracking(order.shop_ref, TRACKING_NUMBER, "PostNL")

        order = await snapshot(subject, order.shop_ref)

        assert (order.state, [each.number for each in order.tracking]) == (ShopState.OPEN, [TRACKING_NUMBER])

    @requires()
    async def test_all_pieces_of_a_completed_order_left(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=TRACKING_NUMBER)

        assert order.quantity() == 3

    @requires(Capability.EDIT_ORDERS)
    async def test_a_line_that_somebody_adds_is_read_without_our_mark_and_with_what_it_costs(
        self, subject: ShopSubject
    ) -> None:
        order = await placed(subject, await subject.warm())
        subject.sandbox.stock([GIFT])
        subject.sandbox.add_line(order.shop_ref, GIFT, 3)
        subject.sandbox.stock([OTHER])
        subject.sandbox.add_line(order.shop_ref, OTHER, 1, "12.95")

        lines = (await snapshot(subject, order.shop_ref)).lines

        ours, theirs = [line for line in lines if line.line_ref], [line for line in lines if not line.line_ref]
        assert ours == list(order.lines)
        assert [(line.sku, line.quantity) for line in theirs] == [(GIFT.sku, 3), (OTHER.sku, 1)]
        assert [line.total is not None and line.total.is_zero for line in theirs] == [True, False]

    @requires(Capability.EDIT_ORDERS)
    async def test_pieces_that_the_merchant_changes_are_read_on_our_line(self, subject: ShopSubject) -> None:
        order = await placed(subject, await subject.warm())
        subject.sandbox.change_quantity(order.shop_ref, MUG.sku, 3)
        subject.sandbox.change_quantity(order.shop_ref, LAMP.sku, 0)

        (line,) = (await snapshot(subject, order.shop_ref)).lines

        assert (line.line_ref, line.quantity) == (order.lines[0].line_ref, 3)

    @requires()
    async def test_a_cancelled_order_is_read_so(self, subject: ShopSubject) -> None:
        order = await placed(subject, await subject.warm())
        subject.sandbox.cancel(order.shop_ref)

        assert (await snapshot(subject, order.shop_ref)).state is ShopState.CANCELLED

    @requires(Capability.REOPEN_ORDERS)
    async def test_a_reopened_order_is_open(self, subject: ShopSubject) -> None:
        order = await worked_on(subject)
        subject.sandbox.reopen(order.shop_ref)

        assert (await snapshot(subject, order.shop_ref)).state is ShopState.OPEN

    @requires()
    async def test_reading_twice_says_the_same(self, subject: ShopSubject) -> None:
        order = await worked_on(subject, code=TRACKING_NUMBER)

        assert await snapshot(subject, order.shop_ref) == order

    @requires()
    async def test_many_orders_are_read_at_once(self, subject: ShopSubject) -> None:
        shop, most = await subject.warm(), min(subject.spec.limits.orders_per_lookup, 60)
        refs = [(await placed(subject, shop)).shop_ref for _ in range(most)]

        assert set(await shop.read(refs)) == set(refs)


class ShopPulling(PullingWithFaults):
    async def since(self, subject: ShopSubject) -> str:
        return (await subject.pull())[1]

    @requires()
    async def test_the_first_pull_begins_now(self, subject: ShopSubject) -> None:
        await placed(subject, await subject.warm())
        subject.clock.advance(timedelta(days=1))

        pulled, cursor = await subject.pull()

        assert pulled == {}
        assert cursor != ""

    @requires()
    async def test_what_the_merchant_did_is_pulled(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        orders = [(await placed(subject, shop)).shop_ref for _ in range(3)]
        _, cursor = await subject.pull()
        subject.clock.advance(timedelta(hours=2))
        subject.sandbox.complete(orders[0], TRACKING_NUMBER, "PostNL")
        subject.sandbox.cancel(orders[1])
        subject.clock.advance(timedelta(minutes=1))

        pulled, _ = await subject.pull(cursor)

        assert [pulled[ref].state for ref in orders[:2]] == [ShopState.COMPLETED, ShopState.CANCELLED]
        assert [each.number for each in pulled[orders[0]].tracking] == [TRACKING_NUMBER]

    @requires()
    async def test_a_change_in_the_same_second_as_the_last_pull_is_pulled(self, subject: ShopSubject) -> None:
        order = await placed(subject, await subject.warm())
        subject.clock.advance(timedelta(hours=1))
        _, cursor = await subject.pull()
        subject.sandbox.complete(order.shop_ref)
        subject.clock.advance(timedelta(minutes=5))

        pulled, _ = await subject.pull(cursor)

        assert pulled[order.shop_ref].state is ShopState.COMPLETED

    @requires()
    async def test_changes_beyond_one_page_are_pulled(self, subject: ShopSubject) -> None:
        refs, cursor = await many_completed(subject)

        pulled, _ = await subject.pull(cursor)

        assert {ref for ref, order in pulled.items() if order.state is ShopState.COMPLETED} == set(refs)

    @requires()
    async def test_a_pull_that_breaks_off_goes_on_from_its_position_and_ends_with_its_own_cursor(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject, apart=timedelta(seconds=1))
        first = await anext(subject.another().pull(cursor))
        subject.clock.advance(timedelta(hours=3))

        rest, ends_with = await subject.pull(first.position)

        # from the clock of its own first question: what changed while nobody listened is overlapped from there
        assert (first.position != "", ends_with) == (True, first.cursor)
        assert {order.shop_ref for order in first.orders} | set(rest) >= set(refs)
        assert len(rest) < len(refs)

    @requires()
    async def test_pages_that_shift_while_they_are_read_lose_no_change_for_two_pulls(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject)
        pulled: dict[str, ShopOrderSnapshot] = {}

        async for page in subject.another().pull(cursor):
            pulled |= {order.shop_ref: order for order in page.orders}
            subject.clock.advance(timedelta(seconds=1))
            subject.sandbox.add_tracking(refs[0], f"{TRACKING_NUMBER}{len(pulled)}")
            last = page.cursor
        subject.clock.advance(timedelta(minutes=5))
        again, _ = await subject.pull(last)

        assert set(refs) <= set(pulled) | set(again)

    @requires(Capability.REOPEN_ORDERS)
    async def test_the_cursor_is_the_same_on_every_page_and_reaches_back_to_the_first_request(
        self, subject: ShopSubject
    ) -> None:
        refs, cursor = await many_completed(subject)
        subject.clock.advance(timedelta(minutes=30))

        pages: list[ShopPage] = []
        async for page in subject.another().pull(cursor):
            subject.sandbox.reopen(refs[len(pages)])
            pages.append(page)
            subject.clock.advance(timedelta(minutes=30))
        pulled, _ = await subject.pull(pages[0].cursor)

        assert {page.cursor for page in pages} == {pages[0].cursor}
        assert {pulled[ref].state for ref in refs[: len(pages)]} == {ShopState.OPEN}

    @requires()
    async def test_other_people_s_orders_are_pulled_without_a_reference(self, subject: ShopSubject) -> None:
        await subject.warm()
        subject.sandbox.stock([MUG])
        _, cursor = await subject.pull()
        subject.clock.advance(timedelta(minutes=1))
        ref = subject.sandbox.create_by_other_tool(BASKET_OF_ONE, "OTHER-1")

        pulled, _ = await subject.pull(cursor)

        assert pulled[ref].reference == ""
        assert pulled[ref].quantity() == 1

    @requires()
    async def test_a_token_that_ended_is_renewed_for_a_snapshot(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)
        expire_tokens(subject)

        assert order.shop_ref in await shop.read([order.shop_ref])


BASKET_OF_ONE = Basket([(MUG, 1)])
(OTHER,) = many_articles(1)


async def worked_on(subject: ShopSubject, code: str = "") -> ShopOrderSnapshot:
    """An order that the merchant completed, as it is read then."""
    order = await placed(subject, await subject.warm())
    subject.clock.advance(timedelta(hours=1))
    subject.sandbox.complete(order.shop_ref, code, "PostNL" if code else "")
    return await snapshot(subject, order.shop_ref)


async def snapshot(subject: ShopSubject, shop_ref: str) -> ShopOrderSnapshot:
    read: dict[str, ShopOrderSnapshot] = await subject.another().read([shop_ref])
    return read[shop_ref]


async def many_completed(subject: ShopSubject, apart: timedelta = timedelta(0)) -> tuple[list[str], str]:
    """More orders than one page holds, completed after a pull of which this is the cursor."""
    shop = await subject.warm()
    refs = [(await placed(subject, shop)).shop_ref for _ in range(2 * subject.page_size + 3)]
    subject.clock.advance(timedelta(hours=1))
    _, cursor = await subject.pull()
    subject.clock.advance(timedelta(hours=1))
    for ref in refs:
        subject.sandbox.complete(ref)
        subject.clock.advance(apart)
    return refs, cursor
