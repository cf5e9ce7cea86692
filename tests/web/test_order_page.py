"""The page of one order: what each side knows, its problem with the buttons that mend it, and what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.actions.problem_actions import ACTIONS_FOR, ProblemAction, offers
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Link, Message, Order, Problem
from orderhaven.words.order_actions import ORDER_ACTIONS
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE

from .conftest import House

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def page(house: House, ref: str, who: str = "operator") -> Any:
    return getattr(house, who).get(house.order(ref))


def test_a_shipped_order_shows_carrier_evidence_link_and_the_marketplaces_yes(house: House) -> None:
    ref = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    house.trade.shop.complete(house.trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    house.trade.passes(minutes=30)

    found = page(house, ref)

    [shipment] = found.context["shipments"]
    assert shipment["carrier"] == "PostNL"
    assert shipment["link"].startswith("https://")
    assert "confirmed by bol NL" in found.content.decode()
    assert shipment["why"] == found.context["recognised"]["why"]
    assert "has the form of PostNL" in shipment["why"]


def test_a_deadline_says_where_it_comes_from_and_an_expiry_is_its_own(house: House) -> None:
    ref = house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)
    moment = house.trade.clock.now() + timedelta(days=2)

    Order.objects.filter(ref=ref).update(ship_by=moment, ship_by_is_estimated=False, expires_at=None)
    stated = page(house, ref).content.decode()
    Order.objects.filter(ref=ref).update(ship_by_is_estimated=True, expires_at=moment)
    estimated = page(house, ref).content.decode()
    row = house.operator.get(house.at("orders")).content.decode()

    assert ("To be shipped by" in stated, "estimated" in stated, "cancels it by itself" in stated) == (
        True,
        False,
        False,
    )
    assert "estimated from the day of delivery" in estimated
    assert "bol NL cancels it by itself after" in estimated
    assert ">estimated</small>" in row


RULE = {"kind": "tracking_prefix", "match": "3S", "carrier": "gls"}


@pytest.mark.parametrize(
    ("code", "of_the_link", "of_the_order", "carrier", "why"),
    [
        (POSTNL_CODE, {}, {}, "PostNL", "has the form of PostNL"),
        (POSTNL_CODE, {"carrier_rules": [RULE]}, {}, "GLS", "By your rule for codes that begin with 3S."),
        (POSTNL_CODE, {"carrier_rules": [RULE]}, {"chosen_carrier": "dpd"}, "DPD", "Chosen by hand."),
        ("01234567890123", {"default_carrier": "dpd", "own_carriers": ["gls"]}, {}, "DPD", "Nothing else tells"),
        ("12", {}, {}, "", ""),
    ],
)
def test_the_evidence_is_what_decides_which_carrier_the_marketplace_gets(
    house: House, code: str, of_the_link: Any, of_the_order: Any, carrier: str, why: str
) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    Link.objects.update(**of_the_link)
    Order.objects.filter(ref=ref).update(tracking_number=code, **of_the_order)

    recognised = page(house, ref).context["recognised"]

    assert recognised["carrier"] == carrier
    assert why in recognised["why"]


def test_a_parcel_can_be_followed_before_the_marketplace_agreed(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    Order.objects.filter(ref=ref).update(tracking_number=POSTNL_CODE, status="shipped")

    found = page(house, ref)

    assert found.context["shipments"] == []
    assert found.context["recognised"]["link"].startswith("https://")
    assert "Follow the parcel" in found.content.decode()


def test_what_is_tried_again_later_says_when(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    later = house.trade.clock.now() + timedelta(minutes=20)
    Message.objects.filter(order__ref=ref).update(state="queued", due_at=later)

    [told] = page(house, ref).context["sides"]["to_shop"]

    assert told["next_at"] == later


def test_an_unknown_product_is_mended_with_the_button_that_stands_there(house: House) -> None:
    ref = house.trade.sells((CUP, 1))
    house.trade.passes(minutes=6)
    [problem] = page(house, ref).context["problems"]
    assert [button["act"] for button in problem["buttons"]] == ["map", "retry", "handle"]

    # the shop is asked for the SKU over the network; its own key of the product is taken as it is
    product = house.trade.shop.products_by_sku()["MUG-1"] if hasattr(house.trade.shop, "products_by_sku") else "1"
    house.operator.post(house.order(ref), {"act": "map", "sku": "CUP-9", "product_ref": product})

    assert not Problem.objects.filter(order__ref=ref, resolved_at__isnull=True).exists()


def test_what_is_still_pending_stands_on_the_arrow_of_its_side(house: House) -> None:
    ref = house.trade.sells((CUP, 1))
    house.trade.passes(minutes=6)

    sides = page(house, ref).context["sides"]

    assert [one["is_stuck"] for one in sides["to_shop"]] == [True]
    assert sides["to_marketplace"] == []


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_button_of_every_problem_does_something(kind: ProblemKind) -> None:
    acts = [offer.replace(" --", "-") for offer in offers(kind)]

    assert acts
    assert [] == [act for act in acts if act not in ORDER_ACTIONS]


def test_every_offer_is_offered_for_some_problem() -> None:
    offered = {offer for some in ACTIONS_FOR.values() for offer in some} | {ProblemAction.RETRY, ProblemAction.HANDLE}

    # a buyer's wish is refused where it is asked, not on a problem
    assert set(ProblemAction) - offered == {ProblemAction.REFUSE}


def test_a_cancellation_request_is_accepted_where_it_stands(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    house.trade.marketplace.request_cancellation(ref)
    house.trade.passes(minutes=6)
    assert "The buyer asks to cancel" in page(house, ref).content.decode()

    asked = house.operator.post(house.order(ref), {"act": "cancel"})

    assert Order.objects.get(ref=ref).status == "cancellation_requested"
    said = asked.content.decode()
    assert f"The buyer asks to cancel order {ref}. Cancel it?" in said
    assert "bol NL is informed that the order is cancelled. That cannot be taken back." in said
    shop_order = Order.objects.get(ref=ref)
    assert f"Order {shop_order.shop_number} in {shop_order.link.shop.name} is cancelled too." in said

    answer = house.operator.post(house.order(ref), dict(asked.context["given"]) | {"asked": "yes"})

    assert answer.url == house.order(ref)
    assert Order.objects.get(ref=ref).status == "cancelled"


def test_an_order_that_nobody_asked_to_cancel_is_not_cancelled_unasked_either(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)

    asked = house.operator.post(house.order(ref), {"act": "cancel", "reason": "other"})
    before = Order.objects.get(ref=ref).status
    house.operator.post(house.order(ref), dict(asked.context["given"]) | {"asked": "yes"})

    assert (before, Order.objects.get(ref=ref).status) == ("not_shipped", "cancelled")
    assert Message.objects.get(order__ref=ref, kind="cancel").payload.reason == "other"


def test_who_may_not_cancel_is_not_asked(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)

    assert house.viewer.post(house.order(ref), {"act": "cancel"}).status_code == 403


def test_what_cannot_be_done_is_said_on_the_page_one_stands_on(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    address = house.order(ref)

    answer = house.operator.post(address, {"act": "give-back"}, HTTP_REFERER=f"http://localhost{address}", follow=True)

    assert answer.redirect_chain[-1][0] == address
    assert "is not handled manually" in answer.content.decode()


@pytest.mark.parametrize("act", ["", "x", "__class__", "delete"])
def test_an_act_that_there_is_none_of_changes_nothing(house: House, act: str) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    before = Order.objects.values().get(ref=ref)

    assert house.operator.post(house.order(ref), {"act": act}).status_code == 302

    assert Order.objects.values().get(ref=ref) == before


def test_what_is_for_support_holds_no_personal_data(house: House) -> None:
    ref = house.trade.sells((LAMP, 1), address={"last_name": "Zeldzaam", "street": "Bijzonderstraat"})
    house.trade.passes(minutes=6)

    support = page(house, ref).context["support"]

    assert ref in support
    assert "Zeldzaam" not in support
    assert "Bijzonderstraat" not in support


def test_a_number_with_strange_signs_is_found_and_linked(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    Order.objects.filter(ref=ref).update(ref="A/1 2#?%")

    listed = house.operator.get(house.at("orders")).content.decode()
    answer = house.operator.get(house.at("orders/bol%20NL/A/1%202%23%3F%25"))

    assert "A/1%202%23%3F%25" in listed
    assert answer.status_code == 200


def test_an_order_that_is_not_there_is_said_to_be_not_there(house: House) -> None:
    assert page(house, "C999").status_code == 404
