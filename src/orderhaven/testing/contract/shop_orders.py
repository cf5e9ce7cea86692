"""Drafts for the shop suite: an order as a marketplace has it, with the shop's products looked up."""

from itertools import count

from msgspec.structs import replace

from orderhaven.core.money import Money
from orderhaven.core.shop_order import CreatedShopOrder, ProductQuery, ShopOrderDraft
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import Shop
from orderhaven.testing.contract.subject import ShopSubject
from orderhaven.testing.goods import LAMP, MUG, order_of

BASKET = Basket([(MUG, 2), (LAMP, 1)])
_NUMBERS = count(1)


async def prepared(
    subject: ShopSubject,
    shop: Shop,
    basket: Basket = BASKET,
    reference: str = "",
    order_discount: str = "0.00",
) -> ShopOrderDraft:
    """All that `sync` does before it creates: the shop sells the articles, and they are looked up."""
    subject.sandbox.stock([article for article, _ in basket.lines])
    order = order_of(f"M-{next(_NUMBERS):07d}", basket, subject.clock.now())
    order = replace(order, discount=Money.of(order_discount, order.currency))
    wanted = {line.ref: ProductQuery(line.sku, line.ean) for line in order.lines}
    products = await shop.find_products(list(wanted.values()))
    return ShopOrderDraft(
        order=order,
        reference=reference or f"orh-{order.ref}",
        marketplace="Somewhere",
        quantities={line.ref: line.quantities.ordered for line in order.lines},
        products={ref: products[each] for ref, each in wanted.items()},
    )


async def placed(subject: ShopSubject, shop: Shop, basket: Basket = BASKET, reference: str = "") -> CreatedShopOrder:
    return await shop.create(await prepared(subject, shop, basket, reference), not_after=subject.soon())
