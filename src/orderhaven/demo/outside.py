"""What the sandboxes and their people know, as the two snapshots of the other sides."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderhaven.demo.people import Diary, People, is_for_sale, total_of
from orderhaven.demo.plan import Deed
from orderhaven.demo.sides import InShop, MarketplaceSide, OutsideView, ShopSide, ShopWord, Sold
from orderhaven.ports.sandbox import BackOfficeOrder, ConfirmedShipment

_COMPLETING = (Deed.SHIP, Deed.COMPLETE)
_CODE_GIVING = (Deed.SHIP, Deed.ADD_CODE)


def look_outside(people: People, faults: Mapping[str, int]) -> OutsideView:
    marketplace, shop = people.marketplace, people.shop
    return OutsideView(
        marketplace=MarketplaceSide(_sold(people)),
        shop=ShopSide(tuple(_in_shop(people, one) for one in shop.orders())),
        planned=people.planned,
        is_done=people.is_done,
        last_deed_at=people.last_deed_at,
        faults=faults,
        calls=len(marketplace.calls) + len(shop.calls),
    )


def _sold(people: People) -> tuple[Sold, ...]:
    cancelled = people.marketplace.cancelled()
    sent: dict[str, list[ConfirmedShipment]] = {}
    for shipment in people.marketplace.shipments():
        sent.setdefault(shipment.order_ref, []).append(shipment)
    return tuple(_order(people.diaries[ref], ref in cancelled, sent.get(ref, ())) for ref in people.marketplace.refs())


def _order(diary: Diary, is_cancelled: bool, sent: Sequence[ConfirmedShipment]) -> Sold:
    basket = diary.plan.basket
    return Sold(
        ref=diary.ref,
        placed_at=diary.placed_at,
        quantities={article.sku: pieces for article, pieces in basket.lines},
        total=total_of(basket),
        by_marketplace=basket.by_marketplace,
        own_label=basket.marketplace_label,
        not_for_sale=not is_for_sale(basket),
        cancelled_there_at=diary.done.get(Deed.CANCEL_THERE),
        shipped_there_at=diary.done.get(Deed.SHIP_THERE),
        is_cancelled=is_cancelled,
        shipments=tuple(sent),
    )


def _in_shop(people: People, one: BackOfficeOrder) -> InShop:
    diary = people.diaries.get(people.ref_of(one))
    done = diary.done if diary else {}
    code_at = next((done[deed] for deed in _CODE_GIVING if deed in done), None)
    has_code = diary is not None and code_at is not None
    return InShop(
        shop_ref=one.shop_ref,
        reference=one.reference,
        state=people.words.get(one.status, ShopWord.UNKNOWN),
        quantities=one.quantities,
        total=Decimal(one.total),
        completed_at=next((done[deed] for deed in _COMPLETING if deed in done), None),
        cancelled_at=done.get(Deed.CANCEL_IN_SHOP),
        code=diary.plan.code.text if diary and has_code else "",
        carrier=diary.plan.code.carrier if diary and has_code else None,
        code_at=code_at,
        label=people.label_noted(diary) if diary else "",
        left_as=people.left_as.get(one.shop_ref),
    )
