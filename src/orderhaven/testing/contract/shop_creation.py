"""What stands in the shop after an order was created in it."""

import pytest
from msgspec.structs import replace

from orderhaven.core.errors import CurrencyRefused, OrderProblem
from orderhaven.core.money import Money
from orderhaven.core.shop_order import ShopOrderSnapshot, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.shop_orders import (
    BASKET,
    cancellation_of,
    created,
    drafted,
    found_by,
    placed,
    prepared,
    to_create,
)
from orderhaven.testing.contract.subject import ShopSubject
from orderhaven.testing.goods import LAMP, MUG
from orderhaven.testing.hostile import HOSTILE


class ShopCreation:
    @requires()
    async def test_a_created_order_is_open_and_ours(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order_draft = await to_create(subject, shop)

        order = await created(subject, shop, order_draft)

        assert (order.state, order.reference) == (ShopState.OPEN, order_draft.reference)
        assert order.shop_ref in {each.shop_ref for each in subject.sandbox.orders()}

    @requires()
    async def test_a_created_order_has_exactly_its_lines(self, subject: ShopSubject) -> None:
        shop = await subject.warm()

        order = await placed(subject, shop)

        assert quantities(order) == {MUG.sku: 2, LAMP.sku: 1}

    @requires()
    async def test_a_created_line_knows_its_product_and_our_line(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order_draft = await to_create(subject, shop)

        order = await created(subject, shop, order_draft)

        assert {line.line_ref: line.product_ref for line in order.lines} == order_draft.products

    @pytest.mark.parametrize("discount", ["0.00", "0.01", "4.07"])
    @pytest.mark.parametrize("order_discount", ["0.00", "3.33"])
    @requires(Capability.SETS_PRICES)
    async def test_the_total_comes_back_to_the_cent(
        self, subject: ShopSubject, discount: str, order_discount: str
    ) -> None:
        shop = await subject.warm()
        basket = Basket([(MUG, 3), (LAMP, 7)], discount=discount)
        order_draft = await drafted(subject, shop, basket, order_discount=order_discount)

        order = await created(subject, shop, await prepared(subject, shop, order_draft))

        assert order.total == order_draft.total
        assert [Money.of(each.total, "EUR") for each in subject.sandbox.orders()] == [order_draft.total]

    @requires()
    async def test_an_order_whose_prices_the_shop_cannot_take_is_a_problem_and_is_not_made(
        self, subject: ShopSubject
    ) -> None:
        if Capability.SETS_PRICES in subject.spec.capabilities:
            pytest.skip(f"{subject.spec.title} takes any price")
        shop = await subject.warm()
        order_draft = await drafted(subject, shop, Basket([(MUG, 3)], discount="0.01"))

        with pytest.raises(OrderProblem):
            await created(subject, shop, await prepared(subject, shop, order_draft))

        assert list(subject.sandbox.orders()) == []

    @requires()
    async def test_less_than_was_ordered_can_be_created(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        discount = "1.00" if Capability.SETS_PRICES in subject.spec.capabilities else "0.00"
        order_draft = await drafted(subject, shop, Basket([(MUG, 3)], discount=discount))
        order_draft = replace(order_draft, quantities=dict.fromkeys(order_draft.quantities, 2))

        order = await created(subject, shop, await prepared(subject, shop, order_draft))

        assert (quantities(order), order.total) == ({MUG.sku: 2}, order_draft.total)

    @requires()
    async def test_stock_goes_down_once(self, subject: ShopSubject) -> None:
        shop = await subject.warm()

        order = await placed(subject, shop)
        await shop.read([order.shop_ref])

        assert (subject.sandbox.stock_of(MUG.sku), subject.sandbox.stock_of(LAMP.sku)) == (998, 999)

    @requires()
    async def test_a_cancelled_order_gives_its_stock_back_or_keeps_it_but_never_more(
        self, subject: ShopSubject
    ) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)

        for _ in range(2):
            await shop.cancel(cancellation_of(order.shop_ref), not_after=subject.soon())

        assert subject.sandbox.stock_of(MUG.sku) in (998, 1000)

    @requires(Capability.FULFILLED_BY_MARKETPLACE)
    async def test_an_order_that_the_marketplace_delivers_is_completed_and_takes_no_stock(
        self, subject: ShopSubject
    ) -> None:
        shop = await subject.warm()
        order_draft = replace(await drafted(subject, shop), fulfilled_by_marketplace=True)

        order = await created(subject, shop, await prepared(subject, shop, order_draft))

        [snapshot] = (await shop.read([order.shop_ref])).values()
        assert snapshot.state is ShopState.COMPLETED
        assert subject.sandbox.stock_of(MUG.sku) == 1000

    @requires()
    async def test_a_currency_that_the_shop_does_not_sell_in_is_refused(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order_draft = await drafted(subject, shop, replace(BASKET, currency=subject.foreign_currency))

        with pytest.raises(CurrencyRefused):
            await shop.create(await prepared(subject, shop, order_draft), not_after=subject.soon())

        assert list(subject.sandbox.orders()) == []

    @requires()
    async def test_a_product_that_went_away_makes_no_order_or_a_line_without_it(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order_draft = await drafted(subject, shop)
        order_draft = replace(order_draft, products=dict.fromkeys(order_draft.products, "999999"))

        # some shops take a line for a product that they do not have: then its line says so
        try:
            order = await created(subject, shop, await prepared(subject, shop, order_draft))
        except OrderProblem:
            assert list(subject.sandbox.orders()) == []
        else:
            assert quantities(order) != {MUG.sku: 2, LAMP.sku: 1}

    @pytest.mark.parametrize("name", list(HOSTILE))
    @requires()
    async def test_a_hostile_order_is_created_unchanged_and_found(self, subject: ShopSubject, name: str) -> None:
        if name in subject.unsupported_texts:
            pytest.skip(f"{subject.spec.title} has no room for: {name}")
        shop, basket = await subject.warm(), HOSTILE[name]
        if basket.discount != "0.00" and Capability.SETS_PRICES not in subject.spec.capabilities:
            pytest.skip(f"{subject.spec.title} takes its own prices only")
        order_draft = await to_create(subject, shop, basket)

        await created(subject, shop, order_draft)

        [found] = (await found_by(subject.another(), order_draft))[order_draft.reference]
        assert quantities(found) == {article.sku: count for article, count in basket.lines}
        assert found.total == order_draft.total


def quantities(order: ShopOrderSnapshot) -> dict[str, int]:
    return {line.sku: line.quantity for line in order.lines}
