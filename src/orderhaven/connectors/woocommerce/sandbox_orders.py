"""The sandbox's order book: orders, their indexes, stock, and what a change of status brings about."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError
from orderhaven.connectors.woocommerce.sandbox_mails import NAMES, Mail, mails_of_status
from orderhaven.connectors.woocommerce.sandbox_products import SandboxProduct

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
# "any" leaves these out: they can be read by their number, or listed by their own name
HIDDEN = frozenset({"trash", "checkout-draft", "auto-draft"})
_PAID = frozenset({"processing", "completed"})
_TAKES_STOCK = frozenset({"processing", "on-hold", "completed"})
_GIVES_STOCK_BACK = frozenset({"cancelled", "pending", "failed"})
_PAID_ON_DELIVERY = "cod"
ITEMS = ("line_items", "fee_lines", "shipping_lines")
REFUNDED_LINE = "_refunded_item_id"
REDUCED_STOCK = "_reduced_stock"
_RESTOCKED = "_restock_refunded_items"


@dataclass(eq=False)
class SandboxNote:
    id: int
    at: int
    text: str
    is_for_customer: bool = False
    author: str = ""  # "": WooCommerce itself


@dataclass(eq=False)
class SandboxRefund:
    id: int
    order_id: int
    created: int
    amount: Decimal
    reason: str
    is_full: bool  # nothing of the order's total was left after it
    meta_id: int
    items: Mapping[str, Sequence[Body]]  # what of each kind of line was given back, in negative numbers


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
    is_announced: bool = False  # the shop was told of it by mail
    meta: list[Body] = field(default_factory=list)
    refunds: list[SandboxRefund] = field(default_factory=list)  # oldest first
    notes: list[SandboxNote] = field(default_factory=list)  # oldest first
    rendered: dict[str, bytes] = field(default_factory=dict)  # by _fields; emptied by every change

    def refunded_quantity(self) -> Iterable[tuple[int, int]]:
        """(line, pieces) of all refunds."""
        for refund in self.refunds:
            for line in refund.items.get("line_items", ()):
                original = next(entry["value"] for entry in line["meta_data"] if entry["key"] == REFUNDED_LINE)
                yield int(original), -line["quantity"]


class OrderBook:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.orders: dict[int, SandboxOrder] = {}
        self.products: dict[int, SandboxProduct] = {}
        self.by_sku: dict[str, list[int]] = {}
        self.by_ean: dict[str, list[int]] = {}
        self.mails: list[Mail] = []
        self.custom_statuses: dict[str, str] = {}
        self.notify: Callable[[str, int], None] = lambda topic, number: (
            None
        )  # what happened, by a webhook's word, to which number
        self.on_status: list[Callable[[SandboxOrder], None]] = []  # what else happens when a status has changed
        self.removed_statuses: set[str] = set()
        self.keeps_stock = True
        self.number_prefix = ""  # a plugin puts it before each order's number
        self.users = {1: "owner@shop.example", 2: "hub@shop.example", 3: "buyer@example.com"}  # id -> mail address
        self._by_via: dict[str, list[int]] = {}
        self._by_status: dict[str, dict[int, None]] = {}
        self._by_change: list[tuple[int, int]] = []  # (modified, id) of all that are not hidden
        self._last_id = 100

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def number_from(self, first: int) -> None:
        """The next id is this one."""
        self._last_id = first - 1

    @property
    def statuses(self) -> Mapping[str, str]:
        """Name by slug, in WooCommerce's order: a plugin's own before the drafts of the check-out."""
        return _statuses(tuple(self.custom_statuses.items()), frozenset(self.removed_statuses))

    @property
    def settable(self) -> tuple[str, ...]:
        return ("auto-draft", *self.statuses)

    @property
    def shown(self) -> frozenset[str]:
        """What "any" stands for."""
        return frozenset(self.statuses) - HIDDEN

    def order(self, number: str, unknown: ApiError) -> SandboxOrder:
        """Raises `unknown` where there is no such order."""
        order = self.orders.get(int(number)) if number.isdecimal() else None
        if order is None:
            raise unknown
        return order

    def add_product(self, product: SandboxProduct) -> None:
        self.products[product.id] = product
        self.by_sku.setdefault(product.sku.casefold(), []).append(product.id)
        if product.ean:
            self.by_ean.setdefault(product.ean.casefold(), []).append(product.id)

    def recode(self, product: SandboxProduct, sku: str, ean: str) -> None:
        """Another SKU and EAN, whoever has them already: imports write past WooCommerce's check."""
        for index, before, after in ((self.by_sku, product.sku, sku), (self.by_ean, product.ean, ean)):
            if before and product.id in index.get(before.casefold(), ()):
                index[before.casefold()].remove(product.id)
            if after and product.id in self.products:
                index.setdefault(after.casefold(), []).append(product.id)
        product.sku, product.ean = sku, ean

    def add(self, order: SandboxOrder) -> None:
        """A new order is saved as pending first; its status comes after, with all that it brings."""
        self.orders[order.id] = order
        self._by_via.setdefault(str(order.body["created_via"]).casefold(), []).append(order.id)
        self._by_status.setdefault(order.status, {})[order.id] = None
        insort(self._by_change, (order.modified, order.id))
        self.notify("order.created", order.id)
        self.notify("order.updated", order.id)  # it is saved once more when its totals are known

    def move_stock(self, product: SandboxProduct, by: int, now: int) -> str:
        """What an order's note says of it."""
        self.notify("product.updated", product.id)
        before = product.stock
        product.stock += by
        product.modified = now
        return f"{product.name} ({before}&rarr;{product.stock})"

    def touch(self, order: SandboxOrder, now: int) -> None:
        if order.status not in HIDDEN:
            self._forget_change(order)
            insort(self._by_change, (now, order.id))
        order.modified = now
        order.rendered.clear()
        if order.status != "trash":
            self.notify("order.updated", order.id)

    def set_status(self, order: SandboxOrder, status: str, now: int) -> None:
        if status == order.status:
            return
        before = order.status
        self._move_bucket(order, status, now)
        if order.paid is None and status in _PAID and status in (self.status_when_paid(order), "completed"):
            order.paid = now
        if status == "completed":
            order.completed = now
        if status == "refunded" and self.left_to_refund(order):
            self.refund(order, self.left_to_refund(order), "Order fully refunded.", {}, now)
        self._move_stock(order, now)
        for react in self.on_status:
            react(order)
        self.note(order, f"Order status changed from {self._name_of(before)} to {self._name_of(status)}.", now)
        for kind, to in mails_of_status(before, status, order.body["billing"].get("email", "")):
            if kind != "new_order" or not order.is_announced:  # of a new order the shop is told once
                order.is_announced = order.is_announced or kind == "new_order"
                self.mail(order, Mail(kind, to, order.id), now)

    @contextmanager
    def dying_before_stock(self) -> Iterator[None]:
        """PHP dies once an order has its status: nothing is taken from stock for it, and nobody is mailed."""
        kept, sent = self.keeps_stock, len(self.mails)
        self.keeps_stock = False
        try:
            yield
        finally:
            self.keeps_stock = kept
            del self.mails[sent:]

    def _name_of(self, status: str) -> str:
        return STATUSES.get(status) or self.custom_statuses.get(status, status)

    def status_when_paid(self, order: SandboxOrder) -> str:
        """What a payment makes of it: without a product there is nothing to process, nor where the courier is paid."""
        needs_processing = any(self._product_of(line) is not None for line in order.body["line_items"])
        on_delivery = order.body["payment_method"] == _PAID_ON_DELIVERY
        return "processing" if needs_processing and not on_delivery else "completed"

    def give_stock_back(self, lines: Iterable[Body], now: int) -> None:
        for line in lines:
            self._give_back(line, now)

    def adjust_stock(self, order: SandboxOrder, lines: Iterable[Body], now: int) -> None:
        """Lines that were added or changed take what they now want more, or give back what they want less."""
        for line in lines if self.keeps_stock and order.status in _TAKES_STOCK else ():
            product = self._kept(line)
            more = line["quantity"] - int(Decimal(_reduced(line) or "0"))
            if product is not None and more:
                self.move_stock(product, -more, now)
                self.set_line_meta(line, REDUCED_STOCK, str(line["quantity"]))

    def left_to_refund(self, order: SandboxOrder) -> Decimal:
        return Decimal(order.body["total"]) - sum((refund.amount for refund in order.refunds), Decimal(0))

    def refund(
        self, order: SandboxOrder, amount: Decimal, reason: str, items: Mapping[str, Sequence[Body]], now: int
    ) -> SandboxRefund:
        is_full = amount >= self.left_to_refund(order) and not _keeps_free_pieces(order, items)
        made = SandboxRefund(self.next_id(), order.id, now, amount, reason, is_full, self.next_id(), items)
        order.refunds.append(made)
        self.touch(order, now)
        if is_full:
            self.set_status(order, "refunded", now)
        return made

    def note(
        self, order: SandboxOrder, text: str, now: int, *, is_for_customer: bool = False, author: str = ""
    ) -> SandboxNote:
        made = SandboxNote(self.next_id(), now, text, is_for_customer, author)
        order.notes.append(made)
        return made

    def trash(self, order: SandboxOrder, now: int) -> None:
        order.meta.append({"id": self.next_id(), "key": "_wp_trash_meta_status", "value": f"wc-{order.status}"})
        order.meta.append({"id": self.next_id(), "key": "_wp_trash_meta_time", "value": str(now)})
        self._move_bucket(order, "trash", now)
        self.notify("order.deleted", order.id)

    def remove(self, order: SandboxOrder) -> None:
        if order.status not in HIDDEN:
            self._forget_change(order)
        del self.orders[order.id]
        del self._by_status[order.status][order.id]
        self._by_via[str(order.body["created_via"]).casefold()].remove(order.id)

    def changed_after(self, moment: int) -> list[tuple[int, int]]:
        """(modified, id) of orders changed after that second, oldest change first, hidden ones left out."""
        return self._by_change[bisect_right(self._by_change, (moment, 1 << 62)) :]

    def created_via(self, words: Iterable[str]) -> list[int]:
        asked = dict.fromkeys(word.casefold() for word in words)
        return [order_id for word in asked for order_id in self._by_via.get(word, ())]

    def in_statuses(self, statuses: Iterable[str]) -> list[int]:
        return sorted(order_id for status in set(statuses) for order_id in self._by_status.get(status, ()))

    def count(self, status: str) -> int:
        return len(self._by_status.get(status, ()))

    def _move_bucket(self, order: SandboxOrder, status: str, now: int) -> None:
        del self._by_status[order.status][order.id]
        if status in HIDDEN and order.status not in HIDDEN:
            self._forget_change(order)
        elif order.status in HIDDEN and status not in HIDDEN:
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
            order.stock_taken, how, move = True, "reduced", self._take
        elif order.status in _GIVES_STOCK_BACK and order.stock_taken:
            order.stock_taken, how, move = False, "increased", self._give_back
        else:
            return
        moved = [text for line in order.body["line_items"] if (text := move(line, now))]
        if moved:
            self.note(order, f"Stock levels {how}: {', '.join(moved)}", now)

    def _product_of(self, line: Body) -> SandboxProduct | None:
        return self.products.get(line["variation_id"] or line["product_id"])

    def _kept(self, line: Body) -> SandboxProduct | None:
        """The line's product, if the shop counts its pieces."""
        product = self._product_of(line)
        return product if self.keeps_stock and product is not None and product.manages_stock else None

    def _take(self, line: Body, now: int) -> str:
        """It oversells without a word."""
        product = self._kept(line)
        if product is None or _reduced(line):
            return ""
        self.set_line_meta(line, REDUCED_STOCK, str(line["quantity"]))
        return self.move_stock(product, -line["quantity"], now)

    def _give_back(self, line: Body, now: int) -> str:
        product, reduced = self._kept(line), _reduced(line)
        if product is None or not reduced:
            return ""
        line["meta_data"][:] = [entry for entry in line["meta_data"] if entry["key"] != REDUCED_STOCK]
        return self.move_stock(product, int(Decimal(reduced)), now)

    def restock(self, order: SandboxOrder, line: Body, quantity: int, now: int) -> None:
        """Pieces that come back with a refund. The line keeps count, below nothing as well."""
        product, reduced = self._kept(line), _reduced(line)
        if product is None or not reduced or not quantity:
            return
        before = product.stock
        self.move_stock(product, quantity, now)
        self.set_line_meta(line, REDUCED_STOCK, str(Decimal(reduced) - quantity))
        restocked = next((entry["value"] for entry in line["meta_data"] if entry["key"] == _RESTOCKED), "0")
        self.set_line_meta(line, _RESTOCKED, str(int(restocked) + quantity))
        self.note(order, f"Item #{product.id} stock increased from {before} to {product.stock}.", now)

    def set_line_meta(self, line: Body, key: str, value: str) -> None:
        for entry in line["meta_data"]:
            if entry["key"] == key:
                entry["value"] = value
                return
        line["meta_data"].append({"id": self.next_id(), "key": key, "value": value})

    def mail(self, order: SandboxOrder, mail: Mail, now: int) -> None:
        self.mails.append(mail)
        self.note(order, f'Email "{NAMES[mail.kind]}" sent.', now)


