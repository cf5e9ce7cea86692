"""The verdict turns red for every lie that is planted in it, and for nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orderhaven.core.carriers import Carrier, recognise
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.demo.compare import Ending, Rules, Verdict, compare
from orderhaven.demo.plan import Story, plan_day
from orderhaven.demo.sides import HubSide, InHub, InShop, MarketplaceSide, Open, ShopSide, ShopWord, Sold
from orderhaven.ports.sandbox import ConfirmedShipment

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
RULES = Rules({Carrier.POSTNL: "TNT", Carrier.DPD: "DPD-NL"}, "OTHER", timedelta(hours=3))
PIECES = {"MUG": 2}
PRICE = Decimal("25.98")


class Sides:
    """Three sides that agree: order 1 shipped with a code, 2 bare, 3 cancelled in the shop, 4 the marketplace's own."""

    def __init__(self) -> None:
        coded = {"code": "3SABCD1234567", "carrier": Carrier.POSTNL, "code_at": TEN}
        self.sold = {
            "1": _sold("1", sent=ConfirmedShipment("1", {"11": 2}, "TNT", "3SABCD1234567", "", _later(5))),
            "2": _sold("2", sent=ConfirmedShipment("2", {"21": 2}, "", "", "", _later(185))),
            "3": _sold("3", is_cancelled=True),
            "4": _sold("4", by_marketplace=True),
        }
        self.shop = [
            _in_shop("11", "M-f00d12-1", ShopWord.COMPLETED, completed_at=TEN, **coded),
            _in_shop("12", "M-f00d12-2", ShopWord.COMPLETED, completed_at=TEN),
            _in_shop("13", "M-f00d12-3", ShopWord.CANCELLED, cancelled_at=TEN),
            _in_shop("90", "", ShopWord.OPEN, left_as=ShopWord.OPEN),
        ]
        self.hub = {
            "1": _in_hub("1", "11", Status.SHIPPED, "synced", confirmed_at=_later(6), tracking_number="3SABCD1234567"),
            "2": _in_hub("2", "12", Status.SHIPPED, "synced", confirmed_at=_later(190)),
            "3": _in_hub("3", "13", Status.CANCELLED, "synced"),
            "4": _in_hub("4", "", Status.NOT_SHIPPED, ""),
        }

    def judge(self) -> Verdict:
        marketplace = MarketplaceSide(tuple(self.sold.values()))
        return compare(marketplace, ShopSide(tuple(self.shop)), HubSide(tuple(self.hub.values())), RULES)

    def sent(self, ref: str, **lie: Any) -> None:
        shipment = msgspec.structs.replace(self.sold[ref].shipments[0], **lie)
        self.sold[ref] = msgspec.structs.replace(self.sold[ref], shipments=(shipment,))

    def says(self, ref: str, **lie: Any) -> None:
        self.hub[ref] = msgspec.structs.replace(self.hub[ref], **lie)

    def stands(self, place: int, **lie: Any) -> None:
        self.shop[place] = msgspec.structs.replace(self.shop[place], **lie)

    def confirm_twice(self) -> None:
        self.sold["1"] = msgspec.structs.replace(self.sold["1"], shipments=self.sold["1"].shipments * 2)

    def forget_confirmation(self) -> None:
        self.sold["1"] = msgspec.structs.replace(self.sold["1"], shipments=())

    def place_twice(self) -> None:
        self.shop.append(msgspec.structs.replace(self.shop[0], shop_ref="14", reference="M-f00d12-1-2"))


def _later(minutes: int) -> datetime:
    return TEN + timedelta(minutes=minutes)


def _sold(ref: str, sent: ConfirmedShipment | None = None, **more: Any) -> Sold:
    return Sold(ref=ref, placed_at=NINE, quantities=PIECES, total=PRICE, shipments=(sent,) if sent else (), **more)


def _in_shop(shop_ref: str, reference: str, state: ShopWord, **more: Any) -> InShop:
    return InShop(shop_ref=shop_ref, reference=reference, state=state, quantities=PIECES, total=PRICE, **more)


