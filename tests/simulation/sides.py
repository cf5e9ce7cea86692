"""The two sides of a run behind one face, whichever pair of connectors plays: what people do there."""

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from orderhaven.connectors import make_sandbox, open_connector
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.core.order import WaitsFor
from orderhaven.ports.account import NOTHING_CHOSEN, NOTHING_KEPT, KeptAccount, kept_of, spec_of_account
from orderhaven.ports.connector import Capability, ConnectorContext, ConnectorSpec, InMemoryTokenCache, Side
from orderhaven.ports.sandbox import (
    BackOfficeOrder,
    Basket,
    CatalogueItem,
    ListDisorder,
    Sandbox,
    SandboxMarketplace,
    SandboxShop,
)
from orderhaven.testing.goods import GIFT
from orderhaven.testing.pairs import Pair
from tests.simulation.plan import MARKETPLACE, SHOP, Deed, Happening, Trouble
from tests.simulation.virtual import LoopClock
from tests.simulation.wire import Wire, names

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
_DISORDERS = {
    Trouble.REPEATED_ROWS: ListDisorder.REPEATED_ROWS,
    Trouble.SHIFTING_PAGES: ListDisorder.SHIFTING_PAGES,
    Trouble.LATE_VISIBILITY: ListDisorder.LATE,
}
# what is done only where it can be
_NEEDED = {
    Deed.ASK: Capability.CANCELLATION_REQUESTS,
    Deed.WITHDRAW: Capability.CANCELLATION_REQUESTS,
    Deed.SHIP_PART_THERE: Capability.SHIP_PARTS,
    Deed.REOPEN: Capability.REOPEN_ORDERS,
    Deed.TRASH: Capability.TRASH_ORDERS,
    Deed.DELETE: Capability.DELETE_ORDERS,
    Deed.CHANGE_QUANTITY: Capability.EDIT_ORDERS,
    Deed.ADD_GIFT: Capability.EDIT_ORDERS,
    Deed.ADD_LINE: Capability.EDIT_ORDERS,
    Deed.SWAP: Capability.EDIT_ORDERS,
}


class Sides:
    """`hit` is told of each trouble that came true."""

    def __init__(self, pair: Pair, clock: LoopClock, chance: random.Random, hit: Callable[[Trouble], None]) -> None:
        self._hit = hit
        self._clock = clock
        self._chance = chance
        self.there, self.here = pair.marketplace_spec, pair.shop_spec
        self.specs_by_name = {one.name: one for one in (self.there, self.here)}
        self.marketplace: SandboxMarketplace = make_sandbox(self.there, clock)
        self.shop: SandboxShop = make_sandbox(self.here, clock)
        self.shop.stock((*ARTICLES, GIFT, SOMETHING_ELSE), STOCK)
        self.accounts = {one.name: self._account_of(one) for one in (self.there, self.here)}
        self.wire = Wire(self.marketplace, self.shop, chance, hit)

    def settings(self, role: Side) -> dict[str, str]:
        if role is Side.MARKETPLACE:
            return dict(self.marketplace.settings("http://marketplace.test"))
        return dict(self.shop.settings("http://127.0.0.1:8080"))

    def _account_of(self, spec: ConnectorSpec) -> KeptAccount:
        """What setting up a connection keeps; only of an account that has words of its own, so that no other one is asked."""
        if not (spec.carriers_are_listed or spec.reasons_are_listed):
            return NOTHING_KEPT
        hosts = {"marketplace.test": self.marketplace, "127.0.0.1:8080": self.shop}
        context = ConnectorContext(self._clock, InProcessTransport(hosts), InMemoryTokenCache())
        return kept_of(asyncio.run(open_connector(spec, self.settings(spec.side), context).check()), spec)

    @property
    def marketplace_spec(self) -> ConnectorSpec:
        """As its account has it."""
        return spec_of_account(self.there, self.accounts[self.there.name], NOTHING_CHOSEN)

    def side(self, name: str) -> Sandbox:
        return self.marketplace if name == MARKETPLACE else self.shop

    # ------------------------------------------------------------ what breaks

    def end_tokens(self, name: str) -> None:
        if self.side(name).expire_tokens():
            self._hit(Trouble.TOKENS_END)

    def disorder(self, trouble: Trouble) -> None:
        """A list of the marketplace goes wrong, until it is mended."""
        self._hit(trouble)
        self.marketplace.disorder(_DISORDERS[trouble], _SEEN_LATE, self._touch)

    def _touch(self) -> None:
        """Something small changes about an order, and its place in the list with it."""
        refs = sorted(self.marketplace.refs())
        if refs:
            self.marketplace.touch(self._chance.choice(refs))

    def change_profile(self) -> None:
        """The merchant of the shop changes its taxes, and a plug-in brings a status."""
        if self.shop.change_profile():
            self._hit(Trouble.OTHER_PROFILE)

    def mend(self, name: str | None = None) -> None:
        """Everything works again: at one side, or everywhere."""
        for side in (MARKETPLACE, SHOP) if name is None else (name,):
            self.side(side).faults.clear()
        if name is None:
            self.wire.mend()
        if name != SHOP:
            self.marketplace.restore_order()

    # ------------------------------------------------------------ what people do there

    def sell(self, wish: Happening) -> tuple[str, dict[str, int]]:
        """The order's number, and what was sold: SKU -> pieces."""
        articles = [NOT_FOR_SALE] if wish.kind == "not_for_sale" else ARTICLES[: wish.lines]
        basket = Basket(
            lines=[(article, wish.pieces) for article in articles],
            address=BUYER,
            by_marketplace=wish.kind == "by_marketplace",
            marketplace_label=wish.kind == "own_label",
            waits_for=WaitsFor.OUR_YES if wish.kind == "needs_acceptance" else WaitsFor.NOTHING,
        )
        return str(self.marketplace.sell(basket)), {article.sku: wish.pieces for article in articles}

    def in_shop(self, ref: str) -> list[BackOfficeOrder]:
        """The shop's orders that the hub made for this one, oldest first."""
        return [one for one in self.shop.orders() if names(one.reference, ref)]

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

    def can(self, deed: Deed) -> bool:
        """Whether such a thing is done there at all."""
        needed = _NEEDED.get(deed)
        return needed is None or needed in self.there.capabilities | self.here.capabilities
