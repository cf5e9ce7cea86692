"""WooCommerce's connector: the calls of the shop port, with stock checks and corrections."""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from orderhaven.connectors.kit.session import Session
from orderhaven.connectors.woocommerce import SPEC
from orderhaven.connectors.woocommerce.calls import API, PER_PAGE, Calls, auth_for, permalinks_are_off, site_root
from orderhaven.connectors.woocommerce.mapping import (
    ORDER_FIELDS,
    OrderDetails,
    ShopWords,
    TheirFulfilment,
    TheirLine,
    TheirOrder,
    TheirRefundDetail,
    created_via,
    gone,
    line_product,
    meta_number,
    needs_fulfilments,
    needs_refunds,
    shop_order,
    without_lines_if_half_made,
)
from orderhaven.connectors.woocommerce.order_body import (
    CreationOptions,
    OrderBody,
    Products,
    draft_body,
    require_total,
    total_matches,
)
from orderhaven.connectors.woocommerce.pulling import ShopOrderPull, SnapshotCache, decoded, mark_of, start_of
from orderhaven.connectors.woocommerce.responses import INVALID_ORDER, NO_ROUTE, SIDE, InvalidParameters
from orderhaven.connectors.woocommerce.setup import CachedShopFacts, check_account
from orderhaven.core.errors import CurrencyRefused, HubError, OrderMissing, UnexpectedResponse
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot
from orderhaven.ports.connector import AccountProfile, ConnectorContext
from orderhaven.ports.receipts import DONE, Receipt, ReceiptState
from orderhaven.ports.shop import ShopPage

_TAKES_STOCK = frozenset({"processing", "on-hold", "completed"})
_REDUCED = "_reduced_stock"


def _in_requests(words: Iterable[str]) -> Iterator[list[str]]:
    """As many at once as fit in the line of a request, where each comma takes three characters."""
    some: list[str] = []
    length = 0
    for word in words:
        length += len(word) + 3
        if some and length > _LONGEST_FILTER:
            yield some
            some, length = [], len(word) + 3
        some.append(word)
    if some:
        yield some


def left_in_stock(their: TheirOrder) -> Sequence[TheirLine]:
    """Lines of which the shop does not say that it took them off. Our own mark, 0.000001, is not its word."""
    if their.status not in _TAKES_STOCK or their.refunds:  # what a refund puts back is taken off the mark
        return ()
    return [line for line in their.line_items if meta_number(line.meta_data, _REDUCED) < line.quantity]


def products_of(lines: Sequence[TheirLine]) -> frozenset[str]:
    return frozenset(line_product(line) for line in lines)


def flaw_of(lines: Sequence[TheirLine], keeping_stock: Collection[str]) -> str:
    """What a person must know and do; "" where the shop keeps no stock of them."""
    left = [line for line in lines if line_product(line) in keeping_stock]
    if not left:
        return ""
    articles = ", ".join(f"{line.quantity:g} x {line.name or line.sku}" for line in left)
    return (
        f"the shop took nothing from stock for {articles}: set the order to On hold and back, which takes it, or switch "
        "'Lower the shop's stock' off for this connection if something else keeps the stock"
    )


Body: TypeAlias = dict[str, Any]
_AMOUNTS = ("total", "subtotal", "tax_class", "tax_status")
_REMOVED = {"line_items": "product_id", "fee_lines": "name", "shipping_lines": "method_id"}  # null there removes it


class _Part(msgspec.Struct):
    id: int


class TheirNewOrder(TheirOrder):
    """As the answer to a creation shows it."""

    shipping_lines: list[_Part] = msgspec.field(default_factory=list)


def correction(their: TheirNewOrder, wanted: Mapping[str, Any]) -> Body:
    """The body of PUT /orders/ID that gives it the amounts of `wanted`, a body made anew for the same order."""
    parts: Mapping[str, Sequence[Any]] = {
        "line_items": their.line_items,
        "fee_lines": their.fee_lines,
        "shipping_lines": their.shipping_lines,
    }
    changes = {kind: _changes(kind, parts[kind], wanted.get(kind, ())) for kind in _REMOVED}
    return {kind: rows for kind, rows in changes.items() if rows}


