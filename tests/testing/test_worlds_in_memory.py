"""The references as the hub and a simulation use them: by their declarations, with faults that last."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderhaven.connectors import make_sandbox, open_connector
from orderhaven.core.errors import TryLater, Unclear, WrongAddress
from orderhaven.core.shop_order import Placement
from orderhaven.ports.connector import Declaration, MemoryTokens, Outside
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract.tellings import shipment_of
from orderhaven.testing.door import FaultKind
from orderhaven.testing.goods import LAMP, MUG, order_of
from orderhaven.testing.marketplace_world import MarketplaceWorld
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from orderhaven.testing.shop_world import ShopWorld

BASKET = Basket([(MUG, 2), (LAMP, 1)])
BOTH = pytest.mark.parametrize("declaration", [REFERENCE_MARKETPLACE, REFERENCE_SHOP], ids=lambda each: each.name)


def opened(declaration: Declaration, world: Any, clock: ManualClock) -> Any:
    return open_connector(declaration, world.settings(""), Outside(clock, None, MemoryTokens()))


@BOTH
def test_a_connection_reaches_its_world_by_its_settings(declaration: Declaration) -> None:
    clock = ManualClock()
    world = make_sandbox(declaration, clock)
    other = make_sandbox(declaration, clock)

    account = asyncio.run(opened(declaration, world, clock).check())

    assert account.fingerprint == world.name != other.name


@BOTH
def test_a_world_that_ended_is_a_wrong_address(declaration: Declaration) -> None:
    clock = ManualClock()
    settings = make_sandbox(declaration, clock).settings("")

    with pytest.raises(WrongAddress):
        open_connector(declaration, settings, Outside(clock, None, MemoryTokens()))


def test_an_order_that_shows_late_is_heard_by_the_overlap() -> None:
    clock, refs = ManualClock(), set[str]()
    world = MarketplaceWorld(clock)
    world.faults.late_by = timedelta(minutes=3)
    marketplace = opened(REFERENCE_MARKETPLACE, world, clock)

    async def hear(since: str) -> str:
        pages = [page async for page in marketplace.hear(since)]
        refs.update(sighting.ref for page in pages for sighting in page.sightings)
        return str(pages[-1].cursor)

    sold = world.sell(BASKET)
    cursor = asyncio.run(hear(""))
    at_first = set(refs)
    clock.advance(timedelta(minutes=5))
    asyncio.run(hear(cursor))

    assert (at_first, refs) == (set(), {sold})


def test_a_world_can_change_between_the_pages_of_a_list() -> None:
    clock = ManualClock()
    world = MarketplaceWorld(clock)
    refs = [world.sell(BASKET) for _ in range(2 * world.page_size)]
    world.faults.between_pages = lambda: world.cancel(refs[0])

    async def hear() -> set[str]:
        marketplace = opened(REFERENCE_MARKETPLACE, world, clock)
        return {sighting.ref async for page in marketplace.hear("") for sighting in page.sightings}

    assert asyncio.run(hear()) == set(refs[1:])


@pytest.mark.parametrize(
    ("kind", "error", "times"),
    [
        (FaultKind.TRY_LATER, TryLater, 0),
        (FaultKind.BROKEN, Unclear, 0),
        (FaultKind.BROKEN_AFTER, Unclear, 1),
        (FaultKind.LATE, Unclear, 1),
    ],
)
def test_a_spoiled_confirmation_happens_or_not_as_its_fault_says(
    kind: FaultKind, error: type[Exception], times: int
) -> None:
    clock = ManualClock()
    world = MarketplaceWorld(clock)
    world.outcome_takes = None
    ref = world.sell(BASKET)
    marketplace = opened(REFERENCE_MARKETPLACE, world, clock)

    async def confirm() -> None:
        shipment = shipment_of(await marketplace.read(ref))
        world.faults.add(kind, "POST", delay=timedelta(minutes=1))
        await marketplace.confirm(shipment, not_after=clock.now() + timedelta(seconds=30))

    with pytest.raises(error):
        asyncio.run(confirm())

    assert len(world.shipments()) == times


@pytest.mark.parametrize(("choice", "mails"), [("no", 0), ("yes", 1)])
def test_a_shop_mails_the_buyer_only_where_that_is_chosen(choice: str, mails: int) -> None:
    clock = ManualClock()
    world = ShopWorld(clock)
    world.stock([MUG])
    settings = {**world.settings(""), "mail_buyer": choice}
    shop = open_connector(REFERENCE_SHOP, settings, Outside(clock, None, MemoryTokens()))
    order = order_of("M-1", Basket([(MUG, 1)]), clock.now())
    line = order.lines[0].ref
    placement = Placement(order, "orh-1", "Somewhere", {line: 1}, {line: f"product {MUG.sku}"})

    asyncio.run(shop.place(placement, not_after=clock.now() + timedelta(seconds=30)))

    assert len(world.mails) == mails


def test_a_manual_clock_moves_when_somebody_sleeps_and_never_back() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))

    asyncio.run(clock.sleep(timedelta(hours=1)))

    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert clock.in_real(2.5) == timedelta(seconds=2.5)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(timedelta(seconds=-1))
