"""Drafts for the shop suite: an order as a marketplace has it, with the shop's products looked up."""

from collections.abc import Mapping
from itertools import count

from msgspec.structs import replace

from orderhaven.core.money import Money
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot
from orderhaven.ports.connector import Capability
from orderhaven.ports.receipts import ReceiptState
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import Shop
from orderhaven.testing.contract.subject import ShopSubject
from orderhaven.testing.goods import LAMP, MUG, order_of

BASKET = Basket([(MUG, 2), (LAMP, 1)])
_NUMBERS = count(1)


async def drafted(
    subject: ShopSubject,
    shop: Shop,
    basket: Basket = BASKET,
    reference: str = "",
    order_discount: str = "0.00",
) -> ShopOrderDraft:
    """What the hub wants made: the shop sells the articles, and they are looked up."""
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


async def prepared(subject: ShopSubject, shop: Shop, draft: ShopOrderDraft) -> ShopOrderDraft:
    """As the hub begins it."""
    if Capability.PREPARES not in subject.spec.capabilities:
        return draft
    return replace(draft, prepared=await shop.prepare(draft))


async def to_create(subject: ShopSubject, shop: Shop, basket: Basket = BASKET, reference: str = "") -> ShopOrderDraft:
    """All that `sync` does before it creates."""
    return await prepared(subject, shop, await drafted(subject, shop, basket, reference))


async def created(subject: ShopSubject, shop: Shop, draft: ShopOrderDraft) -> ShopOrderSnapshot:
    """Makes it, and waits where the shop says later what became of that; as it stands there then."""
    receipt = await shop.create(draft, not_after=subject.soon())
    receipt = await subject.final_receipt(shop, draft, receipt)
    assert receipt.state is ReceiptState.DONE
    if receipt.order is not None:
        return receipt.order
    (found,) = (await found_by(shop, draft))[draft.reference]
    return found


async def found_by(shop: Shop, *drafts: ShopOrderDraft) -> Mapping[str, tuple[ShopOrderSnapshot, ...]]:
    """What a hub finds that remembers what it prepared."""
    return await shop.find([draft.reference for draft in drafts], {draft.reference: draft.prepared for draft in drafts})


async def placed(subject: ShopSubject, shop: Shop, basket: Basket = BASKET, reference: str = "") -> ShopOrderSnapshot:
    return await created(subject, shop, await to_create(subject, shop, basket, reference))


def cancellation_of(shop_ref: str) -> ShopOrderCancellation:
    return ShopOrderCancellation(shop_ref, f"orh-cancel-{shop_ref}")
