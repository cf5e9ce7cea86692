"""The reference connectors with a place to cut in at: just before a request goes out, and just after its answer came."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderhaven.core.errors import Surprise
from orderhaven.core.shipment import Shipment, Telling
from orderhaven.core.shop_order import Placed, Placement
from orderhaven.ports.marketplace import Finding, Receipt
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace
from orderhaven.testing.reference_shop import REFERENCE_SHOP, ReferenceShop

Cut = Callable[[str], Awaitable[None]]


class Died(BaseException):
    """The process is gone at this moment: nobody catches it."""


class SeamShop(ReferenceShop):
    async def place(self, placement: Placement, *, not_after: datetime) -> Placed:
        await cut(self._world, "before place", placement.order.ref)
        placed = await super().place(placement, not_after=not_after)
        await cut(self._world, "after place", placement.order.ref)
        return placed

    async def hear(self, since: str) -> AsyncIterator[ShopPage]:
        async for page in super().hear(since):
            understood, strange = [], {}
            for one in page.orders:
                try:
                    await cut(self._world, "hear", one.shop_ref)
                    understood.append(one)
                except Surprise as surprise:
                    strange[one.shop_ref] = surprise.cause
            yield replace(page, orders=tuple(understood), not_understood=strange)

    async def find(self, references: Any) -> Any:
        for reference in references:
            await cut(self._world, "find", reference)
        return await super().find(references)

    async def read(self, shop_refs: Any) -> Any:
        for shop_ref in shop_refs:
            await cut(self._world, "read", shop_ref)
        found = await super().read(shop_refs)
        return {shop_ref: one for shop_ref, one in found.items() if shop_ref not in getattr(self._world, "unsaid", ())}


class SeamMarketplace(ReferenceMarketplace):
    async def confirm(self, telling: Shipment, *, not_after: datetime) -> Receipt:
        await cut(self._world, "before confirm", telling.order_ref)
        receipt = await super().confirm(telling, not_after=not_after)
        await cut(self._world, "after confirm", telling.order_ref)
        return receipt

    async def look(self, telling: Telling) -> Finding:
        await cut(self._world, "look", telling.order_ref)
        return await super().look(telling)

    async def read(self, ref: str) -> Any:
        await cut(self._world, "read", ref)
        return await super().read(ref)

    async def outcomes(self, handles: Any) -> Any:
        for handle in handles:
            await cut(self._world, "outcomes", handle)
        return await super().outcomes(handles)


MARKETPLACE = replace(REFERENCE_MARKETPLACE, connector="tests.sync.seams:SeamMarketplace")
SHOP = replace(REFERENCE_SHOP, connector="tests.sync.seams:SeamShop")


async def cut(world: Any, where: str, what: str) -> None:
    for name, act in list(getattr(world, "cuts", {}).items()):
        if name == where:
            await act(what)


def cut_in(world: Any, where: str, act: Cut) -> None:
    """From now on, `act(what)` happens there."""
    world.cuts = {**getattr(world, "cuts", {}), where: act}


def once(act: Cut) -> Cut:
    left = [act]

    async def first(what: str) -> None:
        if left:
            await left.pop()(what)

    return first


def dies() -> Cut:
    async def die(what: str) -> None:
        raise Died(what)

    return once(die)


def fails_for(ref: str, error: Exception) -> Cut:
    async def fail(what: str) -> None:
        if ref in what:
            raise error

    return fail


def mend(world: Any) -> None:
    world.cuts = {}