def _changes(kind: str, there: Sequence[Any], wanted: Sequence[Mapping[str, Any]]) -> list[Body]:
    """WooCommerce keeps the order in which they were sent."""
    changed = [
        {"id": old.id, **{name: new[name] for name in _AMOUNTS if name in new}}
        for old, new in zip(there, wanted, strict=False)
    ]
    removed: list[Body] = [{"id": old.id, _REMOVED[kind]: None} for old in there[len(wanted) :]]
    return [*changed, *removed, *(dict(new) for new in wanted[len(there) :])]


_LIMITS = SPEC.limits
_TRASH = "trash"
_LEFT_OUT = f"{_TRASH},checkout-draft"  # what WooCommerce's 'any' does not list
_LONGEST_FILTER = (
    6_800  # characters of `created_via`: Apache and nginx take a line of 8 kB, the rest of the request included
)
_DEFAULTS = {setting.key: setting.default or "" for setting in SPEC.settings}


class WooCommerce:
    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        self._settings = {**_DEFAULTS, **settings}
        self._context = context
        self._root = site_root(self._settings["url"])
        auth = auth_for(self._root, self._settings["key"], self._settings["secret"], context.clock)
        session = Session(SIDE, self._root + API, context, auth, _LIMITS)
        self._calls = Calls(session, lambda: permalinks_are_off(self._root, context, _LIMITS))
        self._products = Products(self._calls)
        self._readings = SnapshotCache()
        self._words = self._read_words()
        self._facts = CachedShopFacts(self._calls, self._products, context.clock)

    async def check(self) -> AccountProfile:
        account, facts = await check_account(self._calls, self._root, self._context, _LIMITS, self._more_currencies)
        self._facts.keep(facts)
        return account

    async def pull(self, since: str) -> AsyncIterator[ShopPage]:
        if not since:
            yield ShopPage((), await ShopOrderPull(self._calls, self._context.clock).now())
            return
        start, began = start_of(since, _LIMITS.overlap)
        this_pull = ShopOrderPull(self._calls, self._context.clock, began)
        async for answers in this_pull.pages(start):
            orders, strange = await self._understood(answers)
            yield ShopPage(orders, this_pull.cursor, this_pull.position, strange, tuple(this_pull.unidentified))

    async def read(self, shop_refs: Sequence[str]) -> Mapping[str, ShopOrderSnapshot]:
        found: dict[str, ShopOrderSnapshot] = {}
        numbers = [ref for ref in shop_refs if ref.isdecimal()]  # anything else cannot be an order's key here
        if numbers:
            query = {
                "include": ",".join(numbers),
                "per_page": str(PER_PAGE),
                "status": "any",
                "_fields": ORDER_FIELDS,
            }
            for answer in await self._calls.get("/orders", list[msgspec.Raw], query):
                with suppress(UnexpectedResponse):  # then it is asked for by its id
                    snapshot = await self._reading_of(answer)
                    found[snapshot.shop_ref] = snapshot
        for ref in shop_refs:
            if ref not in found:
                try:
                    found[ref] = await self._read_one(ref) if ref.isdecimal() else gone(ref)
                except UnexpectedResponse:
                    if len(shop_refs) == 1:
                        raise
        return {ref: found[ref] for ref in shop_refs if ref in found}

    async def find(
        self, references: Sequence[str], prepared: Mapping[str, str] | None = None
    ) -> Mapping[str, tuple[ShopOrderSnapshot, ...]]:
        """Two calls, one after the other: WooCommerce's list of any status leaves out the trash, and the drafts that a
        failed creation leaves behind.

        In this order, so that an order trashed in between is seen by one of them.
        """
        self._facts.outdate()  # what is to be created next is priced by the shop's settings of now
        asked = {created_via(reference): reference for reference in references}
        found: dict[str, dict[str, ShopOrderSnapshot]] = {}
        for words in _in_requests(asked):
            for status in ("any", _LEFT_OUT):
                for their in await self._created_via(words, status):
                    await self._take_found(their, asked, found)
        return {
            reference: tuple(sorted(orders.values(), key=lambda order: int(order.shop_ref)))
            for reference, orders in found.items()
        }

    async def find_products(self, wanted: Sequence[ProductQuery]) -> Mapping[ProductQuery, str]:
        await self._facts.known()
        return await self._products.find(wanted)

    async def create(self, order_draft: ShopOrderDraft, *, not_after: datetime) -> Receipt:
        draft = await self._draft(order_draft)
        if not total_matches(order_draft, draft):  # perhaps by settings that have changed since they were read
            self._facts.outdate()
            draft = await self._draft(order_draft)
            require_total(order_draft, draft)
        currency = order_draft.order.currency
        made = await self._calls.send("POST", "/orders", draft.body, TheirNewOrder, not_after, currency=currency)
        their: TheirOrder = made
        placed = shop_order(made, self._words)
        if placed.total is None or placed.total.amount != draft.total:
            self._facts.outdate()
            their = await self._corrected(order_draft, draft, made, not_after)
            placed = shop_order(their, self._words)
        if left := self._left_in_stock(their):
            placed = replace(placed, flaw=flaw_of(left, self._products.known_to_keep_stock(products_of(left))))
        return Receipt(ReceiptState.DONE, remote_ref=placed.shop_ref, order=placed)

    async def _corrected(
        self, order_draft: ShopOrderDraft, draft: OrderBody, their: TheirNewOrder, not_after: datetime
    ) -> TheirOrder:
        """The order with amounts by the settings of now; as it is where that does not help. It is made: nothing is raised."""
        try:
            anew = await self._draft(order_draft)
            if not total_matches(order_draft, anew) or anew.body == draft.body:
                return their
            return await self._calls.send(
                "PUT", f"/orders/{their.id}", correction(their, anew.body), TheirOrder, not_after
            )
        except HubError:
            return their

    async def _draft(self, order_draft: ShopOrderDraft) -> OrderBody:
        facts = await self._facts.known()
        currency = order_draft.order.currency
        if currency != facts.currency and currency not in self._more_currencies:
            raise CurrencyRefused(currency)
        options = CreationOptions(
            status=self._settings["placed_status"],
            mails_buyer=self._settings["mail_buyer"] == "yes",
            lowers_stock=self._settings["lower_stock"] == "yes",
            taxes=facts.taxes,
            taxed=await self._products.taxed(set(order_draft.products.values())),
        )
        return draft_body(order_draft, options)

    async def cancel(self, cancellation: ShopOrderCancellation, *, not_after: datetime) -> Receipt:
        shop_ref = cancellation.shop_ref
        if not shop_ref.isdecimal():
            raise OrderMissing(SIDE, shop_ref)
        body = {"status": "cancelled"}
        await self._calls.send("PUT", f"/orders/{shop_ref}", body, TheirOrder, not_after, shop_ref=shop_ref)
        return DONE

    async def close(self) -> None:
        return None

    async def _understood(
        self, answers: Sequence[tuple[int, msgspec.Raw]]
    ) -> tuple[tuple[ShopOrderSnapshot, ...], dict[str, str]]:
        """One that a plug-in has bent out of shape holds up no other: it is named, with what is strange about it."""
        orders: list[ShopOrderSnapshot] = []
        strange: dict[str, str] = {}
        for order_id, answer in answers:
            try:
                orders.append(await self._reading_of(answer))
            except UnexpectedResponse as surprise:
                strange[str(order_id)] = surprise.cause
        return tuple(orders), strange

    async def _reading_of(self, answer: msgspec.Raw) -> ShopOrderSnapshot:
        """What is the same to the letter as before says the same."""
        mark = mark_of(answer)
        if (known := self._readings.of(mark)) is not None:
            return known
        their = decoded(answer)
        snapshot = await self._reading(their)
        if not needs_refunds(their, self._words) and not needs_fulfilments(their):
            self._readings.keep(mark, snapshot)
        return snapshot

    async def _reading(self, their: TheirOrder) -> ShopOrderSnapshot:
        refunds: list[TheirRefundDetail] = []
        if needs_refunds(their, self._words):
            query = {"per_page": str(PER_PAGE), "_fields": "id,line_items"}
            refunds = await self._calls.get(f"/orders/{their.id}/refunds", list[TheirRefundDetail], query)
        fulfilments = await self._fulfilments(their.id) if needs_fulfilments(their) else []
        return shop_order(their, self._words, OrderDetails(refunds, fulfilments))

    async def _fulfilments(self, order_id: int) -> list[TheirFulfilment]:
        """WooCommerce's own fulfilments; the feature may have been switched off since."""
        return await self._calls.get_unless(NO_ROUTE, f"/orders/{order_id}/fulfillments", list[TheirFulfilment]) or []

    async def _read_one(self, shop_ref: str) -> ShopOrderSnapshot:
        """An order that no list shows: in the trash, gone, or in a status of a plugin that was switched
        off."""
        query = {"_fields": ORDER_FIELDS}
        their = await self._calls.get_unless(INVALID_ORDER, f"/orders/{shop_ref}", TheirOrder, query)
        return gone(shop_ref) if their is None else await self._reading(their)

    async def _created_via(self, words: Iterable[str], status: str) -> list[TheirOrder]:
        query = {
            "created_via": ",".join(words),
            "status": status,
            "orderby": "id",
            "order": "asc",
            "_fields": ORDER_FIELDS,
        }
        try:
            return [their async for page in self._calls.pages("/orders", TheirOrder, query) for their in page]
        except InvalidParameters as error:
            if status != _LEFT_OUT or "status" not in error.names:
                raise
        # some merchants' snippets take the draft's status away: then none is left behind in it
        return await self._created_via(words, _TRASH)

    async def _take_found(
        self, their: TheirOrder, asked: Mapping[str, str], found: dict[str, dict[str, ShopOrderSnapshot]]
    ) -> None:
        if their.created_via not in asked:
            if their.created_via.casefold() in {word.casefold() for word in asked}:
                return  # the database does not tell capitals from small letters
            raise UnexpectedResponse(
                "the shop does not filter orders by created_via: WooCommerce 9.9 or newer is needed"
            )
        reference = asked[their.created_via]
        try:
            order = self._found(their)
        except UnexpectedResponse:
            their = await self._calls.get(f"/orders/{their.id}", TheirOrder, {"_fields": ORDER_FIELDS})
            order = self._found(their)
        if left := self._left_in_stock(their):
            order = replace(order, flaw=flaw_of(left, await self._products.keeping_stock(products_of(left))))
        found.setdefault(reference, {})[order.shop_ref] = order

    def _found(self, their: TheirOrder) -> ShopOrderSnapshot:
        return without_lines_if_half_made(shop_order(their, self._words), their, self._settings["placed_status"])

    def _left_in_stock(self, their: TheirOrder) -> Sequence[TheirLine]:
        return left_in_stock(their) if self._settings["lower_stock"] == "yes" else ()

    @property
    def _more_currencies(self) -> frozenset[str]:
        return frozenset(word.upper() for word in _listed(self._settings["more_currencies"]))

    def _read_words(self) -> ShopWords:
        settings = self._settings
        return ShopWords(
            completed=frozenset(_listed(settings["completed_statuses"])),
            cancelled=frozenset(_listed(settings["cancelled_statuses"])),
            fulfilled_is_completed=settings["fulfilled_is_completed"] == "yes",
            tracking_keys=tuple(_listed(settings["tracking_meta_keys"])),
            label_key=settings["label_meta_key"].strip(),
        )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