def _in_hub(ref: str, shop_ref: str, status: Status, told: str, **more: Any) -> InHub:
    return InHub(ref=ref, shop_ref=shop_ref, status=status, marketplace_sync=told, **more)


def test_three_sides_that_agree_are_clean() -> None:
    outcome = Sides().judge()

    assert () == outcome.flaws
    assert [Ending.SHIPPED, Ending.SHIPPED, Ending.CANCELLED_IN_SHOP, Ending.LEFT_ALONE] == list(
        outcome.endings.values()
    )


NEEDLESS = (Open(ProblemKind.WAIT_EXTENDED, "The order is held."),)
LIES: dict[str, tuple[str, Callable[[Sides], object]]] = {
    "placed twice": ("1", Sides.place_twice),
    "never placed": ("1", lambda sides: sides.shop.pop(0)),
    "placed although the marketplace ships it": ("4", lambda sides: sides.stands(0, reference="M-f00d12-4")),
    "other pieces in the shop": ("1", lambda sides: sides.stands(0, quantities={"MUG": 1})),
    "another total in the shop": ("1", lambda sides: sides.stands(0, total=Decimal("25.97"))),
    "never confirmed": ("1", Sides.forget_confirmation),
    "confirmed twice": ("1", Sides.confirm_twice),
    "confirmed in part": ("1", lambda sides: sides.sent("1", quantities={"11": 1})),
    "another carrier": ("1", lambda sides: sides.sent("1", carrier_code="DPD-NL")),
    "another code": ("1", lambda sides: sides.sent("1", tracking_number="3SABCD1234568")),
    "a code where the shop has none": (
        "2",
        lambda sides: sides.sent("2", tracking_number="3SABCD1234567", carrier_code="TNT"),
    ),
    "confirmed before it was completed": ("1", lambda sides: sides.sent("1", at=_later(-1))),
    "bare before its wait was over": ("2", lambda sides: sides.sent("2", at=_later(179))),
    "not cancelled at the marketplace": ("3", lambda sides: sides.sold.update({"3": _sold("3")})),
    "open again in the shop": ("3", lambda sides: sides.stands(2, state=ShopWord.OPEN)),
    "another tool's order was touched": ("90", lambda sides: sides.stands(3, state=ShopWord.CANCELLED)),
    "never heard": ("2", lambda sides: sides.hub.pop("2")),
    "another status in the hub": ("2", lambda sides: sides.says("2", status=Status.WAITING)),
    "the hub calls it told": ("4", lambda sides: sides.says("4", marketplace_sync="rejected")),
    "the hub still has to tell": ("1", lambda sides: sides.says("1", unsent=1)),
    "the hub names another shop order": ("1", lambda sides: sides.says("1", shop_ref="12")),
    "the hub says confirmed": ("3", lambda sides: sides.says("3", confirmed_at=TEN)),
    "the hub says that others did it": ("1", lambda sides: sides.says("1", handled_externally=True)),
    "the hub shows another code": ("1", lambda sides: sides.says("1", tracking_number="")),
    "the hub calls for a person without need": ("1", lambda sides: sides.says("1", problems=NEEDLESS)),
    "an order that nobody bought": (
        "5",
        lambda sides: sides.hub.update({"5": _in_hub("5", "", Status.NOT_SHIPPED, "")}),
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_planted_lie_is_found_and_named(lie: str) -> None:
    sides = Sides()
    ref, plant = LIES[lie]

    plant(sides)

    assert ref in {flaw.ref for flaw in sides.judge().flaws}


def test_the_same_numbers_plan_the_same_day_with_every_story_in_it() -> None:
    day = plan_day(100, 7, 14)

    assert plan_day(100, 7, 14) == day
    assert 100 == len(day)
    assert set(Story) == {plan.story for plan in day}


def test_every_tracking_number_of_the_day_is_recognised() -> None:
    for plan in plan_day(300, 1, 14):
        code = plan.code
        assert code.carrier is recognise(code.text, carrier_name=code.carrier_word).carrier
