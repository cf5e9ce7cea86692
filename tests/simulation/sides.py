"""The two sides of a run behind one face, whichever pair of connectors plays: what people do there."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from orderhaven.connectors import make_sandbox, specs
from orderhaven.ports.connector import ConnectorSpec, Side
from orderhaven.ports.sandbox import BackOfficeOrder, Basket, CatalogueItem
from orderhaven.testing.goods import GIFT
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.simulation.plan import MARKETPLACE, SHOP, Happening, Pair, Trouble
from tests.simulation.virtual import LoopClock
from tests.simulation.wire import Wire

ARTICLES = (
    CatalogueItem("MUG-1", "8712345678906", "Mug, blue", "12.99"),
    CatalogueItem("LAMP-2", "8712345678913", "Lamp", "49.95"),
)
STOCK = 1000
NOT_FOR_SALE = CatalogueItem("CLOCK-9", "8712345678937", "Clock", "19.95")
SOMETHING_ELSE = CatalogueItem("BOWL-3", "8712345678944", "Bowl", "8.50")
BUYER = {
    "last_name": "Quastenberg", "street": "Vlinderdwarspad", "email": "quastenberg@buyer.example", "phone": "0612340987",
}  # fmt: skip
_SEEN_LATE = timedelta(minutes=9)  # on the third list, at a poll every five minutes


class Sides:
    """`hit` is told of each trouble that came true."""

    def __init__(self, pair: Pair, clock: LoopClock, chance: random.Random, hit: Callable[[Trouble], None]) -> None:
        self.pair = pair
        self._hit = hit
        self._chance = chance
        there, here = _declared(pair)
        self.specs_by_name = {there.name: there, here.name: here}
        self.connector = there.name
        self.words = there.carriers
        self.marketplace = make_sandbox(there, clock)
        self.shop = make_sandbox(here, clock)
        self.shop.stock((*ARTICLES, GIFT, SOMETHING_ELSE), STOCK)
        self.wire = Wire(pair, self.marketplace, self.shop, chance, hit)

    def settings(self, role: Side) -> dict[str, str]:
        if role is Side.MARKETPLACE:
            return dict(self.marketplace.settings("http://marketplace.test"))
        return dict(self.shop.settings("http://127.0.0.1:8080"))

    def side(self, name: str) -> Any:
        return self.marketplace if name == MARKETPLACE else self.shop

    # ------------------------------------------------------------ what breaks

    def end_tokens(self, name: str) -> None:
        door = self.side(name).auth
        if hasattr(door, "expire_tokens"):
            door.expire_tokens()
            self._hit(Trouble.TOKENS_END)

    def disorder(self, trouble: Trouble) -> None:
        """A list of the marketplace goes wrong, until it is mended."""
        self._hit(trouble)
        if self.pair is Pair.REFERENCES:
            self._disorder_reference(trouble)
            return
        listing = self.marketplace.listing
        match trouble:
            case Trouble.REPEATED_ROWS:
                listing.repeat_rows = True
            case Trouble.SHIFTING_PAGES:
                listing.after_page = lambda _: self._touch()
            case _:
                self.marketplace.visible_after = _SEEN_LATE

    def _disorder_reference(self, trouble: Trouble) -> None:
        faults = self.marketplace.faults
        match trouble:
            case Trouble.LATE_VISIBILITY:
                faults.late_by = _SEEN_LATE
            case _:
                self.marketplace.page_size = 2
                faults.between_pages = self._touch

    def _touch(self) -> None:
        """Something small changes about an order, and its place in the list with it."""
        refs = sorted(self.marketplace.refs())
        if not refs:
            return
        ref = self._chance.choice(refs)
        if self.pair is Pair.REFERENCES:
            self.marketplace._change(ref, lambda facts: facts)
        else:
            self.marketplace.trade.touch(self.marketplace.trade.sales[ref].items, self.marketplace._now())

    def change_profile(self) -> None:
        """The merchant of the shop changes its taxes, and a plug-in brings a status."""
        if self.pair is Pair.REAL:
            self._hit(Trouble.OTHER_PROFILE)
            self.shop.taxes.on = not self.shop.taxes.on
            self.shop.add_status("packed", "Packed")

    def mend(self, name: str | None = None) -> None:
        """Everything works again: at one side, or everywhere."""
        for side in (MARKETPLACE, SHOP) if name is None else (name,):
            self.side(side).faults.clear()
        if name is None:
            self.wire.mend()
        if name != SHOP and self.pair is Pair.REAL:
            listing = self.marketplace.listing
            listing.repeat_rows, listing.after_page = False, None
            self.marketplace.visible_after = timedelta(0)

    # ------------------------------------------------------------ what people do there

    def sell(self, wish: Happening) -> tuple[str, dict[str, int]]:
        """The order's number, and what was sold: SKU -> pieces."""
        articles = [NOT_FOR_SALE] if wish.kind == "not_for_sale" else ARTICLES[: wish.lines]
        basket = Basket(
            lines=[(article, wish.pieces) for article in articles],
            address=BUYER,
            by_marketplace=wish.kind == "by_marketplace",
            marketplace_label=wish.kind == "own_label",
        )
        if wish.kind == "needs_acceptance":
            ref = self.marketplace.sell(basket, needs_acceptance=True)
        else:
            ref = self.marketplace.sell(basket)
        return str(ref), {article.sku: wish.pieces for article in articles}

    def in_shop(self, ref: str) -> list[BackOfficeOrder]:
        """The shop's orders that the hub made for this one, oldest first."""
        reference = f"{self.connector}-{ref}"
        return [
            one for one in self.shop.orders() if one.reference == reference or one.reference.startswith(f"{reference}-")
        ]

    def address_in_shop(self, shop_ref: str) -> dict[str, str]:
        """Where each of the buyer's words has to stand: the whole text that is there."""
        if self.pair is Pair.REFERENCES:
            address = self.shop.ships_to[shop_ref]
            return {what: getattr(address, what) for what in BUYER}
        body, meta = self.shop.book.orders[int(shop_ref)].body, self.shop.book.orders[int(shop_ref)].meta
        shipping = body["shipping"]
        return {
            "last_name": shipping["last_name"], "street": shipping["address_1"], "phone": shipping["phone"],
            "email": f"{body['billing'].get('email')} {meta}",
        }  # fmt: skip

    def change_quantity(self, shop_ref: str) -> None:
        """One more of the first article."""
        shown = next(one for one in self.shop.orders() if one.shop_ref == shop_ref)
        sku, pieces = next(iter(shown.quantities.items()))
        self.shop.change_quantity(shop_ref, sku, pieces + 1)

    def swap(self, shop_ref: str) -> None:
        """As many pieces of another article, in the place of the first."""
        shown = next(one for one in self.shop.orders() if one.shop_ref == shop_ref)
        sku, pieces = next(iter(shown.quantities.items()))
        self.shop.change_quantity(shop_ref, sku, 0)
        self.shop.add_line(shop_ref, SOMETHING_ELSE, pieces, SOMETHING_ELSE.price)

    def withdraw(self, ref: str) -> None:
        if self.pair is Pair.REFERENCES:
            self.marketplace.withdraw_cancellation_request(ref)
        else:
            sale = self.marketplace.trade.sales[ref]
            for item in sale.items:
                item.cancellation_requested = False
            self.marketplace.trade.touch(sale.items, self.marketplace._now())

    def ship_part(self, ref: str) -> bool:
        """One piece of what is open; False where that would be all of it."""
        if self.pair is Pair.REFERENCES:
            sale = self.marketplace._sale(ref)
            left = {key: facts.open for key, facts in sale.quantities.items() if facts.open}
            if sum(left.values()) < 2:
                return False
            first = next(iter(left))
            line = next(line for line in sale.order.lines if line.ref == first)
            self.marketplace._record_shipment(ref, {line.remote_ids[0]: 1}, "", "", "")
            facts = sale.quantities[first]
            sale.quantities = {**sale.quantities, first: replace(facts, shipped=facts.shipped + 1)}
            sale.changed_at = self.marketplace._clock.now()
            return True
        sold = self.marketplace._sale(ref)
        items = [item for item in sold.items if item.open]
        if sum(item.open for item in items) < 2:
            return False
        self.marketplace.trade.ship(sold, {items[0].ref: 1}, self.marketplace._now())
        return True

    def reverse(self, ref: str) -> bool:
        """The marketplace undoes what was shipped and cancels it: only the reference does such a thing."""
        if self.pair is Pair.REAL or not any(
            facts.shipped for facts in self.marketplace._sale(ref).quantities.values()
        ):
            return False
        self.marketplace._change(ref, lambda facts: replace(facts, shipped=0, cancelled=facts.ordered))
        return True

    def is_open_there(self, ref: str) -> bool:
        if self.pair is Pair.REFERENCES:
            return bool(self.marketplace._sale(ref).is_open())
        return any(item.open for item in self.marketplace._sale(ref).items)


def _declared(pair: Pair) -> Sequence[ConnectorSpec]:
    if pair is Pair.REFERENCES:
        return REFERENCE_MARKETPLACE, REFERENCE_SHOP
    installed = specs()
    return installed["bol"], installed["woocommerce"]
