"""The reference marketplace and shop keep every promise that a spec can make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from orderhaven.connectors import make_sandbox, open_connector
from orderhaven.core.order import WaitsFor
from orderhaven.ports.connector import Capability, ConnectorContext, ConnectorSpec, InMemoryTokenCache, Side
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import (
    MarketplaceContract,
    MarketplaceSubject,
    ShopContract,
    ShopSubject,
)
from orderhaven.testing.draft_shop import DRAFT_SHOP
from orderhaven.testing.feed_marketplace import FEED_MARKETPLACE
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from orderhaven.testing.simulated_marketplace import SimulatedMarketplace


def marketplace_subject(spec: ConnectorSpec = REFERENCE_MARKETPLACE) -> MarketplaceSubject:
    clock = ManualClock()
    world = make_sandbox(spec, clock)

    def open_one(settings: Mapping[str, str]) -> Any:
        context = ConnectorContext(clock, None, InMemoryTokenCache())
        return open_connector(spec, {**world.settings(""), **settings}, context)

    return MarketplaceSubject(
        spec=spec,
        clock=clock,
        open=open_one,
        sandbox=world,
        page_size=world.page_size,
        withdraw_cancellation_request=world.withdraw_cancellation_request,
        sell_unaccepted=lambda basket: world.sell(structs.replace(basket, waits_for=WaitsFor.OUR_YES)),
    )


def shop_subject(spec: ConnectorSpec = REFERENCE_SHOP) -> ShopSubject:
    clock = ManualClock()
    world = make_sandbox(spec, clock)

    def open_one(settings: Mapping[str, str]) -> Any:
        context = ConnectorContext(clock, None, InMemoryTokenCache())
        return open_connector(spec, {**world.settings(""), **settings}, context)

    return ShopSubject(
        spec=spec,
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


class TestReferenceMarketplaceThatTakesPieceByPiece(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        subject = marketplace_subject()
        world = subject.sandbox
        assert isinstance(world, SimulatedMarketplace)
        world.one_line_per_piece, world.pieces_at_a_time = True, 1
        limits = replace(subject.spec.limits, pieces_per_confirmation=1, pieces_per_cancellation=1)
        subject.spec = replace(subject.spec, limits=limits)
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
        world.carriers = {code: carrier.spelled for carrier, code in REFERENCE_MARKETPLACE.carriers.items()}
        subject.lose_carrier = world.carriers.pop
        subject.spec = replace(subject.spec, capabilities=subject.spec.capabilities - self.LACKS, carriers={})
        return subject


class TestMarketplaceOfFeeds(MarketplaceContract):
    @pytest.fixture
    def subject(self) -> MarketplaceSubject:
        subject = marketplace_subject(FEED_MARKETPLACE)
        subject.lose_carrier = subject.sandbox.carriers.pop  # type: ignore[attr-defined]
        return subject


class TestReferenceShop(ShopContract):
    @pytest.fixture
    def subject(self) -> ShopSubject:
        return shop_subject()


class TestShopOfDrafts(ShopContract):
    @pytest.fixture
    def subject(self) -> ShopSubject:
        return shop_subject(DRAFT_SHOP)


def test_the_references_have_every_ability_there_is() -> None:
    shops = REFERENCE_SHOP.capabilities | DRAFT_SHOP.capabilities
    assert REFERENCE_MARKETPLACE.capabilities | shops == frozenset(Capability)
    assert (REFERENCE_MARKETPLACE.side, REFERENCE_SHOP.side) == (Side.MARKETPLACE, Side.SHOP)
