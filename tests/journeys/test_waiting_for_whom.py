"""Orders that are not the merchant's to ship yet: they wait for our yes, or for what the marketplace sees to first."""

from typing import Any

import pytest

from orderhaven.actions import links as link_actions
from orderhaven.actions import orders as actions
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability
from orderhaven.words.order_actions import run_action

from .conftest import Trade

HELD_THERE = (WaitsFor.THEIR_PAYMENT_CHECK, WaitsFor.THEIR_RELEASE)


def sold(trade: Trade, wait: WaitsFor) -> str:
    trade.passes(seconds=10)
    ref = trade.sells(waits_for=wait)
    trade.passes(minutes=12)
    return str(ref)


def asks(trade: Trade) -> None:
    link_actions.change_link(
        trade.context, trade.link.marketplace.name, link_actions.LinkSettings(accepts_by_itself=False)
    )


@pytest.mark.parametrize("wait", HELD_THERE)
def test_an_order_that_they_hold_goes_on_by_itself_once_they_release_it(trade: Trade, wait: WaitsFor) -> None:
    trade.needs(Capability.HOLDS_ORDERS)
    ref = sold(trade, wait)
    held = trade.order(ref)

    trade.marketplace.release(ref)
    trade.passes(minutes=12)

    assert (held.status, held.country) == (Status.PENDING_CONFIRMATION, "")
    assert held.waits_for in HELD_THERE  # which of the two is more than some marketplaces say
    assert trade.order(ref).status == Status.NOT_SHIPPED
    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def test_a_yes_is_given_by_itself_and_the_order_goes_on(trade: Trade) -> None:
    trade.needs(Capability.ACCEPT)

    ref = sold(trade, WaitsFor.OUR_YES)
    trade.passes(minutes=12)

    assert len(trade.in_shop(ref)) == 1


def test_a_link_that_asks_waits_for_a_person_s_yes(trade: Trade) -> None:
    trade.needs(Capability.ACCEPT)
    asks(trade)
    ref = sold(trade, WaitsFor.OUR_YES)
    waiting: Any = trade.order(ref).status, trade.in_shop(ref)

    said = run_action(trade.context, ref, "accept", {})
    trade.passes(minutes=20)

    assert waiting == (Status.PENDING_CONFIRMATION, [])
    assert said == f"Order {ref} is being accepted at the marketplace."
    assert len(trade.in_shop(ref)) == 1


def test_a_link_that_accepts_by_itself_again_accepts_what_waited(trade: Trade) -> None:
    trade.needs(Capability.ACCEPT)
    asks(trade)
    ref = sold(trade, WaitsFor.OUR_YES)

    settings = link_actions.LinkSettings(accepts_by_itself=True)
    link_actions.change_link(trade.context, trade.link.marketplace.name, settings)
    trade.passes(minutes=20)

    assert len(trade.in_shop(ref)) == 1


def test_only_an_order_that_waits_for_our_yes_is_accepted(trade: Trade) -> None:
    trade.needs(Capability.ACCEPT, Capability.HOLDS_ORDERS)
    ref = sold(trade, WaitsFor.THEIR_PAYMENT_CHECK)

    with pytest.raises(ActionRefused, match="does not wait for your yes"):
        actions.accept(trade.context, ref)


def test_a_changed_address_reaches_the_shop_or_becomes_a_problem(trade: Trade) -> None:
    trade.needs(Capability.CHANGES_ORDERS)
    ref = sold(trade, WaitsFor.NOTHING)
    assert len(trade.in_shop(ref)) == 1

    assert trade.marketplace.change_address(ref, {"city": "Zwolle"})
    trade.passes(minutes=6)

    assert trade.problems(ref) == [ProblemKind.ADDRESS_CHANGED]
    assert len(trade.in_shop(ref)) == 1
