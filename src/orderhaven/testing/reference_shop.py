"""A shop in memory with every capability that a spec can name: the hub is tested on it too."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot, ShopState
from orderhaven.ports.connector import (
    AccountProfile,
    Capability,
    ConnectorContext,
    ConnectorSpec,
    Limits,
    Setting,
    SettingKind,
    Side,
)
from orderhaven.ports.receipts import DONE, Receipt, ReceiptState
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.sandbox_auth import SandboxClient, simulation_named
from orderhaven.testing.simulated_shop import SimulatedShop

REFERENCE_SHOP = ConnectorSpec(
    name="reference_shop",
    title="Reference shop",
    side=Side.SHOP,
    settings=(
        Setting("world", "World", "The name of a world in this process."),
        Setting("key", "Key", "The key of that world.", secret=True),
        Setting(
            "mail_buyer",
            "Mail the buyer",
            "Whether the shop mails about new orders.",
            SettingKind.YES_NO,
            default="no",
        ),
    ),
    capabilities=frozenset(
        {
            Capability.CANCEL,
            Capability.FIND_BY_REFERENCE,
            Capability.FIND_PRODUCTS_BY_EAN,
            Capability.SETS_PRICES,
            Capability.SUPPRESS_MAIL,
            Capability.FULFILLED_BY_MARKETPLACE,
            Capability.EDIT_ORDERS,
            Capability.REOPEN_ORDERS,
            Capability.TRASH_ORDERS,
            Capability.DELETE_ORDERS,
        }
    ),
    limits=Limits(poll_floor=timedelta(minutes=1)),
    connector="orderhaven.testing.reference_shop:ReferenceShop",
    sandbox="orderhaven.testing.reference_shop:SimulatedShop",
    version="1",
    limitations="It lives in memory: it ends with the process.",
)


class ReferenceShop:
    """A `ports.shop.Shop`."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        self._simulation: SimulatedShop = simulation_named(settings["world"])
        self._mail_the_buyer = settings.get("mail_buyer", "no") == "yes"
        self._caller = SandboxClient(self._simulation.auth, settings["key"], context)

    async def check(self) -> AccountProfile:
        await self._caller.read("GET /account", lambda: None)
        name = f"Reference shop ({self._simulation.name})"
        return AccountProfile(fingerprint=self._simulation.name, name=name, currencies=self._simulation.currencies)

    async def pull(self, since: str) -> AsyncIterator[ShopPage]:
        if not since:
            await self._caller.read("GET /orders/changed", lambda: None)
            yield ShopPage((), self._simulation.time())
            return
        begin, *then = since.split(" then ")
        cursor, after = then or (self._simulation.time(), "")
        start = datetime.fromisoformat(begin) - REFERENCE_SHOP.limits.overlap
        while True:
            rows = await self._caller.read("GET /orders/changed", partial(self._simulation.changed, start, after))
            after = rows[-1].shop_ref if len(rows) >= self._simulation.page_size else ""
            orders, strange, unidentified = self._simulation.faults.understood(rows, lambda order: order.shop_ref)
            yield ShopPage(
                orders, cursor, f"{begin} then {cursor} then {after}" if after else "", strange, unidentified
            )
            if not after:
                return

    async def read(self, shop_refs: Sequence[str]) -> Mapping[str, ShopOrderSnapshot]:
        found = await self._caller.read("GET /orders", lambda: self._simulation.by_key(shop_refs))
        strange = {key for key in shop_refs if self._simulation.faults.is_malformed("read", key, alone=True)}
        if strange and len(shop_refs) == 1:
            raise UnexpectedResponse("an answer of another shape")
        return {key: found.get(key) or _gone(key) for key in shop_refs if key not in strange}

    async def find(
        self, references: Sequence[str], prepared: Mapping[str, str] | None = None
    ) -> Mapping[str, tuple[ShopOrderSnapshot, ...]]:
        found = await self._caller.read("GET /orders/by-reference", lambda: self._simulation.by_reference(references))
        self._demand_understood("found", (one.shop_ref for orders in found.values() for one in orders))
        return found

    async def find_products(self, wanted: Sequence[ProductQuery]) -> Mapping[ProductQuery, str]:
        found = await self._caller.read("GET /products", lambda: self._simulation.products(wanted))
        self._demand_understood("products", found.values())
        return found

    async def create(self, order_draft: ShopOrderDraft, *, not_after: datetime) -> Receipt:
        def take() -> ShopOrderSnapshot:
            return self._simulation.create(order_draft, mail_the_buyer=self._mail_the_buyer)

        made = await self._caller.send("POST /orders", take, not_after=not_after, about=order_draft.order.ref)
        return Receipt(ReceiptState.DONE, remote_ref=made.shop_ref, order=made)

    async def cancel(self, cancellation: ShopOrderCancellation, *, not_after: datetime) -> Receipt:
        shop_ref = cancellation.shop_ref
        await self._caller.send(
            f"POST /orders/{shop_ref}/cancel", lambda: self._simulation.cancel_order(shop_ref), not_after=not_after
        )
        return DONE

    async def close(self) -> None:
        return None

    def _demand_understood(self, listing: str, keys: Iterable[str]) -> None:
        """What a list shows bent is asked for by itself; where that is bent too, nothing can be said of it."""
        if any(self._simulation.faults.is_malformed(listing, key, alone=True) for key in keys):
            raise UnexpectedResponse("an answer of another shape")


def _gone(shop_ref: str) -> ShopOrderSnapshot:
    return ShopOrderSnapshot(shop_ref, shop_ref, "", ShopState.GONE, "")
