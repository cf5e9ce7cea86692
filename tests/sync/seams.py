"""The reference connectors with a place to cut in at: just before a request goes out, and just after its answer came."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderhaven.core.commands import MarketplaceCommand, ShipmentConfirmation
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.shop_order import ShopOrderDraft
from orderhaven.ports.marketplace import Verification
from orderhaven.ports.receipts import Receipt
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace
from orderhaven.testing.reference_shop import REFERENCE_SHOP, ReferenceShop

Cut = Callable[[str], Awaitable[None]]


class Died(BaseException):
    """The process is gone at this moment: nobody catches it."""


class SeamShop(ReferenceShop):
    async def create(self, order_draft: ShopOrderDraft, *, not_after: datetime) -> Receipt:
        await cut(self._simulation, "before place", order_draft.order.ref)
        placed = await super().create(order_draft, not_after=not_after)
        await cut(self._simulation, "after place", order_draft.order.ref)
        return placed

    async def pull(self, since: str) -> AsyncIterator[ShopPage]:
        async for page in super().pull(since):
            understood, strange = [], {}
            for one in page.orders:
                try:
                    await cut(self._simulation, "hear", one.shop_ref)
                    understood.append(one)
                except UnexpectedResponse as surprise:
                    strange[one.shop_ref] = surprise.cause
            yield replace(page, orders=tuple(understood), not_understood=strange)

    async def find(self, references: Any, prepared: Any = None) -> Any:
        for reference in references:
            await cut(self._simulation, "find", reference)
        return await super().find(references, prepared)

    async def read(self, shop_refs: Any) -> Any:
        for shop_ref in shop_refs:
            await cut(self._simulation, "read", shop_ref)
        found = await super().read(shop_refs)
        return {
            shop_ref: one for shop_ref, one in found.items() if shop_ref not in getattr(self._simulation, "unsaid", ())
        }


class SeamMarketplace(ReferenceMarketplace):
    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        await cut(self._simulation, "before confirm", command.order_ref)
        receipt = await super().confirm(command, not_after=not_after)
        await cut(self._simulation, "after confirm", command.order_ref)
        return receipt

    async def verify(self, command: MarketplaceCommand) -> Verification:
        await cut(self._simulation, "look", command.order_ref)
        return await super().verify(command)

    async def read(self, ref: str) -> Any:
        await cut(self._simulation, "read", ref)
        return await super().read(ref)

    async def outcomes(self, pending: Any) -> Any:
        for handle in pending.values():
            await cut(self._simulation, "outcomes", handle)
        return await super().outcomes(pending)


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
