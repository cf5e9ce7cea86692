"""A shop in memory with every ability that a declaration can name: the hub is tested on it too."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from orderhaven.core.errors import Surprise
from orderhaven.core.shop_order import Placed, Placement, ProductWanted, ShopOrder, ShopState
from orderhaven.ports.connector import Account, Can, Declaration, Kind, Limits, Outside, Role, Setting
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.door import Caller, world_named
from orderhaven.testing.shop_world import ShopWorld

REFERENCE_SHOP = Declaration(
    name="reference_shop",
    title="Reference shop",
    role=Role.SHOP,
    settings=(
        Setting("world", "World", "The name of a world in this process."),
        Setting("key", "Key", "The key of that world.", secret=True),
        Setting(
            "mail_buyer",
            "Mail the buyer",
            "Whether the shop mails about new orders.",
            Kind.YES_NO,
            default="no",
        ),
    ),
    can=frozenset({Can.CANCEL, Can.FIND_PRODUCTS_BY_EAN, Can.SUPPRESS_MAIL, Can.TAKE_DELIVERED}),
    limits=Limits(poll_floor=timedelta(minutes=1)),
    connector="orderhaven.testing.reference_shop:ReferenceShop",
    sandbox="orderhaven.testing.reference_shop:ShopWorld",
    version="1",
    honest="It lives in memory: it ends with the process.",
)


class ReferenceShop:
    """A `ports.shop.Shop`."""

    def __init__(self, settings: Mapping[str, str], outside: Outside) -> None:
        self._world: ShopWorld = world_named(settings["world"])
        self._mail_the_buyer = settings.get("mail_buyer", "no") == "yes"
        self._caller = Caller(self._world.door, settings["key"], outside)
        self._clock = outside.clock

    async def check(self) -> Account:
        await self._caller.read("GET /account", lambda: None)
        name = f"Reference shop ({self._world.name})"
        return Account(fingerprint=self._world.name, name=name, currencies=self._world.currencies)

    async def hear(self, since: str) -> AsyncIterator[ShopPage]:
        if not since:
            await self._caller.read("GET /orders/changed", lambda: None)
            yield ShopPage((), self._clock.now().isoformat())
            return
        begin, *then = since.split(" then ")
        cursor, after = then or (self._clock.now().isoformat(), "")
        start = datetime.fromisoformat(begin) - REFERENCE_SHOP.limits.overlap
        while True:
            orders = await self._page(start, after)
            after = orders[-1].shop_ref if len(orders) >= self._world.page_size else ""
            yield self._understood(orders, cursor, f"{begin} then {cursor} then {after}" if after else "")
            if not after:
                return

    async def read(self, shop_refs: Sequence[str]) -> Mapping[str, ShopOrder]:
        found = await self._caller.read("GET /orders", lambda: self._world.by_key(shop_refs))
        strange = {key for key in shop_refs if self._world.faults.is_bent("read", key, alone=True)}
        if strange and len(shop_refs) == 1:
            raise Surprise("an answer of another shape")
        return {key: found.get(key) or _gone(key) for key in shop_refs if key not in strange}

    async def find(self, references: Sequence[str]) -> Mapping[str, tuple[ShopOrder, ...]]:
        found = await self._caller.read("GET /orders/by-reference", lambda: self._world.by_reference(references))
        self._demand_understood("found", (one.shop_ref for orders in found.values() for one in orders))
        return found

    async def find_products(self, wanted: Sequence[ProductWanted]) -> Mapping[ProductWanted, str]:
        found = await self._caller.read("GET /products", lambda: self._world.products(wanted))
        self._demand_understood("products", found.values())
        return found

    async def place(self, placement: Placement, *, not_after: datetime) -> Placed:
        def take() -> ShopOrder:
            return self._world.take(placement, mail_the_buyer=self._mail_the_buyer)

        return Placed(await self._caller.tell("POST /orders", take, not_after=not_after, about=placement.order.ref))

    async def cancel(self, shop_ref: str, *, not_after: datetime) -> None:
        await self._caller.tell(
            f"POST /orders/{shop_ref}/cancel", lambda: self._world.take_back(shop_ref), not_after=not_after
        )

    async def close(self) -> None:
        return None

    def _understood(self, orders: Sequence[ShopOrder], cursor: str, position: str) -> ShopPage:
        """One that is bent holds up no other."""
        faults = self._world.faults
        named = [order for order in orders if order.shop_ref not in faults.nameless]
        strange = {one.shop_ref: "a row of another shape" for one in named if faults.is_bent("heard", one.shop_ref)}
        nameless = ("a row without a number",) * (len(orders) - len(named))
        understood = tuple(order for order in named if order.shop_ref not in strange)
        return ShopPage(understood, cursor, position, strange, nameless)

    def _demand_understood(self, listing: str, keys: Iterable[str]) -> None:
        """What a list shows bent is asked for by itself; where that is bent too, nothing can be said of it."""
        if any(self._world.faults.is_bent(listing, key, alone=True) for key in keys):
            raise Surprise("an answer of another shape")

    async def _page(self, start: datetime, after: str) -> list[ShopOrder]:
        return await self._caller.read("GET /orders/changed", lambda: self._world.changed(start, after))


def _gone(shop_ref: str) -> ShopOrder:
    return ShopOrder(shop_ref, shop_ref, "", ShopState.GONE, "")
