"""WooCommerce's orders as values of `core`, and the reference by which an order of ours is found."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from msgspec.structs import replace

from orderhaven.connectors.kit.decoding import Discard, Word
from orderhaven.connectors.woocommerce.pricing import TaxLocation, TaxRate, TaxRules
from orderhaven.connectors.woocommerce.responses import SIDE
from orderhaven.connectors.woocommerce.tracking import each_once, of_fulfilment, plain_text, tracking
from orderhaven.core.errors import OrderRejected, UnexpectedResponse
from orderhaven.core.money import Money
from orderhaven.core.shop_order import ShopLine, ShopOrderSnapshot, ShopState

_OURS = "orderhaven-"
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST = 100  # the column's width


def created_via(reference: str) -> str:
    """The word by which an order of ours is found: filtered exactly by the shop, and never shown to a buyer.

    WooCommerce splits that filter at commas and white space and cleans its text, so anything unusual is
    written as ~hex.
    """
    text = _OURS + _UNUSUAL.sub(lambda found: f"~{found[0].encode().hex()}~", reference)
    if len(text) > _LONGEST:
        raise OrderRejected(SIDE, f"the order's number has more than the {_LONGEST} characters that it keeps")
    return text


def reference_of(word: str) -> str:
    """The other way: "" for an order that is not ours."""
    if not word.startswith(_OURS):
        return ""
    text = word.removeprefix(_OURS)
    parts = text.split("~")
    if len(parts) == 1:  # nothing unusual
        return text
    try:
        return "".join(bytes.fromhex(part).decode() if at % 2 else part for at, part in enumerate(parts))
    except ValueError:
        return ""


LINE_REF = "_orderhaven_line"  # a line's meta key: our Line.ref
LINE_SKU = "_orderhaven_sku"
LINE_QUANTITY = "_orderhaven_quantity"  # of a fee that stands for a line
FULFILMENT_STATUS = "_fulfillment_status"
REFUNDED_LINE = "_refunded_item_id"

ORDER_FIELDS = (
    "id,number,status,created_via,currency,total,date_created_gmt,date_modified_gmt,date_completed_gmt,date_paid_gmt,"
    "line_items,fee_lines,meta_data,refunds"
)
PRODUCT_FIELDS = "id,sku,global_unique_id,type,parent_id,status,tax_class,tax_status,manage_stock"


class TheirMeta(msgspec.Struct):
    key: str
    value: Any = None


class TheirLine(msgspec.Struct):
    id: int
    quantity: float
    name: Discard[str] = ""
    product_id: int | None = 0
    variation_id: int | None = 0
    sku: Discard[str] = None
    total: Discard[str] = None
    meta_data: list[TheirMeta] = []


class TheirFee(msgspec.Struct):
    id: int
    name: Discard[str] = ""
    meta_data: list[TheirMeta] = []


class TheirRefund(msgspec.Struct):
    id: int


class TheirOrder(msgspec.Struct):
    id: int
    status: Word
    currency: Word
    total: str
    number: str = ""
    created_via: str = ""
    date_created_gmt: str | None = None
    date_modified_gmt: str | None = None
    date_completed_gmt: str | None = None
    date_paid_gmt: str | None = None
    line_items: list[TheirLine] = []
    fee_lines: list[TheirFee] = []
    meta_data: list[TheirMeta] = []
    refunds: list[TheirRefund] = []


class TheirRefundDetail(msgspec.Struct):
    id: int
    line_items: list[TheirLine] = []


class TheirFulfilment(msgspec.Struct):
    is_fulfilled: bool | int | str | None = None  # true when made, "1" when read again
    meta_data: list[TheirMeta] = []


class TheirProduct(msgspec.Struct):
    id: int
    type: str
    sku: str | None = ""
    global_unique_id: str | None = ""
    parent_id: int = 0
    status: str = "publish"
    tax_class: str = ""
    tax_status: str = "taxable"
    manage_stock: Any = None  # true, false, or "parent" of a variation


class TheirRate(msgspec.Struct):
    id: int
    rate: str
    country: str = ""
    state: str = ""
    postcode: str = ""
    city: str = ""
    postcodes: list[str] = []
    cities: list[str] = []
    priority: int = 1
    compound: bool = False
    shipping: bool = True
    order: int = 0
    tax_class: str = msgspec.field(name="class", default="standard")


class TheirSetting(msgspec.Struct):
    id: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class ShopWords:
    """What this merchant's settings say of statuses and meta keys."""

    completed: frozenset[str]
    cancelled: frozenset[str]
    fulfilled_is_completed: bool = True
    tracking_keys: tuple[str, ...] = ()
    label_key: str = ""


