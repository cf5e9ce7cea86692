"""How an order and a product are found again in the shop: exactly, or not at all."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from orderhaven.core.errors import SafeToRetry, UnexpectedResponse
from orderhaven.core.shop_order import ProductQuery, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.shop_orders import created, found_by, placed, to_create
from orderhaven.testing.contract.subject import Break, On, ShopSubject
from orderhaven.testing.goods import GIFT, LAMP, MUG, many_articles

REFERENCE = "orh-1-4321000"


class ShopLookups:
    @requires(Capability.FIND_BY_REFERENCE)
    async def test_a_created_order_is_found_by_its_reference(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop, reference=REFERENCE)

        found = await subject.another().find([REFERENCE])

        assert [each.shop_ref for each in found[REFERENCE]] == [order.shop_ref]
        assert (found[REFERENCE][0].total, found[REFERENCE][0].reference) == (order.total, REFERENCE)

    @pytest.mark.parametrize("other", ["orh-1-432100", "rh-1-4321000", "orh-1-43210001", "ORH-1-4321000", "4321000"])
    @requires()
    async def test_a_reference_that_only_looks_alike_is_not_found(self, subject: ShopSubject, other: str) -> None:
        shop = await subject.warm()
        await placed(subject, shop, reference=REFERENCE)

        assert await shop.find([other]) == {}

    @requires(Capability.FIND_BY_REFERENCE)
    async def test_many_references_are_found_at_once_and_strange_ones_are_absent(self, subject: ShopSubject) -> None:
        shop, most = await subject.warm(), min(subject.spec.limits.orders_per_lookup, 50)
        references = [f"{REFERENCE}{n:03d}" for n in range(most)]
        for reference in references[1:]:
            await placed(subject, shop, reference=reference)

        found = await shop.find(references)

        assert set(found) == set(references[1:])

    @requires(Capability.FIND_BY_REFERENCE)
    async def test_an_order_created_twice_is_found_twice_and_the_oldest_first(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        first = await placed(subject, shop, reference=REFERENCE)
        subject.clock.advance(timedelta(seconds=1))
        second = await placed(subject, shop, reference=REFERENCE)

        found = await shop.find([REFERENCE])

        assert [each.shop_ref for each in found[REFERENCE]] == [first.shop_ref, second.shop_ref]

    @requires(Capability.FIND_BY_REFERENCE, Capability.TRASH_ORDERS)
    async def test_an_order_in_the_trash_is_found_there(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop, reference=REFERENCE)
        subject.sandbox.trash(order.shop_ref)

        found = await shop.find([REFERENCE])

        assert [each.state for each in found[REFERENCE]] == [ShopState.TRASHED]

    @requires(Capability.TRASH_ORDERS)
    async def test_an_order_in_the_trash_is_read_as_trashed(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)
        subject.sandbox.trash(order.shop_ref)

        read = await shop.read([order.shop_ref])

        assert read[order.shop_ref].state is ShopState.TRASHED

    @requires(Capability.DELETE_ORDERS)
    async def test_a_deleted_order_is_read_as_gone_beside_one_that_stands(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        kept, deleted = await placed(subject, shop), await placed(subject, shop)
        subject.sandbox.delete(deleted.shop_ref)

        read = await shop.read([kept.shop_ref, deleted.shop_ref])

        assert {key: order.state for key, order in read.items()} == {
            kept.shop_ref: ShopState.OPEN,
            deleted.shop_ref: ShopState.GONE,
        }
        assert read[deleted.shop_ref].total is None

    @requires()
    async def test_nothing_is_asked_where_nothing_is_verified(self, subject: ShopSubject) -> None:
        shop = await subject.warm()

        assert (await shop.find([]), await shop.read([]), await shop.find_products([])) == ({}, {}, {})

    @pytest.mark.parametrize("broken", list(Break))
    @requires(Capability.FIND_BY_REFERENCE)
    async def test_a_verification_in_a_broken_shop_never_finds_nothing(
        self, subject: ShopSubject, broken: Break
    ) -> None:
        shop = await subject.warm()
        await placed(subject, shop, reference=REFERENCE)
        subject.break_with(broken, On.ALL)

        with pytest.raises((SafeToRetry, UnexpectedResponse)):
            await shop.find([REFERENCE])

    @pytest.mark.parametrize("broken", list(Break))
    @requires()
    async def test_an_order_is_not_gone_because_the_shop_is_broken(self, subject: ShopSubject, broken: Break) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)
        subject.break_with(broken, On.ALL)

        with pytest.raises((SafeToRetry, UnexpectedResponse)):
            await shop.read([order.shop_ref])

    @requires()
    async def test_products_are_found_by_exact_sku(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        subject.sandbox.stock([MUG, LAMP])
        mug, part_of_it = ProductQuery(MUG.sku, ""), ProductQuery(MUG.sku[:-1], "")

        found = await shop.find_products([mug, part_of_it])

        assert set(found) == {mug}

    @requires()
    async def test_a_sku_in_other_capitals_is_found_where_only_one_could_be_meant(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        subject.sandbox.stock([replace(MUG, sku="abc-1", ean=""), replace(LAMP, sku="Lamp", ean="")])
        subject.sandbox.stock([replace(LAMP, sku="lamp", ean=""), replace(GIFT, sku="GIFT", ean="")])
        subject.sandbox.stock([replace(GIFT, sku="gift", ean="")])
        only, either, exact, same = (ProductQuery(sku, "") for sku in ("ABC-1", "LAMP", "GIFT", "abc-1"))

        found = await shop.find_products([only, either, exact, same])

        assert set(found) == {only, exact, same}
        assert found[only] == found[same] != found[exact]

    @requires()
    async def test_an_unknown_product_is_absent(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        subject.sandbox.stock([MUG])

        found = await shop.find_products([ProductQuery(GIFT.sku, GIFT.ean)])

        assert found == {}

    @requires(Capability.FIND_PRODUCTS_BY_EAN)
    async def test_a_product_without_our_sku_is_found_by_ean(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        subject.sandbox.stock([MUG, LAMP])
        by_sku, other_sku, no_sku = (
            ProductQuery(LAMP.sku, ""),
            ProductQuery("OTHER-9", LAMP.ean),
            ProductQuery("", LAMP.ean),
        )

        found = await shop.find_products([by_sku, other_sku, no_sku])

        assert found == dict.fromkeys([by_sku, other_sku, no_sku], found[by_sku])

    @requires(Capability.FIND_PRODUCTS_BY_EAN)
    async def test_the_sku_counts_before_the_ean(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        subject.sandbox.stock([MUG, LAMP])
        mixed, mug = ProductQuery(MUG.sku, LAMP.ean), ProductQuery(MUG.sku, "")

        found = await shop.find_products([mixed, mug])

        assert found[mixed] == found[mug]

    @requires()
    async def test_many_products_are_found_at_once(self, subject: ShopSubject) -> None:
        shop, articles = await subject.warm(), many_articles(120)
        subject.sandbox.stock(articles)
        wanted = [ProductQuery(article.sku, article.ean) for article in articles]

        found = await shop.find_products(wanted)

        assert set(found) == set(wanted)
        assert len(set(found.values())) == 120

    @requires()
    async def test_a_repeated_placement_stands_under_one_reference_only(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        first, second = await to_create(subject, shop), await to_create(subject, shop)
        for order_draft in (first, second):
            await created(subject, shop, order_draft)

        found = await found_by(shop, first, second)

        assert [len(found[each.reference]) for each in (first, second)] == [1, 1]
