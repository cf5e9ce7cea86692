"""A WooCommerce shop, by the rules of `ports.shop`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from msgspec.structs import replace

from orderhaven.connectors.kit.session import Session
from orderhaven.connectors.woocommerce import DECLARATION
from orderhaven.connectors.woocommerce.answers import INVALID_ORDER, NO_ROUTE, SIDE, InvalidParameters
from orderhaven.connectors.woocommerce.auth import auth_for
from orderhaven.connectors.woocommerce.calls import PER_PAGE, Calls
from orderhaven.connectors.woocommerce.correcting import TheirNewOrder, correction
from orderhaven.connectors.woocommerce.facts import KeptFacts, ShopFacts
from orderhaven.connectors.woocommerce.hearing import Hearing, start_of
from orderhaven.connectors.woocommerce.mapping import (
    ORDER_FIELDS,
    Details,
    TheirFulfilment,
    TheirLine,
    TheirOrder,
    TheirRefundDetail,
    Words,
    gone,
    needs_fulfilments,
    needs_refunds,
    shop_order,
    without_lines_if_half_made,
)
from orderhaven.connectors.woocommerce.placing import Draft, ShopWays, comes_out, demand_comes_out, order_to_make
from orderhaven.connectors.woocommerce.products import Products
from orderhaven.connectors.woocommerce.reference import created_via
from orderhaven.connectors.woocommerce.rereading import Readings, decoded, mark_of
from orderhaven.connectors.woocommerce.setup import check_account
from orderhaven.connectors.woocommerce.site import API, permalinks_are_off, site_root
from orderhaven.connectors.woocommerce.stock import flaw_of, left_in_stock, products_of
from orderhaven.core.errors import CurrencyRefused, HubError, OrderMissing, Surprise
from orderhaven.core.shop_order import Placed, Placement, ProductWanted, ShopOrder
from orderhaven.ports.connector import Account, Outside
from orderhaven.ports.shop import ShopPage

_LIMITS = DECLARATION.limits
_TRASH = "trash"
_LEFT_OUT = f"{_TRASH},checkout-draft"  # what WooCommerce's 'any' does not list
_DEFAULTS = {setting.key: setting.default or "" for setting in DECLARATION.settings}


class WooCommerce:
    def __init__(self, settings: Mapping[str, str], outside: Outside) -> None:
        self._settings = {**_DEFAULTS, **settings}
        self._outside = outside
        self._root = site_root(self._settings["url"])
        auth = auth_for(self._root, self._settings["key"], self._settings["secret"], outside.clock)
        session = Session(SIDE, self._root + API, outside, auth, _LIMITS)
        self._calls = Calls(session, lambda: permalinks_are_off(self._root, outside, _LIMITS))
        self._products = Products(self._calls)
        self._readings = Readings()
        self._words = self._read_words()
        self._facts = KeptFacts(self._calls, self._products, outside.clock)

    async def check(self) -> Account:
        account, facts = await check_account(self._calls, self._root, self._outside, _LIMITS, self._more_currencies)
        self._facts.keep(facts)
        return account

    async def hear(self, since: str) -> AsyncIterator[ShopPage]:
        if not since:
            yield ShopPage((), await Hearing(self._calls, self._outside.clock).now())
            return
        start, began = start_of(since, _LIMITS.overlap)
        hearing = Hearing(self._calls, self._outside.clock, began)
        async for answers in hearing.pages(start):
            orders, strange = await self._understood(answers)
            yield ShopPage(orders, hearing.cursor, hearing.position, strange, tuple(hearing.nameless))

    async def read(self, shop_refs: Sequence[str]) -> Mapping[str, ShopOrder]:
        found: dict[str, ShopOrder] = {}
        numbers = [ref for ref in shop_refs if ref.isdecimal()]  # anything else cannot be an order's key here
        if numbers:
            query = {
                "include": ",".join(numbers),
                "per_page": str(PER_PAGE),
                "status": "any",
                "_fields": ORDER_FIELDS,
            }
            for answer in await self._calls.get("/orders", list[msgspec.Raw], query):
                with suppress(Surprise):  # then it is asked for by its id
                    reading = await self._reading_of(answer)
                    found[reading.shop_ref] = reading
        for ref in shop_refs:
            if ref not in found:
                try:
                    found[ref] = await self._read_one(ref) if ref.isdecimal() else gone(ref)
                except Surprise:
                    if len(shop_refs) == 1:
                        raise
        return {ref: found[ref] for ref in shop_refs if ref in found}

    async def find(self, references: Sequence[str]) -> Mapping[str, tuple[ShopOrder, ...]]:
        """Two calls, one after the other: WooCommerce's list of any status leaves out the trash, and the drafts that a
        failed creation leaves behind.

        In this order, so that an order trashed in between is seen by one of them.
        """
        self._facts.outdate()  # what is to be created next is priced by the shop's settings of now
        asked = {created_via(reference): reference for reference in references}
        found: dict[str, dict[str, ShopOrder]] = {}
        for status in ("any", _LEFT_OUT) if asked else ():
            for their in await self._created_via(asked, status):
                await self._take_found(their, asked, found)
        return {reference: tuple(sorted(orders.values(), key=_age)) for reference, orders in found.items()}

    async def find_products(self, wanted: Sequence[ProductWanted]) -> Mapping[ProductWanted, str]:
        await self._facts.known()
        return await self._products.find(wanted)

    async def place(self, placement: Placement, *, not_after: datetime) -> Placed:
        draft = await self._draft(placement)
        if not comes_out(placement, draft):  # perhaps by settings that have changed since they were read
            self._facts.outdate()
            draft = await self._draft(placement)
            demand_comes_out(placement, draft)
        currency = placement.order.currency
        made = await self._calls.tell("POST", "/orders", draft.body, TheirNewOrder, not_after, currency=currency)
        their: TheirOrder = made
        placed = shop_order(made, self._words)
        if placed.total is None or placed.total.amount != draft.total:
            self._facts.outdate()
            their = await self._corrected(placement, draft, made, not_after)
            placed = shop_order(their, self._words)
        if left := self._left_in_stock(their):
            placed = replace(placed, flaw=flaw_of(left, self._products.known_to_keep_stock(products_of(left))))
        return Placed(placed)

    async def _corrected(
        self, placement: Placement, draft: Draft, their: TheirNewOrder, not_after: datetime
    ) -> TheirOrder:
        """The order with amounts by the settings of now; as it is where that does not help. It is made: nothing is raised."""
        try:
            anew = await self._draft(placement)
            if not comes_out(placement, anew) or anew.body == draft.body:
                return their
            return await self._calls.tell(
                "PUT", f"/orders/{their.id}", correction(their, anew.body), TheirOrder, not_after
            )
        except HubError:
            return their

    async def _draft(self, placement: Placement) -> Draft:
        facts = await self._facts.known()
        currency = placement.order.currency
        if currency != facts.currency and currency not in self._more_currencies:
            raise CurrencyRefused(currency)
        return order_to_make(placement, await self._ways(facts, placement))

    async def cancel(self, shop_ref: str, *, not_after: datetime) -> None:
        if not shop_ref.isdecimal():
            raise OrderMissing(SIDE, shop_ref)
        body = {"status": "cancelled"}
        await self._calls.tell("PUT", f"/orders/{shop_ref}", body, TheirOrder, not_after, shop_ref=shop_ref)

    async def close(self) -> None:
        return None

    async def _understood(
        self, answers: Sequence[tuple[int, msgspec.Raw]]
    ) -> tuple[tuple[ShopOrder, ...], dict[str, str]]:
        """One that a plug-in has bent out of shape holds up no other: it is named, with what is strange about it."""
        orders: list[ShopOrder] = []
        strange: dict[str, str] = {}
        for order_id, answer in answers:
            try:
                orders.append(await self._reading_of(answer))
            except Surprise as surprise:
                strange[str(order_id)] = surprise.cause
        return tuple(orders), strange

    async def _reading_of(self, answer: msgspec.Raw) -> ShopOrder:
        """What is the same to the letter as before says the same."""
        mark = mark_of(answer)
        if (known := self._readings.of(mark)) is not None:
            return known
        their = decoded(answer)
        reading = await self._reading(their)
        if not needs_refunds(their, self._words) and not needs_fulfilments(their):
            self._readings.keep(mark, reading)
        return reading

    async def _reading(self, their: TheirOrder) -> ShopOrder:
        refunds: list[TheirRefundDetail] = []
        if needs_refunds(their, self._words):
            query = {"per_page": str(PER_PAGE), "_fields": "id,line_items"}
            refunds = await self._calls.get(f"/orders/{their.id}/refunds", list[TheirRefundDetail], query)
        fulfilments = await self._fulfilments(their.id) if needs_fulfilments(their) else []
        return shop_order(their, self._words, Details(refunds, fulfilments))

    async def _fulfilments(self, order_id: int) -> list[TheirFulfilment]:
        """WooCommerce's own fulfilments; the feature may have been switched off since."""
        return await self._calls.get_unless(NO_ROUTE, f"/orders/{order_id}/fulfillments", list[TheirFulfilment]) or []

    async def _read_one(self, shop_ref: str) -> ShopOrder:
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
        self, their: TheirOrder, asked: Mapping[str, str], found: dict[str, dict[str, ShopOrder]]
    ) -> None:
        if their.created_via not in asked:
            if their.created_via.casefold() in {word.casefold() for word in asked}:
                return  # the database does not tell capitals from small letters
            raise Surprise("the shop does not filter orders by created_via: WooCommerce 9.9 or newer is needed")
        reference = asked[their.created_via]
        try:
            order = self._found(their)
        except Surprise:
            their = await self._calls.get(f"/orders/{their.id}", TheirOrder, {"_fields": ORDER_FIELDS})
            order = self._found(their)
        if left := self._left_in_stock(their):
            order = replace(order, flaw=flaw_of(left, await self._products.keeping_stock(products_of(left))))
        found.setdefault(reference, {})[order.shop_ref] = order

    def _found(self, their: TheirOrder) -> ShopOrder:
        return without_lines_if_half_made(shop_order(their, self._words), their, self._settings["placed_status"])

    def _left_in_stock(self, their: TheirOrder) -> Sequence[TheirLine]:
        return left_in_stock(their) if self._settings["lower_stock"] == "yes" else ()

    async def _ways(self, facts: ShopFacts, placement: Placement) -> ShopWays:
        return ShopWays(
            status=self._settings["placed_status"],
            mails_buyer=self._settings["mail_buyer"] == "yes",
            lowers_stock=self._settings["lower_stock"] == "yes",
            taxes=facts.taxes,
            taxed=await self._products.taxed(set(placement.products.values())),
        )

    @property
    def _more_currencies(self) -> frozenset[str]:
        return frozenset(word.upper() for word in _listed(self._settings["more_currencies"]))

    def _read_words(self) -> Words:
        settings = self._settings
        return Words(
            completed=frozenset(_listed(settings["completed_statuses"])),
            cancelled=frozenset(_listed(settings["cancelled_statuses"])),
            fulfilled_is_completed=settings["fulfilled_is_completed"] == "yes",
            tracking_keys=tuple(_listed(settings["tracking_meta_keys"])),
            label_key=settings["label_meta_key"].strip(),
        )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _age(order: ShopOrder) -> int:
    return int(order.shop_ref)