class OrderDetails(msgspec.Struct, frozen=True):
    """What an order's own answer lacks: its refunds and fulfilments, asked for where there are any."""

    refunds: Sequence[TheirRefundDetail] = ()
    fulfilments: Sequence[TheirFulfilment] = ()


_NO_DETAILS = OrderDetails()


def shop_order(their: TheirOrder, words: ShopWords, details: OrderDetails = _NO_DETAILS) -> ShopOrderSnapshot:
    """One snapshot of one order."""
    meta = {entry.key: entry.value for entry in their.meta_data}
    state = _state(their.status, meta, words)
    found = tracking(meta, words.tracking_keys)
    for fulfilment in details.fulfilments:
        if fulfilment.is_fulfilled in (True, 1, "1", "true"):
            of_fulfilment(found, {entry.key: entry.value for entry in fulfilment.meta_data})
    return ShopOrderSnapshot(
        shop_ref=str(their.id),
        number=their.number or str(their.id),
        reference=reference_of(their.created_via),
        state=state,
        shop_status=their.status,
        lines=_lines(their, _refunded(details.refunds)),
        total=_money(their.total, their.currency),
        tracking=each_once(found.tracking),
        unreadable=tuple(found.unreadable),
        label_number=plain_text(meta.get(words.label_key)) if words.label_key else "",
        placed_at=utc(their.date_created_gmt, "date_created_gmt"),
        completed_at=utc(their.date_completed_gmt, "date_completed_gmt"),
        changed_at=utc(their.date_modified_gmt, "date_modified_gmt"),
    )


def without_lines_if_half_made(order: ShopOrderSnapshot, their: TheirOrder, placed_status: str) -> ShopOrderSnapshot:
    """WooCommerce saves an order before it gives it its status. One that never got there is not made,
    whatever lines it has.

    It stays 'pending', or becomes 'checkout-draft', and was never paid; one that a person set back to
    pending was.
    """
    begun = their.status in ("pending", "checkout-draft") and their.status != placed_status
    if not begun or their.date_paid_gmt is not None:
        return order
    return replace(
        order, lines=(), flaw=f"the shop broke off while it made the order, and left it in status '{their.status}'"
    )


def gone(shop_ref: str) -> ShopOrderSnapshot:
    return ShopOrderSnapshot(shop_ref=shop_ref, number=shop_ref, reference="", state=ShopState.GONE, shop_status="")


def needs_refunds(their: TheirOrder, words: ShopWords) -> bool:
    """An order's answer names its refunds, not their pieces; those count when it leaves."""
    return bool(their.refunds) and their.status not in words.cancelled


def needs_fulfilments(their: TheirOrder) -> bool:
    said = [entry.value for entry in their.meta_data if entry.key == FULFILMENT_STATUS]
    return any(said)


def product_ref(product: TheirProduct) -> str:
    """'12', or '12:34' for variation 34 of product 12."""
    return f"{product.parent_id}:{product.id}" if product.type == "variation" else str(product.id)


def can_be_sold(product: TheirProduct) -> bool:
    """A variable product's own entry, a group and a link to another shop have no stock to take from."""
    return product.type not in ("variable", "grouped", "external")


_TO_THE_SECOND = len("2026-11-05T10:00:00")


