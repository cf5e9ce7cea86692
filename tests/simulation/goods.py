"""What stands in the shop's orders: the articles, pieces, money and address that were sold, and the stock that went."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.simulation.case import CANCELLED, Case
from tests.simulation.plan import Deed
from tests.simulation.run import Run
from tests.simulation.sides import ARTICLES, BUYER, STOCK

_PRICES = {article.sku: Decimal(article.price) for article in ARTICLES}
_CHANGED_BY_PEOPLE = (Deed.CHANGE_QUANTITY, Deed.SHIP_PART_THERE, Deed.ADD_GIFT, Deed.ADD_LINE, Deed.SWAP)


def the_shop_has_what_was_sold(case: Case) -> Iterator[str]:
    """As it was placed. Orders that people changed, or of which a part had gone before, are left out."""
    if case.diary.kind == "by_marketplace" or case.diary.did(*_CHANGED_BY_PEOPLE):
        return
    for one in case.in_shop:
        if dict(one.quantities) != dict(case.diary.pieces):
            yield f"shop order {one.shop_ref} holds {_said(one.quantities)} instead of {_said(case.diary.pieces)}"
        elif Decimal(one.total) != (total := _total(case)):
            yield f"shop order {one.shop_ref} comes to {one.total} instead of {total}"
        yield from _address_flaws(case, one.shop_ref)


def the_stock_went_with_the_orders(run: Run) -> Iterator[str]:
    """Of each article as many pieces as the shop's orders hold that were not cancelled."""
    if any(diary.did(Deed.DELETE, *_CHANGED_BY_PEOPLE) for diary in run.diaries.values()):
        return
    for sku in _PRICES:
        taken = sum(one.quantities.get(sku, 0) for one in run.sides.shop.orders() if one.state not in CANCELLED)
        if (left := run.sides.shop.stock_of(sku)) != STOCK - taken:
            yield f"{sku}: the shop's orders hold {taken} pieces, and {STOCK - left} were taken from its stock"


def _total(case: Case) -> Decimal:
    shipping = Decimal(case.run.sides.marketplace.shipping_cost_of(case.ref))
    return sum((_PRICES[sku] * pieces for sku, pieces in case.diary.pieces.items()), shipping)


def _said(quantities: Mapping[str, int]) -> str:
    return ", ".join(f"{pieces} x {sku}" for sku, pieces in quantities.items()) or "nothing"


def _address_flaws(case: Case, shop_ref: str) -> Iterator[str]:
    shown = case.run.sides.shop.recipient_of(shop_ref)
    for what, word in BUYER.items():
        if word not in shown[what]:
            yield f"shop order {shop_ref} lacks the buyer's {what.replace('_', ' ')}"
