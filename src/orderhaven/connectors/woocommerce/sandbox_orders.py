"""The sandbox's order book: orders, their indexes, stock, and what a change of status brings about."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

Body: TypeAlias = dict[str, Any]

STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_TAKES_STOCK = frozenset({"processing", "on-hold", "completed"})
_GIVES_STOCK_BACK = frozenset({"cancelled", "pending"})
_BUYER_MAILS = {
    "processing": "customer_processing_order",
    "completed": "customer_completed_order",
    "on-hold": "customer_on_hold_order",
    "refunded": "customer_refunded_order",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class SandboxProduct:
    id: int
    sku: str
    ean: str
    name: str
    price: str
    stock: int
    parent_id: int = 0  # of a variation
    kind: str = "simple"
    tax_class: str = ""
    tax_status: str = "taxable"
    status: str = "publish"
    size: str = ""  # of a variation, its only attribute
    manages_stock: bool = True
    backorders: str = "no"
    said_stock_status: str = "instock"  # of one that keeps no stock
    modified: int = 0  # seconds since 1970, UTC

    @property
    def stock_status(self) -> str:
        if not self.manages_stock:
            return self.said_stock_status
        if self.stock > 0:
            return "instock"
        return "outofstock" if self.backorders == "no" else "onbackorder"

    def move_stock(self, by: int, now: int) -> None:
        self.stock += by
        self.modified = now


@dataclass(frozen=True)
class Mail:
    """One mail that the shop would have sent."""

    kind: str
    to: str
    order_id: int


@dataclass
class SandboxOrder:
    id: int
    status: str
    created: int  # seconds since 1970, UTC
    modified: int
    body: Body  # what does not change by itself: addresses, lines, totals, notes of payment
    completed: int | None = None
    paid: int | None = None
    stock_taken: bool = False
    meta: list[Body] = field(default_factory=list)
    refunds: list[Body] = field(default_factory=list)
    fulfilments: list[Body] = field(default_factory=list)
    rendered: dict[str, bytes] = field(default_factory=dict)  # by _fields; emptied by every change


class OrderBook:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.orders: dict[int, SandboxOrder] = {}
        self.products: dict[int, SandboxProduct] = {}
        self.by_sku: dict[str, list[int]] = {}
        self.by_ean: dict[str, list[int]] = {}
        self.mails: list[Mail] = []
        self.custom_statuses: dict[str, str] = {}
        self.removed_statuses: set[str] = set()
        self.keeps_stock = True
        self.number_prefix = ""  # a plugin puts it before each order's number
        self.users = {1: "owner@shop.example", 2: "hub@shop.example", 3: "buyer@example.com"}  # id -> mail address
        self._by_via: dict[str, list[int]] = {}
        self._by_status: dict[str, dict[int, None]] = {}
        self._by_change: list[tuple[int, int]] = []  # (modified, id) of all but the trash
        self._last_id = 100

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def number_from(self, first: int) -> None:
        """The next id is this one."""
        self._last_id = first - 1

    @property
    def statuses(self) -> dict[str, str]:
        draft = {"checkout-draft": STATUSES["checkout-draft"]}
        every = {slug: name for slug, name in STATUSES.items() if slug not in draft} | self.custom_statuses | draft
        return {slug: name for slug, name in every.items() if slug not in self.removed_statuses}

    def add_product(self, product: SandboxProduct) -> None:
        self.products[product.id] = product
        self.by_sku.setdefault(product.sku.casefold(), []).append(product.id)
        if product.ean:
            self.by_ean.setdefault(product.ean.casefold(), []).append(product.id)

    def add(self, order: SandboxOrder) -> None:
        """A new order is saved as pending first; its status comes after, with all that it brings."""
        self.orders[order.id] = order
        self._by_via.setdefault(str(order.body["created_via"]).casefold(), []).append(order.id)
        self._by_status.setdefault(order.status, {})[order.id] = None
        insort(self._by_change, (order.modified, order.id))

    def touch(self, order: SandboxOrder, now: int) -> None:
        if order.status != "trash":
            self._forget_change(order)
            insort(self._by_change, (now, order.id))
        order.modified = now
        order.rendered.clear()

    def set_status(self, order: SandboxOrder, status: str, now: int) -> None:
        if status == order.status:
            return
        was_new = order.status == "pending" and order.paid is None
        self._move_bucket(order, status, now)
        if status in (self.status_when_paid(order), "completed") and order.paid is None:
            order.paid = now
        if status == "completed" and order.completed is None:
            order.completed = now
        self._move_stock(order, now)
        self._mail(order, was_new=was_new)

    def status_when_paid(self, order: SandboxOrder) -> str:
        """What a payment makes of it: without a product there is nothing to process, nor where the courier is paid."""
        processed = order.body["payment_method"] != "cod" and any(
            line["product_id"] for line in order.body["line_items"]
        )
        return "processing" if processed else "completed"

    def give_stock_back(self, lines: Iterable[Body], now: int) -> None:
        for line in lines:
            self._give_back(line, now)

    def adjust_stock(self, order: SandboxOrder, lines: Iterable[Body], now: int) -> None:
        """Lines that were added or changed take what they now want more, or give back what they want less."""
        for line in lines if self.keeps_stock and order.status in _TAKES_STOCK else ():
            product = self.products.get(line["variation_id"] or line["product_id"])
            if product is None or not product.manages_stock:
                continue
            entry = next((entry for entry in line["meta_data"] if entry["key"] == "_reduced_stock"), None)
            more = line["quantity"] - (int(float(entry["value"])) if entry else 0)
            if more:
                product.move_stock(-more, now)
                taken = {"id": self.next_id(), "key": "_reduced_stock", "value": str(line["quantity"])}
                line["meta_data"] = [*(one for one in line["meta_data"] if one is not entry), taken]

    def remove(self, order: SandboxOrder) -> None:
        if order.status != "trash":
            self._forget_change(order)
        del self.orders[order.id]
        del self._by_status[order.status][order.id]
        self._by_via[str(order.body["created_via"]).casefold()].remove(order.id)

    def changed_after(self, moment: int) -> list[tuple[int, int]]:
        """(modified, id) of orders changed after that second, oldest change first, trash left out."""
        return self._by_change[bisect_right(self._by_change, (moment, 1 << 62)) :]

    def created_via(self, words: Iterable[str]) -> list[int]:
        return [order_id for word in words for order_id in self._by_via.get(word.casefold(), ())]

    def in_statuses(self, statuses: Iterable[str]) -> list[int]:
        return sorted(order_id for status in set(statuses) for order_id in self._by_status.get(status, ()))

    def count(self, status: str) -> int:
        return len(self._by_status.get(status, ()))

    def _move_bucket(self, order: SandboxOrder, status: str, now: int) -> None:
        del self._by_status[order.status][order.id]
        if status == "trash":
            self._forget_change(order)
        elif order.status == "trash":
            insort(self._by_change, (order.modified, order.id))
        order.status = status
        self._by_status.setdefault(status, {})[order.id] = None
        self.touch(order, now)

    def _forget_change(self, order: SandboxOrder) -> None:
        at = bisect_right(self._by_change, (order.modified, order.id)) - 1
        if at >= 0 and self._by_change[at] == (order.modified, order.id):
            del self._by_change[at]

    def _move_stock(self, order: SandboxOrder, now: int) -> None:
        if not self.keeps_stock:
            return
        if order.status in _TAKES_STOCK and not order.stock_taken:
            order.stock_taken = True
            for line in order.body["line_items"]:
                self._take(line, now)
        elif order.status in _GIVES_STOCK_BACK and order.stock_taken:
            order.stock_taken = False
            for line in order.body["line_items"]:
                self._give_back(line, now)

    def _take(self, line: Body, now: int) -> None:
        product = self.products.get(line["variation_id"] or line["product_id"])
        if product is None or not product.manages_stock:
            return
        if any(entry["key"] == "_reduced_stock" for entry in line["meta_data"]):
            return
        product.move_stock(-line["quantity"], now)  # it oversells without a word
        line["meta_data"].append({"id": self.next_id(), "key": "_reduced_stock", "value": str(line["quantity"])})

    def _give_back(self, line: Body, now: int) -> None:
        product = self.products.get(line["variation_id"] or line["product_id"])
        for entry in [entry for entry in line["meta_data"] if entry["key"] == "_reduced_stock"]:
            if product is not None:
                product.move_stock(int(float(entry["value"])), now)
            line["meta_data"].remove(entry)

    def _mail(self, order: SandboxOrder, *, was_new: bool) -> None:
        if was_new and order.status in _TAKES_STOCK:
            self.mails.append(Mail("new_order", "shop", order.id))
        if order.status == "cancelled":
            self.mails.append(Mail("cancelled_order", "shop", order.id))
        to = order.body["billing"].get("email", "")
        if to and order.status in _BUYER_MAILS:
            self.mails.append(Mail(_BUYER_MAILS[order.status], to, order.id))


def rendered(order: SandboxOrder, book: OrderBook) -> Body:
    """An order as the API shows it."""
    zone = book.zone
    return {
        "id": order.id,
        "status": order.status,
        "number": f"{book.number_prefix}{order.id}",
        **order.body,
        **_dates("date_created", order.created, zone),
        **_dates("date_modified", order.modified, zone),
        **_dates("date_completed", order.completed, zone),
        **_dates("date_paid", order.paid, zone),
        "meta_data": order.meta,
        "refunds": [{"id": r["id"], "reason": r["reason"], "total": f"-{r['amount']}"} for r in order.refunds],
    }


def _dates(name: str, moment: int | None, zone: ZoneInfo) -> Body:
    if moment is None:
        return {name: None, f"{name}_gmt": None}
    return {name: as_text(moment, zone), f"{name}_gmt": as_text(moment, UTC)}


@lru_cache(maxsize=4096)
def as_text(moment: int, zone: Any) -> str:
    """Without a zone's suffix, whichever zone it is."""
    return (_EPOCH + timedelta(seconds=moment)).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")
