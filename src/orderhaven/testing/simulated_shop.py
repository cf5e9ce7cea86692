"""The reference shop as its merchant has it: products, stock, and orders that are worked on by hand."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

from msgspec.structs import replace

from orderhaven.core.commands import TrackingNumber
from orderhaven.core.errors import CurrencyRefused, OrderMissing, OrderRejected, UnknownProduct
from orderhaven.core.money import Money
from orderhaven.core.order import Address
from orderhaven.core.shop_order import (
    ProductQuery,
    ShopLine,
    ShopOrderDraft,
    ShopOrderSnapshot,
    ShopState,
    matching_product,
)
from orderhaven.ports.connector import Clock
from orderhaven.ports.sandbox import (
    ApiCancellation,
    BackOfficeOrder,
    Basket,
    CallKind,
    CatalogueItem,
    SandboxCall,
)
from orderhaven.testing.goods import order_of
from orderhaven.testing.sandbox_auth import World

SIDE = "The reference shop"
_ITS_ORDER = re.compile(r"^POST /orders/(.+)/cancel$")
_STOCK_NOT_TAKEN = "the shop took nothing from stock"


@dataclass
class SimulatedProduct:
    article: CatalogueItem
    stock: int


class SimulatedShop(World):
    """Speaks no HTTP: only its connector reaches it, in the same process. `mails` names the shop orders
    that a buyer was mailed about; `ships_to` says where each goes that the hub made."""

    currencies = frozenset({"EUR"})
    purposes: ClassVar[Mapping[str, CallKind]] = {"POST /orders": CallKind.CREATE}  # but for those that end in /cancel
    keeps_numbers = True
    keeps_lines = True  # False: it makes orders without their lines, and says nothing of it

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.mails: list[str] = []
        self.ships_to: dict[str, Address] = {}
        self.refuses: Callable[[ShopOrderDraft], str] = lambda order_draft: (
            ""
        )  # why it does not take this one; "": it does
        self._products: dict[str, SimulatedProduct] = {}
        self._orders: dict[str, ShopOrderSnapshot] = {}
        self._numbers = count(1001)
        self._takes_no_stock_next = False
        self.full_pages = 0
        self._api_cancellations: list[ApiCancellation] = []

    def kind_of(self, call: str) -> CallKind:
        return CallKind.CANCEL if _ITS_ORDER.search(call) else super().kind_of(call)

    def _order_named_in(self, call: str) -> str:
        """A shop order is cancelled by its own key."""
        its = _ITS_ORDER.search(call)
        order = self._orders.get(its[1]) if its else None
        return order.reference if order else ""

    # ------------------------------------------------------------ the merchant (ports.sandbox)

    def stock(self, articles: Sequence[CatalogueItem], quantity: int = 1000) -> None:
        for article in articles:
            self._products[f"product {article.sku}"] = SimulatedProduct(article, quantity)

    def complete(self, shop_ref: str, tracking_number: str = "", carrier_name: str = "") -> None:
        if tracking_number:
            self.add_tracking(shop_ref, tracking_number, carrier_name)
        self._take_stock_again(shop_ref)
        self._change(shop_ref, state=ShopState.COMPLETED, completed_at=self._clock.now())

    def add_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None:
        codes = self._order(shop_ref).tracking
        self._change(shop_ref, tracking=(*codes, TrackingNumber(tracking_number, carrier_name)))

    def replace_tracking(self, shop_ref: str, tracking_number: str, carrier_name: str = "") -> None:
        self._change(shop_ref, tracking=())
        self.add_tracking(shop_ref, tracking_number, carrier_name)

    def note_label(self, shop_ref: str, label: str) -> None:
        """The merchant writes down which of the marketplace's own labels the parcel got."""
        self._change(shop_ref, label_number=label)

    def refund(self, shop_ref: str, sku: str, quantity: int) -> None:
        lines = tuple(
            replace(line, refunded=line.refunded + quantity) if line.sku == sku else line
            for line in self._order(shop_ref).lines
        )
        self._change(shop_ref, lines=lines)

    def add_line(self, shop_ref: str, article: CatalogueItem, quantity: int, price: str = "0.00") -> None:
        """The merchant or a plug-in puts one in that was not ordered."""
        order = self._order(shop_ref)
        cost = Money.of(price, order.total.currency if order.total else "EUR") * quantity
        line = ShopLine(f"product {article.sku}", article.sku, article.title, quantity, total=cost)
        self._change(shop_ref, lines=(*order.lines, line), total=order.total + cost if order.total else None)

    def change_quantity(self, shop_ref: str, sku: str, quantity: int) -> None:
        """The merchant changes how many of an article are in the order; 0 takes its line out."""
        lines = [replace(line, quantity=quantity) if line.sku == sku else line for line in self._order(shop_ref).lines]
        self._change(shop_ref, lines=tuple(line for line in lines if line.quantity))

    def cancel(self, shop_ref: str) -> None:
        order = self._order(shop_ref)
        if order.state is not ShopState.CANCELLED:
            self._move_stock(order, back=True)
            self._change(shop_ref, state=ShopState.CANCELLED)

    def reopen(self, shop_ref: str) -> None:
        self._take_stock_again(shop_ref)
        self._change(shop_ref, state=ShopState.OPEN, completed_at=None)

    def trash(self, shop_ref: str) -> None:
        self._change(shop_ref, state=ShopState.TRASHED)

    def delete(self, shop_ref: str) -> None:
        self._orders.pop(shop_ref)

    def create_by_other_tool(self, basket: Basket, number: str) -> str:
        lines = tuple(
            ShopLine(f"product {article.sku}", article.sku, article.title, quantity)
            for article, quantity in basket.lines
        )
        bought = order_of(number, basket, self._clock.now())
        shipping = Money.of(basket.shipping, basket.currency) if basket.shipping else bought.shipping_cost
        return self._keep(number, "", lines, bought.total - bought.shipping_cost + shipping).shop_ref

    def orders(self) -> Sequence[BackOfficeOrder]:
        return [
            BackOfficeOrder(
                order.shop_ref,
                order.reference,
                order.shop_status,
                str(order.total.rounded().amount) if order.total else "",
                {line.sku: line.quantity for line in order.lines},
                order.state,
            )
            for order in self._orders.values()
        ]

    def stock_of(self, sku: str) -> int:
        return next(product.stock for product in self._products.values() if product.article.sku == sku)

    def recipient_of(self, shop_ref: str) -> Mapping[str, str]:
        address = self.ships_to[shop_ref]
        return {what: getattr(address, what) for what in ("last_name", "street", "phone", "email")}

    def api_cancellations(self) -> Sequence[ApiCancellation]:
        return self._api_cancellations

    def refuse_orders(self, while_: Callable[[], bool], met: Callable[[SandboxCall], None]) -> bool:
        return False

    def change_profile(self) -> bool:
        return False

    def fail_before_stock(self) -> bool:
        self._takes_no_stock_next = True
        return True

    def reduce_stock_afterwards(self, shop_ref: str) -> None:
        self._move_stock(self._order(shop_ref), back=False)
        self._change(shop_ref, flaw="")

    # ------------------------------------------------------------ what its connector may call

    def changed(self, since: datetime, after: str) -> list[ShopOrderSnapshot]:
        """One page of orders changed since then, by shop_ref, beginning after the one that is named."""
        found = [
            order
            for order in self._visible()
            if order.changed_at and order.changed_at >= since and order.shop_ref > after
        ]
        page = sorted(found, key=lambda order: order.shop_ref)[: self.page_size]
        self.full_pages += len(page) == self.page_size
        if self.faults.between_pages is not None:
            self.faults.between_pages()
        return page

    def by_key(self, shop_refs: Sequence[str]) -> dict[str, ShopOrderSnapshot]:
        return {key: self._orders[key] for key in shop_refs if key in self._orders}

    def by_reference(self, references: Sequence[str]) -> dict[str, tuple[ShopOrderSnapshot, ...]]:
        found: dict[str, tuple[ShopOrderSnapshot, ...]] = {}
        for order in self._visible():
            if order.reference in references and order.reference:
                found[order.reference] = (*found.get(order.reference, ()), order)
        return found

    def products(self, wanted: Sequence[ProductQuery]) -> dict[ProductQuery, str]:
        return {one: key for one in wanted if (key := self._product_for(one))}

    def demand_creatable(self, order_draft: ShopOrderDraft) -> None:
        """Raises what `create` does."""
        if order_draft.order.currency not in self.currencies:
            raise CurrencyRefused(order_draft.order.currency)
        if not order_draft.order.lines:
            raise OrderRejected(SIDE, "an order has lines")
        if reason := self.refuses(order_draft):
            raise OrderRejected(SIDE, reason)
        self._lines(order_draft)

    def create(self, order_draft: ShopOrderDraft, *, mail_the_buyer: bool) -> ShopOrderSnapshot:
        """Make the order. Raises CurrencyRefused, UnknownProduct, OrderRejected."""
        self.demand_creatable(order_draft)
        lines = self._lines(order_draft)
        order = self._keep("", order_draft.reference, lines if self.keeps_lines else (), order_draft.total)
        self.ships_to[order.shop_ref] = order_draft.order.ship_to
        if mail_the_buyer:
            self.mails.append(order.shop_ref)
        if order_draft.fulfilled_by_marketplace:
            self._change(order.shop_ref, state=ShopState.COMPLETED, completed_at=self._clock.now())
        elif self._takes_no_stock_next:
            self._takes_no_stock_next = False
            self._change(order.shop_ref, flaw=_STOCK_NOT_TAKEN)
        else:
            self._move_stock(order, back=False)
        return self._orders[order.shop_ref]

    def cancel_order(self, shop_ref: str) -> None:
        """Cancel an order for the hub. Raises OrderMissing, and OrderRejected for one that was completed."""
        order = self._order(shop_ref)
        if order.state is ShopState.TRASHED:
            raise OrderMissing(SIDE, shop_ref)
        if order.state is ShopState.COMPLETED:
            raise OrderRejected(SIDE, "the order is completed")
        if order.state is not ShopState.CANCELLED:
            self._api_cancellations.append(ApiCancellation(shop_ref, order.state, self._clock.now()))
        self.cancel(shop_ref)

    # ------------------------------------------------------------ inside

    def _visible(self) -> list[ShopOrderSnapshot]:
        latest = self._clock.now() - self.faults.late_by
        return [order for order in self._orders.values() if order.changed_at and order.changed_at <= latest]

    def _product_for(self, wanted: ProductQuery) -> str:
        keys = {product.article.sku: key for key, product in self._products.items()}
        if wanted.sku and (sku := matching_product(wanted.sku, keys)):
            return keys[sku]
        for key, product in self._products.items():
            if wanted.ean and product.article.ean == wanted.ean:
                return key
        return ""

    def _lines(self, order_draft: ShopOrderDraft) -> tuple[ShopLine, ...]:
        if order_draft.fulfilled_by_marketplace:
            return tuple(
                ShopLine("", line.sku, line.title, order_draft.quantities[line.ref], line_ref=line.ref)
                for line in order_draft.order.lines
            )
        for line in order_draft.order.lines:
            if order_draft.products.get(line.ref) not in self._products:
                raise UnknownProduct(line.sku, line.title)
        return tuple(
            ShopLine(
                order_draft.products[line.ref],
                self._products[order_draft.products[line.ref]].article.sku,
                line.title,
                order_draft.quantities[line.ref],
                line_ref=line.ref,
            )
            for line in order_draft.order.lines
        )

    def _keep(self, number: str, reference: str, lines: tuple[ShopLine, ...], total: Money) -> ShopOrderSnapshot:
        key, now = str(next(self._numbers)), self._clock.now()
        order = ShopOrderSnapshot(
            shop_ref=key,
            number=number or key,
            reference=reference,
            state=ShopState.OPEN,
            shop_status=ShopState.OPEN.value,
            lines=lines,
            total=total.rounded(),
            placed_at=now,
            changed_at=now,
        )
        self._orders[key] = order
        return order

    def _take_stock_again(self, shop_ref: str) -> None:
        if self._order(shop_ref).state is ShopState.CANCELLED:
            self._move_stock(self._order(shop_ref), back=False)

    def _move_stock(self, order: ShopOrderSnapshot, *, back: bool) -> None:
        for line in order.lines:
            self._products[line.product_ref].stock += line.quantity if back else -line.quantity

    def _change(self, shop_ref: str, **what: Any) -> None:
        order = replace(self._order(shop_ref), **what, changed_at=self._clock.now())
        self._orders[shop_ref] = replace(order, shop_status=order.state.value)

    def _order(self, shop_ref: str) -> ShopOrderSnapshot:
        if shop_ref not in self._orders:
            raise OrderMissing(SIDE, shop_ref)
        return self._orders[shop_ref]
