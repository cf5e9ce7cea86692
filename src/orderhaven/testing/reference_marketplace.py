"""A marketplace in memory with every ability that a declaration can name: the hub is tested on it too."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from orderhaven.core.carriers import Carrier
from orderhaven.core.errors import OrderRefused, Surprise, UnknownCarrier
from orderhaven.core.order import Order
from orderhaven.core.shipment import Acceptance, Cancellation, Correction, Refusal, Shipment, Telling
from orderhaven.ports.connector import Account, Can, Declaration, Limits, Outside, Role, Setting
from orderhaven.ports.marketplace import Finding, Outcome, Page, Receipt, Sighting
from orderhaven.testing.door import Caller, world_named
from orderhaven.testing.marketplace_world import SIDE, MarketplaceWorld

_WITHOUT_A_WORD = Carrier.BULGARIAN_POSTS  # so that there is a carrier which this marketplace does not know

REFERENCE_MARKETPLACE = Declaration(
    name="reference_marketplace",
    title="Reference marketplace",
    role=Role.MARKETPLACE,
    settings=(
        Setting("world", "World", "The name of a world in this process."),
        Setting("key", "Key", "The key of that world.", secret=True),
    ),
    can=frozenset(
        {
            Can.ACCEPT,
            Can.CANCEL,
            Can.HEAR_CANCELLATION_REQUESTS,
            Can.REFUSE_CANCELLATION,
            Can.CORRECT_TRACKING,
            Can.OUTCOME_LATER,
            Can.FULFIL,
            Can.OWN_LABEL,
            Can.PICKUP_POINTS,
        }
    ),
    limits=Limits(poll_floor=timedelta(minutes=1), lines_per_confirmation=50, lines_per_cancellation=20),
    connector="orderhaven.testing.reference_marketplace:ReferenceMarketplace",
    sandbox="orderhaven.testing.reference_marketplace:MarketplaceWorld",
    version="1",
    carriers={carrier: f"RM-{carrier.upper()}" for carrier in Carrier if carrier is not _WITHOUT_A_WORD},
    carrier_required_with_code=True,
    honest="It lives in memory: it ends with the process.",
)


class ReferenceMarketplace:
    """A `ports.marketplace.Marketplace`."""

    def __init__(self, settings: Mapping[str, str], outside: Outside) -> None:
        self._world: MarketplaceWorld = world_named(settings["world"])
        self._caller = Caller(self._world.door, settings["key"], outside)
        self._clock = outside.clock

    async def check(self) -> Account:
        await self._caller.read("GET /account", lambda: None)
        return Account(fingerprint=self._world.name, name=f"Reference marketplace ({self._world.name})")

    async def hear(self, since: str) -> AsyncIterator[Page]:
        """From the last page to the first: what leaves the list moves others towards pages still to come."""
        cursor = self._clock.now().isoformat()
        start = datetime.fromisoformat(since) - REFERENCE_MARKETPLACE.limits.overlap if since else None
        pages = await self._caller.read("GET /orders/count", lambda: self._world.count_pages(start))
        if pages == 0:
            yield Page((), cursor)
        for number in range(pages, 0, -1):
            orders = await self._page(start, number)
            yield self._understood(orders, cursor)

    async def read(self, ref: str) -> Order:
        found = await self._caller.read(f"GET /orders/{ref}", lambda: self._world.detail(ref), about=ref)
        if self._world.faults.is_bent("heard", ref, alone=True):
            raise Surprise("an answer of another shape")
        return found

    async def accept(self, telling: Acceptance, *, not_after: datetime) -> Receipt:
        return await self._tell("acceptances", telling, not_after)

    async def confirm(self, telling: Shipment, *, not_after: datetime) -> Receipt:
        _demand_at_most(REFERENCE_MARKETPLACE.limits.lines_per_confirmation, telling)
        word = "" if telling.label else _carrier_word(telling.code, telling.carrier)
        return await self._tell("shipments", telling, not_after, word)

    async def cancel(self, telling: Cancellation, *, not_after: datetime) -> Receipt:
        _demand_at_most(REFERENCE_MARKETPLACE.limits.lines_per_cancellation, telling)
        return await self._tell("cancellations", telling, not_after)

    async def refuse_cancellation(self, telling: Refusal, *, not_after: datetime) -> Receipt:
        return await self._tell("refusals", telling, not_after)

    async def correct(self, telling: Correction, *, not_after: datetime) -> Receipt:
        return await self._tell("corrections", telling, not_after, _carrier_word(telling.code, telling.carrier))

    async def outcomes(self, handles: Sequence[str]) -> Mapping[str, Receipt]:
        return await self._caller.read("GET /outcomes", lambda: {handle: self._outcome(handle) for handle in handles})

    async def look(self, telling: Telling) -> Finding:
        if self._world.faults.is_bent("record", telling.order_ref):
            raise Surprise("a record of another shape")
        return await self._caller.read(
            f"GET /orders/{telling.order_ref}/record",
            lambda: self._world.record_of(telling),
            about=telling.order_ref,
        )

    async def close(self) -> None:
        return None

    async def _page(self, start: datetime | None, number: int) -> list[Order]:
        return await self._caller.read(f"GET /orders/page/{number}", lambda: self._world.page(start, number))

    async def _tell(self, what: str, telling: Telling, not_after: datetime, carrier_word: str = "") -> Receipt:
        return await self._caller.tell(
            f"POST /{what}",
            lambda: self._world.take(telling, carrier_word),
            not_after=not_after,
            about=telling.order_ref,
        )

    def _outcome(self, handle: str) -> Receipt:
        bent = self._world.faults.is_bent("outcomes", handle)
        return Receipt(Outcome.UNKNOWN, handle) if bent else self._world.outcome(handle)

    def _understood(self, orders: Sequence[Order], cursor: str) -> Page:
        """One that is bent holds up no other."""
        faults = self._world.faults
        named = [order for order in orders if order.ref not in faults.nameless]
        strange = {order.ref: "a row of another shape" for order in named if faults.is_bent("heard", order.ref)}
        nameless = ("a row without a number",) * (len(orders) - len(named))
        sightings = tuple(self._sighting(order) for order in named if order.ref not in strange)
        return Page(sightings, cursor, strange, nameless)

    def _sighting(self, order: Order) -> Sighting:
        return Sighting(
            ref=order.ref,
            placed_at=order.placed_at,
            changed_at=order.changed_at,
            lines=tuple(line.facts for line in order.lines),
            order=order if self._world.lists_whole_orders else None,
            needs_acceptance=order.needs_acceptance,
        )


def _carrier_word(code: str, carrier: Carrier | None) -> str:
    if not code:
        return ""
    if carrier is None or carrier not in REFERENCE_MARKETPLACE.carriers:
        raise UnknownCarrier(code, carrier or "")
    return REFERENCE_MARKETPLACE.carriers[carrier]


def _demand_at_most(lines: int, telling: Telling) -> None:
    if len(telling.pieces) > lines:
        raise OrderRefused(SIDE, f"it takes {lines} lines at a time, and this has {len(telling.pieces)}")
