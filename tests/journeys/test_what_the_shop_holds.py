"""A shop order beside what was ordered: lines that others put in, articles that were swapped, orders that are found again."""

from typing import Any

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import CallKind, CatalogueItem
from orderhaven.store.models import Problem

from .conftest import LAMP, MUG, POSTNL_CODE, Trade

STICKER = CatalogueItem("STICKER-9", "8712345678999", "Sticker", "1.50")
SWAPPED = "Mug, blue (MUG-1): 2 instead of 1\nLamp (LAMP-2): 0 instead of 1"


def placed(trade: Trade, *lines: Any) -> str:
    trade.needs(Capability.EDIT_ORDERS)
    trade.passes(seconds=10)
    trade.shop.stock([STICKER])
    ref = trade.sells(*lines)
    trade.passes(minutes=6)
    return str(ref)


def values_of(ref: str, kind: ProblemKind) -> dict[str, str]:
    return dict(Problem.objects.get(order__ref=ref, kind=kind, resolved_at=None).values)


def swap(trade: Trade, shop_ref: str) -> None:
    """Two mugs instead of a mug and a lamp: as many pieces as before."""
    trade.shop.change_quantity(shop_ref, MUG.sku, 2)
    trade.shop.change_quantity(shop_ref, LAMP.sku, 0)


def test_a_line_that_somebody_adds_for_nothing_changes_nothing(trade: Trade) -> None:
    ref = placed(trade, (MUG, 2))
    trade.shop.add_line(trade.shop_ref(ref), STICKER, 3)

    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE, "PostNL")
    trade.passes(minutes=40)

    assert sum(pieces for shipment in trade.confirmed(ref) for pieces in shipment.quantities.values()) == 2
    assert trade.problems(ref) == []


def test_another_article_in_place_of_one_is_not_confirmed_although_the_pieces_add_up(trade: Trade) -> None:
    ref = placed(trade, (MUG, 1), (LAMP, 1))
    swap(trade, trade.shop_ref(ref))

    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE, "PostNL")
    trade.passes(minutes=40)

    assert trade.confirmed(ref) == []
    assert trade.problems(ref) == [ProblemKind.QUANTITIES_DIFFER]
    assert values_of(ref, ProblemKind.QUANTITIES_DIFFER) == {"lines": SWAPPED}


def test_a_line_that_costs_something_and_was_not_ordered_is_named(trade: Trade) -> None:
    ref = placed(trade, (MUG, 1))
    trade.shop.add_line(trade.shop_ref(ref), STICKER, 1, "1.50")

    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE, "PostNL")
    trade.passes(minutes=40)

    assert trade.confirmed(ref) == []
    assert values_of(ref, ProblemKind.QUANTITIES_DIFFER) == {"lines": "Sticker (STICKER-9): 1 instead of 0"}


def test_what_is_put_right_in_the_shop_goes_on(trade: Trade) -> None:
    ref = placed(trade, (MUG, 1), (LAMP, 1))
    trade.shop.change_quantity(trade.shop_ref(ref), MUG.sku, 3)
    trade.shop.complete(trade.shop_ref(ref), POSTNL_CODE, "PostNL")
    trade.passes(minutes=40)
    assert trade.problems(ref) == [ProblemKind.QUANTITIES_DIFFER]

    trade.shop.change_quantity(trade.shop_ref(ref), MUG.sku, 1)
    trade.passes(minutes=40)

    assert len(trade.confirmed(ref)) == 1
    assert trade.problems(ref) == []


def test_an_order_that_is_found_with_other_lines_is_not_taken_silently_and_not_made_again(trade: Trade) -> None:
    trade.needs(Capability.EDIT_ORDERS)
    trade.passes(seconds=10)
    trade.loses_the_reply(trade.shop, CallKind.CREATE)
    ref = trade.sells((MUG, 1), (LAMP, 1))
    while not trade.in_shop(ref):
        trade.passes(seconds=5)
    swap(trade, trade.in_shop(ref)[0].shop_ref)

    trade.passes(hours=1)

    assert trade.shop_ref(ref) == ""
    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]
    assert values_of(ref, ProblemKind.PARTLY_CREATED)["reason"] == SWAPPED
    assert trade.order(ref).status == Status.NOT_SHIPPED
