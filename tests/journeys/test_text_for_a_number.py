"""Text that stands where a tracking number belongs: said, quoted to users who may write, and never sent to a marketplace."""

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orderhaven.actions import orders as actions
from orderhaven.actions import shipping
from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability
from orderhaven.store.models import Event, Message, Notification, Order, OrderContact, Problem
from orderhaven.store.notifications import notification_scan
from orderhaven.store.orders import marketplace_snapshots, order_page, problems

from .conftest import MUG, POSTNL_CODE, Trade

RUBBISH = "bel Jan 06-12345678"


def completed(trade: Trade, text: str, carrier_name: str = "") -> str:
    """An order that the shop has completed with this in its number field, and that the hub has read."""
    trade.passes(seconds=10)
    ref = str(trade.sells())
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=text, carrier_name=carrier_name)
    trade.passes(minutes=6)
    return ref


def sentences(trade: Trade, ref: str, *, quotes: bool = True) -> list[str]:
    return [one.sentence for one in order_page.order_page(trade.order(ref).pk, quotes=quotes).problems]


@pytest.mark.parametrize("carrier_name", ["", "PostNL"])
@pytest.mark.link(default_carrier="postnl")
def test_text_that_is_no_number_is_a_problem_at_once_and_the_order_goes_untracked(
    trade: Trade, carrier_name: str
) -> None:
    trade.needs(Capability.SHIP_UNTRACKED)
    ref = completed(trade, RUBBISH, carrier_name)

    assert [ProblemKind.TRACKING_UNREADABLE] == trade.problems(ref)
    assert RUBBISH in sentences(trade, ref)[0]
    assert (Status.WAITING, "") == (trade.order(ref).status, trade.order(ref).tracking_number)
    assert [] == trade.confirmed(ref)

    trade.passes(hours=3, minutes=10)

    assert [""] == [one.tracking_number for one in trade.confirmed(ref)]
    assert [ProblemKind.TRACKING_UNREADABLE] == trade.problems(ref)


@pytest.mark.parametrize("text", ["-", "geen", "n.v.t.", "None", "keine", "aucun"])
@pytest.mark.link(default_carrier="postnl")
def test_a_field_that_says_there_is_no_number_is_empty_and_no_problem(trade: Trade, text: str) -> None:
    trade.needs(Capability.SHIP_UNTRACKED)
    ref = completed(trade, text, "PostNL")

    assert [] == trade.problems(ref)
    assert Status.WAITING == trade.order(ref).status

    trade.passes(hours=3, minutes=10)

    assert [""] == [one.tracking_number for one in trade.confirmed(ref)]
    assert [] == trade.problems(ref)


@pytest.mark.link(default_carrier="postnl")
def test_the_ean_of_the_orders_own_product_is_no_number(trade: Trade) -> None:
    trade.needs(Capability.GIVES_EAN)
    ref = completed(trade, MUG.ean, "GLS")

    assert [ProblemKind.TRACKING_UNREADABLE] == trade.problems(ref)
    assert f'"{MUG.ean}"' in sentences(trade, ref)[0]
    assert "" == trade.order(ref).tracking_number


@pytest.mark.link(ships_from="NL", default_carrier="gls")
def test_any_other_ean_waits_for_a_person_whatever_the_shop_says(trade: Trade) -> None:
    ref = completed(trade, "8710398500007", "GLS")

    assert [ProblemKind.UNKNOWN_CARRIER] == trade.problems(ref)

    shipping.choose_carrier(trade.context, ref, "gls")
    trade.passes(minutes=6)

    assert ["8710398500007"] == [one.tracking_number for one in trade.confirmed(ref)]


def test_a_number_after_all_solves_the_problem_and_goes_along(trade: Trade) -> None:
    ref = completed(trade, RUBBISH)

    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=10)

    assert POSTNL_CODE == trade.order(ref).tracking_number
    assert [POSTNL_CODE] == [one.tracking_number for one in trade.confirmed(ref)]


def test_text_that_stays_there_is_said_once_and_not_again_when_a_person_has_settled_it(trade: Trade) -> None:
    ref = completed(trade, RUBBISH)
    trade.passes(hours=1)
    said = Event.objects.filter(order__ref=ref, kind="problem").count()

    actions.retry(trade.context, ref)
    trade.passes(hours=1)

    assert (1, 1) == (said, Problem.objects.filter(order__ref=ref).count())
    assert [] == trade.problems(ref)


def test_the_quoted_text_stands_with_the_buyers_data_alone_and_is_erased_with_it(trade: Trade) -> None:
    trade.needs(Capability.SHIP_UNTRACKED)
    ref = completed(trade, RUBBISH)
    trade.passes(hours=3, minutes=10)
    notification_scan.scan(trade.clock.now(), ZoneInfo("Europe/Amsterdam"))

    kept = json.dumps(
        [list(table.objects.values()) for table in (Event, Problem, Message, Notification, Order)],
        default=str,
        ensure_ascii=False,
    )
    assert RUBBISH not in kept
    assert [RUBBISH] == list(OrderContact.objects.filter(role="ship_to").values_list("unreadable_tracking", flat=True))
    assert RUBBISH not in sentences(trade, ref, quotes=False)[0]
    assert RUBBISH in problems.open_problems(trade.link.merchant_id, (), None, 10, quotes=True).rows[0].sentence

    marketplace_snapshots.erase_contacts(
        trade.clock.now() + timedelta(days=40), timedelta(days=30), timedelta(days=180), limit=500
    )

    assert "stands something, which cannot be read as a tracking number" in sentences(trade, ref)[0]
    trade.passes(hours=1)
    assert 1 == Problem.objects.filter(order__ref=ref).count()


def test_a_tracking_url_in_the_number_field_gives_number_and_carrier(trade: Trade) -> None:
    ref = completed(trade, f"https://jouw.postnl.nl/track-and-trace/{POSTNL_CODE}-NL-1234AB")

    assert POSTNL_CODE == trade.order(ref).tracking_number
    assert [POSTNL_CODE] == [one.tracking_number for one in trade.confirmed(ref)]
    assert [] == trade.problems(ref)


@pytest.mark.parametrize("default", ["dhl", "postnl"])
def test_a_name_that_contradicts_the_number_asks_with_both(trade: Trade, default: str) -> None:
    trade.link.default_carrier = default
    trade.link.save()

    ref = completed(trade, POSTNL_CODE, "DHL")

    assert [] == trade.confirmed(ref)
    assert [ProblemKind.UNKNOWN_CARRIER] == trade.problems(ref)
    assert "DHL, PostNL" in sentences(trade, ref)[0]

    shipping.choose_carrier(trade.context, ref, Carrier.POSTNL)
    trade.passes(minutes=6)
    assert [POSTNL_CODE] == [one.tracking_number for one in trade.confirmed(ref)]
