"""The references as the hub and a simulation use them: by their declarations, with faults that last."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orderhaven.connectors import make_sandbox, open_connector
from orderhaven.core.errors import OutcomeUnknown, SafeToRetry, WrongAddress
from orderhaven.core.shop_order import ShopOrderDraft
from orderhaven.ports.connector import ConnectorContext, ConnectorSpec, InMemoryTokenCache
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract.commands import shipment_of
from orderhaven.testing.goods import LAMP, MUG, order_of
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from orderhaven.testing.sandbox_auth import FaultKind
from orderhaven.testing.simulated_marketplace import SimulatedMarketplace
from orderhaven.testing.simulated_shop import SimulatedShop

BASKET = Basket([(MUG, 2), (LAMP, 1)])
BOTH = pytest.mark.parametrize("spec", [REFERENCE_MARKETPLACE, REFERENCE_SHOP], ids=lambda each: each.name)


def opened(spec: ConnectorSpec, world: Any, clock: ManualClock) -> Any:
    return open_connector(spec, world.settings(""), ConnectorContext(clock, None, InMemoryTokenCache()))


@BOTH
def test_a_connection_reaches_its_world_by_its_settings(spec: ConnectorSpec) -> None:
    clock = ManualClock()
    world = make_sandbox(spec, clock)
    other = make_sandbox(spec, clock)

    account = asyncio.run(opened(spec, world, clock).check())

    assert account.fingerprint == world.name != other.name


@BOTH
def test_a_world_that_ended_is_a_wrong_address(spec: ConnectorSpec) -> None:
    clock = ManualClock()
    settings = make_sandbox(spec, clock).settings("")

    with pytest.raises(WrongAddress):
        open_connector(spec, settings, ConnectorContext(clock, None, InMemoryTokenCache()))


def test_an_order_that_shows_late_is_pulled_by_the_overlap() -> None:
    clock, refs = ManualClock(), set[str]()
    world = SimulatedMarketplace(clock)
    world.faults.late_by = timedelta(minutes=3)
    marketplace = opened(REFERENCE_MARKETPLACE, world, clock)

    async def pull(since: str) -> str:
        pages = [page async for page in marketplace.pull(since)]
        refs.update(summary.ref for page in pages for summary in page.summaries)
        return str(pages[-1].cursor)

    sold = world.sell(BASKET)
    cursor = asyncio.run(pull(""))
    at_first = set(refs)
    clock.advance(timedelta(minutes=5))
    asyncio.run(pull(cursor))

    assert (at_first, refs) == (set(), {sold})


def test_a_world_can_change_between_the_pages_of_a_list() -> None:
    clock = ManualClock()
    world = SimulatedMarketplace(clock)
    refs = [world.sell(BASKET) for _ in range(2 * world.page_size)]
    world.faults.between_pages = lambda: world.cancel(refs[0])

    async def pull() -> set[str]:
        marketplace = opened(REFERENCE_MARKETPLACE, world, clock)
        return {summary.ref async for page in marketplace.pull("") for summary in page.summaries}

    assert asyncio.run(pull()) == set(refs[1:])


@pytest.mark.parametrize(
    ("kind", "error", "times"),
    [
        (FaultKind.TRY_LATER, SafeToRetry, 0),
        (FaultKind.BROKEN, OutcomeUnknown, 0),
        (FaultKind.BROKEN_AFTER, OutcomeUnknown, 1),
        (FaultKind.LATE, OutcomeUnknown, 1),
    ],
)
def test_a_spoiled_confirmation_happens_or_not_as_its_fault_says(
    kind: FaultKind, error: type[Exception], times: int
) -> None:
    clock = ManualClock()
    world = SimulatedMarketplace(clock)
    world.outcome_takes = None
    ref = world.sell(BASKET)
    marketplace = opened(REFERENCE_MARKETPLACE, world, clock)

    async def confirm() -> None:
        shipment = shipment_of(REFERENCE_MARKETPLACE, await marketplace.read(ref))
        world.faults.add(kind, "POST", delay=timedelta(minutes=1))
        await marketplace.confirm(shipment, not_after=clock.now() + timedelta(seconds=30))

    with pytest.raises(error):
        asyncio.run(confirm())

    assert len(world.shipments()) == times


@pytest.mark.parametrize(("choice", "mails"), [("no", 0), ("yes", 1)])
def test_a_shop_mails_the_buyer_only_where_that_is_chosen(choice: str, mails: int) -> None:
    clock = ManualClock()
    world = SimulatedShop(clock)
    world.stock([MUG])
    settings = {**world.settings(""), "mail_buyer": choice}
    shop = open_connector(REFERENCE_SHOP, settings, ConnectorContext(clock, None, InMemoryTokenCache()))
    order = order_of("M-1", Basket([(MUG, 1)]), clock.now())
    line = order.lines[0].ref
    order_draft = ShopOrderDraft(order, "orh-1", "Somewhere", {line: 1}, {line: f"product {MUG.sku}"})

    asyncio.run(shop.create(order_draft, not_after=clock.now() + timedelta(seconds=30)))

    assert len(world.mails) == mails


def test_a_manual_clock_moves_when_somebody_sleeps_and_never_back() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))

    asyncio.run(clock.sleep(timedelta(hours=1)))

    assert clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert clock.in_real(2.5) == timedelta(seconds=2.5)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(timedelta(seconds=-1))
