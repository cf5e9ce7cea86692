"""The reference marketplace and shop keep every promise that a spec can make."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from orderhaven.ports.connector import Capability, ConnectorContext, InMemoryTokenCache, Side
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import (
    MarketplaceContract,
    MarketplaceSubject,
    ShopContract,
    ShopSubject,
)
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace
from orderhaven.testing.reference_shop import REFERENCE_SHOP, ReferenceShop
from orderhaven.testing.simulated_marketplace import SimulatedMarketplace
from orderhaven.testing.simulated_shop import SimulatedShop


def marketplace_subject() -> MarketplaceSubject:
    clock = ManualClock()
    world = SimulatedMarketplace(clock)

    def open_one(settings: Mapping[str, str]) -> ReferenceMarketplace:
        return ReferenceMarketplace(
            {**world.settings(""), **settings}, ConnectorContext(clock, None, InMemoryTokenCache())
        )

    return MarketplaceSubject(
        spec=REFERENCE_MARKETPLACE,
        clock=clock,
        open=open_one,
        sandbox=world,
        page_size=world.page_size,
        withdraw_cancellation_request=world.withdraw_cancellation_request,
        sell_unaccepted=lambda basket: world.sell(basket, needs_acceptance=True),
    )


def shop_subject() -> ShopSubject:
    clock = ManualClock()
    world = SimulatedShop(clock)

    def open_one(settings: Mapping[str, str]) -> ReferenceShop:
        return ReferenceShop({**world.settings(""), **settings}, ConnectorContext(clock, None, InMemoryTokenCache()))

    return ShopSubject(
        spec=REFERENCE_SHOP,
        clock=clock,
        open=open_one,
        sandbox=world,
        page_size=world.page_size,
    )


class TestReferenceMarketplace(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        return marketplace_subject()


class TestReferenceMarketplaceThatAnswersAtOnceAndCountsPieces(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        subject = marketplace_subject()
        world = subject.sandbox
        assert isinstance(world, SimulatedMarketplace)
        world.outcome_takes, world.one_line_per_piece, world.lists_whole_orders = None, True, True
        return subject


class TestReferenceMarketplaceThatHandlesWholeOrdersOnly(MarketplaceContract):
    """It takes no part of an order, wants a tracking number with each shipment, names no EAN and ships for nothing; its carriers
    are those of the account."""

    LACKS = frozenset(
        {
            Capability.SHIP_PARTS,
            Capability.SHIP_UNTRACKED,
            Capability.CANCEL_LINES,
            Capability.CANCEL_QUANTITY,
            Capability.GIVES_EAN,
            Capability.CHARGES_SHIPPING,
        }
    )

    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        subject = marketplace_subject()
        world = subject.sandbox
        assert isinstance(world, SimulatedMarketplace)
        world.lacks = self.LACKS
        subject.account_carriers = REFERENCE_MARKETPLACE.carriers
        subject.spec = replace(subject.spec, capabilities=subject.spec.capabilities - self.LACKS, carriers={})
        return subject


class TestReferenceShop(ShopContract):
    @pytest.fixture
    def subject(self) -> ShopSubject:
        return shop_subject()


def test_the_references_have_every_ability_there_is() -> None:
    assert REFERENCE_MARKETPLACE.capabilities | REFERENCE_SHOP.capabilities == frozenset(Capability)
    assert (REFERENCE_MARKETPLACE.side, REFERENCE_SHOP.side) == (Side.MARKETPLACE, Side.SHOP)
