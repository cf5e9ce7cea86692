"""The reference marketplace and shop keep every promise that a declaration can make."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from orderhaven.ports.connector import Can, MemoryTokens, Outside, Role
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract import (
    Break,
    Lost,
    MarketplaceContract,
    MarketplaceSubject,
    On,
    ShopContract,
    ShopSubject,
)
from orderhaven.testing.door import SIGN_IN, FaultKind
from orderhaven.testing.marketplace_world import MarketplaceWorld
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace
from orderhaven.testing.reference_shop import REFERENCE_SHOP, ReferenceShop
from orderhaven.testing.shop_world import ShopWorld

LOST = {Lost.BEFORE: FaultKind.LOST_BEFORE, Lost.AFTER: FaultKind.LOST_AFTER}
BROKEN = {
    Break.SERVER_ERROR: FaultKind.BROKEN,
    Break.UNREACHABLE: FaultKind.NOT_SENT,
    Break.GARBAGE: FaultKind.GARBAGE,
}
ON = {On.ALL: "", On.TELLINGS: "POST ", On.SIGN_IN: SIGN_IN}


def marketplace_subject() -> MarketplaceSubject:
    clock = ManualClock()
    world = MarketplaceWorld(clock)

    def open_one(settings: Mapping[str, str]) -> ReferenceMarketplace:
        return ReferenceMarketplace({**world.settings(""), **settings}, Outside(clock, None, MemoryTokens()))

    return MarketplaceSubject(
        declaration=REFERENCE_MARKETPLACE,
        clock=clock,
        open=open_one,
        sandbox=world,
        lose_reply=lambda lost: world.faults.add(LOST[lost]),
        rate_limit=lambda after, on: world.faults.add(FaultKind.RATE_LIMITED, ON[on], delay=after or timedelta(0)),
        break_with=lambda broken, on: world.faults.add(BROKEN[broken], ON[on], times=-1),
        mend=world.faults.clear,
        bend=world.faults.bend,
        expire_tokens=world.door.expire_tokens,
        signs_in=lambda call: call == SIGN_IN,
        page_size=world.page_size,
        buyer_withdraws=world.buyer_withdraws,
        sell_unaccepted=lambda basket: world.sell(basket, needs_acceptance=True),
    )


def shop_subject() -> ShopSubject:
    clock = ManualClock()
    world = ShopWorld(clock)

    def open_one(settings: Mapping[str, str]) -> ReferenceShop:
        return ReferenceShop({**world.settings(""), **settings}, Outside(clock, None, MemoryTokens()))

    return ShopSubject(
        declaration=REFERENCE_SHOP,
        clock=clock,
        open=open_one,
        sandbox=world,
        lose_reply=lambda lost: world.faults.add(LOST[lost]),
        rate_limit=lambda after, on: world.faults.add(FaultKind.RATE_LIMITED, ON[on], delay=after or timedelta(0)),
        break_with=lambda broken, on: world.faults.add(BROKEN[broken], ON[on], times=-1),
        mend=world.faults.clear,
        bend=world.faults.bend,
        expire_tokens=world.door.expire_tokens,
        signs_in=lambda call: call == SIGN_IN,
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
        assert isinstance(world, MarketplaceWorld)
        world.outcome_takes, world.piece_by_piece, world.lists_whole_orders = None, True, True
        return subject


class TestReferenceShop(ShopContract):
    @pytest.fixture
    def subject(self) -> ShopSubject:
        return shop_subject()


def test_the_references_have_every_ability_there_is() -> None:
    assert REFERENCE_MARKETPLACE.can | REFERENCE_SHOP.can == frozenset(Can)
    assert (REFERENCE_MARKETPLACE.role, REFERENCE_SHOP.role) == (Role.MARKETPLACE, Role.SHOP)