def utc(text: str | None, field: str) -> datetime | None:
    """'2026-11-05T10:00:00', which is UTC without saying so. None where the shop has no date."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(f"{text[:_TO_THE_SECOND]}Z")
    except ValueError:
        raise UnexpectedResponse(f"{field} is no date") from None


def tax_rate(their: TheirRate) -> TaxRate:
    # postcode and city are the old fields, one value or several with semicolons; newer shops send lists
    # beside them
    postcodes = their.postcodes or [part for part in their.postcode.split(";") if part]
    cities = their.cities or [part for part in their.city.split(";") if part]
    return TaxRate(
        id=their.id,
        country=their.country.upper(),
        state=their.state.upper(),
        postcodes=tuple(postcodes),
        cities=tuple(city.upper() for city in cities),
        rate=_percentage(their.rate) / 100,
        priority=their.priority,
        compound=their.compound,
        on_shipping=their.shipping,
        tax_class="" if their.tax_class == "standard" else their.tax_class,
        order=their.order,
    )


def tax_rules(general: Mapping[str, Any], tax: Mapping[str, Any], rates: Sequence[TheirRate]) -> TaxRules:
    """From the settings groups 'general' and 'tax' and the tax table."""
    country, _, state = str(general.get("woocommerce_default_country") or "").partition(":")
    return TaxRules(
        on=general.get("woocommerce_calc_taxes") == "yes",
        rates=tuple(tax_rate(rate) for rate in rates),
        based_on=str(tax.get("woocommerce_tax_based_on") or "shipping"),
        base=TaxLocation(
            country,
            state,
            str(general.get("woocommerce_store_postcode") or ""),
            str(general.get("woocommerce_store_city") or ""),
        ),
        shipping_class=str(tax.get("woocommerce_shipping_tax_class") or ""),
        rounds_at_subtotal=tax.get("woocommerce_tax_round_at_subtotal") == "yes",
        prices_include_tax=tax.get("woocommerce_prices_include_tax") == "yes",
        decimals=_decimals(general.get("woocommerce_price_num_decimals")),
    )


def _decimals(setting: Any) -> int:
    """Of a shop's prices; two where it does not say, as WooCommerce takes it."""
    text = str(setting if setting is not None else "")
    return min(int(text), 6) if text.isdecimal() else 2


def _percentage(text: str) -> Decimal:
    try:
        return Decimal(text or "0")
    except InvalidOperation:
        raise UnexpectedResponse("the rate of a tax is no number") from None


def _state(status: str, meta: Mapping[str, Any], words: ShopWords) -> ShopState:
    # statuses are the merchant's to invent: those that were not chosen at setup mean that it is not sent yet
    if status == "trash":
        return ShopState.TRASHED
    if status in words.cancelled:
        return ShopState.CANCELLED
    if status in words.completed or (words.fulfilled_is_completed and meta.get(FULFILMENT_STATUS) == "fulfilled"):
        return ShopState.COMPLETED
    return ShopState.OPEN


def _lines(their: TheirOrder, refunded: Mapping[int, int]) -> tuple[ShopLine, ...]:
    lines = [_line(line, refunded.get(line.id, 0), their.currency) for line in their.line_items]
    return (*lines, *(line for fee in their.fee_lines if (line := _fee_line(fee)) is not None))


def _line(line: TheirLine, refunded: int, currency: str) -> ShopLine:
    if not line.quantity.is_integer():
        raise UnexpectedResponse("a line of another quantity than whole pieces")
    mark = _meta_text(line.meta_data, LINE_REF)
    return ShopLine(
        product_ref=line_product(line),
        sku=line.sku or "",
        title=line.name or "",
        quantity=int(line.quantity),
        refunded=refunded,
        line_ref=mark,
        total=None if mark else _cost(line.total, currency),
    )


def line_product(line: TheirLine) -> str:
    """As `product_ref`; "" where the line points at no product."""
    return f"{line.product_id}:{line.variation_id}" if line.variation_id else str(line.product_id or "")


def meta_number(entries: Sequence[TheirMeta], key: str) -> float:
    """A number kept as meta data, as text or not; 0 where there is none."""
    try:
        return float(_meta_text(entries, key) or 0)
    except ValueError:
        return 0


def _fee_line(fee: TheirFee) -> ShopLine | None:
    """A line that the marketplace delivers stands in the order as a fee, so that no stock moves."""
    ref = _meta_text(fee.meta_data, LINE_REF)
    quantity = _meta_text(fee.meta_data, LINE_QUANTITY)
    if not ref or not quantity.isdecimal():
        return None
    return ShopLine("", _meta_text(fee.meta_data, LINE_SKU), fee.name or "", int(quantity), line_ref=ref)


def _refunded(refunds: Collection[TheirRefundDetail]) -> dict[int, int]:
    quantities: dict[int, int] = {}
    for refund in refunds:
        for line in refund.line_items:
            original = _meta_text(line.meta_data, REFUNDED_LINE)
            if original.isdecimal():
                quantities[int(original)] = quantities.get(int(original), 0) + abs(int(line.quantity))
    return quantities


def _meta_text(entries: Sequence[TheirMeta], key: str) -> str:
    return next((plain_text(entry.value) for entry in entries if entry.key == key), "")


def _cost(total: str | None, currency: str) -> Money | None:
    """What a line costs that is not ours: only whether it is free decides anything."""
    try:
        return None if total is None else Money.of(total, currency)
    except ValueError:
        return None


def _money(total: str, currency: str) -> Money:
    try:
        return Money.of(total, currency)
    except ValueError:
        raise UnexpectedResponse("total and currency are no amount of money") from None