def _keeps_free_pieces(order: SandboxOrder, items: Mapping[str, Sequence[Body]]) -> bool:
    """Whether pieces are left after such a refund of an order that has some for nothing: then it is not refunded whole."""
    lines = order.body["line_items"]
    given_back = sum(pieces for _, pieces in order.refunded_quantity())
    given_back -= sum(line["quantity"] for line in items.get("line_items", ()))
    left = sum(line["quantity"] for line in lines) - given_back
    return left > 0 and any(not line["total"] for line in lines)


@lru_cache(maxsize=64)  # every order that comes asks for them, and plugins come and go seldom
def _statuses(custom: tuple[tuple[str, str], ...], removed: frozenset[str]) -> Mapping[str, str]:
    *known, drafts = STATUSES.items()
    return {slug: name for slug, name in dict((*known, *custom, drafts)).items() if slug not in removed}


def _reduced(line: Body) -> str:
    """How many pieces this line has taken from stock and not given back, by what it notes; "" for none, as PHP has it."""
    noted = next((str(entry["value"]) for entry in line["meta_data"] if entry["key"] == REDUCED_STOCK), "")
    return "" if noted == "0" else noted


def dates(name: str, moment: int | None, zone: ZoneInfo) -> Body:
    if moment is None:
        return {name: None, f"{name}_gmt": None}
    return {name: as_text(moment, zone), f"{name}_gmt": as_text(moment, UTC)}


@lru_cache(maxsize=4096)
def as_text(moment: int, zone: Any) -> str:
    """Without a zone's suffix, whichever zone it is."""
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%dT%H:%M:%S")
