"""A day of trade, written down before it is played: who orders what and when, and what people do with it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from msgspec import structs

from orderhaven.core.carriers.checks import mod10_digit
from orderhaven.demo.codes import Code, label_number, make_code
from orderhaven.ports.sandbox import Basket, CatalogueItem


class Deed(StrEnum):
    """What a person does to an order."""

    SHIP = "ship"  # completes it in the shop, with a code
    COMPLETE = "complete"  # completes it in the shop, and says no more
    ADD_CODE = "add_code"
    NOTE_LABEL = "note_label"  # the number of a marketplace label, in the shop order
    CANCEL_IN_SHOP = "cancel_in_shop"
    ASK = "ask"  # the buyer asks to cancel
    CANCEL_THERE = "cancel_there"  # the marketplace cancels
    SHIP_THERE = "ship_there"  # shipped at the marketplace, outside the hub


# nobody can do these before the order is in the shop; and this merchant's buyers think twice before they ask
AFTER_CREATING = frozenset({Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, Deed.NOTE_LABEL, Deed.CANCEL_IN_SHOP, Deed.ASK})


class Story(StrEnum):
    """How an order goes."""

    CODED = "coded"
    BARE = "bare"
    LATE_CODE = "late_code"  # the code comes during the wait
    EARLY_CODE = "early_code"  # the code comes before the order is completed
    SHOP_CANCELS = "shop_cancels"
    CANCELLED_THERE = "marketplace_cancelled"
    ASKS_AND_GETS_IT = "asks_and_gets_it"
    ASKS_IN_VAIN = "asks_in_vain"
    BY_MARKETPLACE = "by_marketplace"
    LABEL_NOTED = "label_noted"
    LABEL_FORGOTTEN = "label_forgotten"
    SHIPPED_THERE = "marketplace_shipped"
    NOT_FOR_SALE = "not_for_sale"  # the shop does not have the article


# of a hundred orders, and what happens: each deed with the shortest and longest time after the one before, in minutes
_STORIES: Mapping[Story, tuple[int, tuple[tuple[Deed, int, int], ...]]] = {
    Story.CODED: (0, ((Deed.SHIP, 40, 300),)),  # all the others
    Story.BARE: (10, ((Deed.COMPLETE, 30, 180),)),
    Story.LATE_CODE: (8, ((Deed.COMPLETE, 30, 180), (Deed.ADD_CODE, 20, 140))),
    Story.SHOP_CANCELS: (5, ((Deed.CANCEL_IN_SHOP, 30, 120),)),
    Story.CANCELLED_THERE: (5, ((Deed.CANCEL_THERE, 0, 90),)),
    Story.BY_MARKETPLACE: (4, ((Deed.SHIP_THERE, 60, 400),)),
    Story.ASKS_IN_VAIN: (3, ((Deed.ASK, 5, 40), (Deed.SHIP, 20, 90))),
    Story.ASKS_AND_GETS_IT: (3, ((Deed.ASK, 5, 40), (Deed.CANCEL_IN_SHOP, 20, 60))),
    Story.LABEL_NOTED: (2, ((Deed.NOTE_LABEL, 40, 200), (Deed.COMPLETE, 2, 10))),
    Story.EARLY_CODE: (3, ((Deed.ADD_CODE, 30, 90), (Deed.COMPLETE, 20, 90))),
    Story.SHIPPED_THERE: (1, ((Deed.SHIP_THERE, 40, 200),)),
    Story.LABEL_FORGOTTEN: (1, ((Deed.COMPLETE, 30, 120),)),
    Story.NOT_FOR_SALE: (1, ()),
}
_MOST_OTHERS = 0.6  # of a small day, so that most orders are still plain ones


@dataclass(frozen=True, slots=True)
class PlannedStep:
    deed: Deed
    after: timedelta  # the deed before, or the order itself


@dataclass(frozen=True, slots=True)
class Plan:
    """One order that will be placed `at` so long after the day began."""

    at: timedelta
    story: Story
    basket: Basket
    steps: tuple[PlannedStep, ...]
    code: Code
    label: str


def _article(number: int, sku: str, title: str, price: str) -> CatalogueItem:
    serial = f"87123456{number:04d}"
    return CatalogueItem(sku, serial + mod10_digit(serial), title, price)


ARTICLES = (
    _article(1, "MUG-BLUE", "Mok, blauw", "12.99"),
    _article(2, "LAMP-OAK", "Lamp, eiken voet", "49.95"),
    _article(3, "SOAP-3", "Zeep, drie stuks", "7.49"),
    _article(4, "RUG-S", "Vloerkleed 60 x 90", "34.50"),
    _article(5, "BAG-CANVAS", "Tas van zeildoek", "24.00"),
    _article(6, "PEN", "Balpen", "1.99"),
)
NOT_FOR_SALE = _article(9, "CLOCK-OLD", "Klok, uit het assortiment", "19.95")


def plan_day(orders: int, seed: int, selling_hours: float) -> list[Plan]:
    """The same day for the same three numbers, earliest order first."""
    chance = random.Random(seed)
    stories = _stories(orders)
    chance.shuffle(stories)
    slot = timedelta(hours=selling_hours) / max(orders, 1)
    return [_plan(chance, story, slot * (place + chance.random())) for place, story in enumerate(stories)]


def at_full_price(plan: Plan) -> Plan:
    """For a shop that takes its own prices only."""
    return replace(plan, basket=structs.replace(plan.basket, discount="0.00"))


def _stories(orders: int) -> list[Story]:
    """As the table says; in a small day each story once, as far as there is room."""
    others = [
        story for story, (share, _) in _STORIES.items() for _ in range(max(round(orders * share / 100), share > 0))
    ]
    if len(others) > orders * _MOST_OTHERS:
        others = list(dict.fromkeys(others))[: int(orders * _MOST_OTHERS)]
    return others + [Story.CODED] * (orders - len(others))


def _plan(chance: random.Random, story: Story, at: timedelta) -> Plan:
    steps = tuple(
        PlannedStep(deed, timedelta(minutes=chance.uniform(shortest, longest)))
        for deed, shortest, longest in _STORIES[story][1]
    )
    return Plan(at, story, _basket(chance, story), steps, make_code(chance), label_number(chance))


def _basket(chance: random.Random, story: Story) -> Basket:
    articles = chance.sample(ARTICLES, chance.choice((1, 1, 1, 2, 3)))
    lines = [(article, chance.choice((1, 1, 1, 2, 4))) for article in articles]
    if story is Story.NOT_FOR_SALE:
        lines = [(NOT_FOR_SALE, 1)]
    return Basket(
        lines=lines,
        by_marketplace=story is Story.BY_MARKETPLACE,
        marketplace_label=story in (Story.LABEL_NOTED, Story.LABEL_FORGOTTEN),
        pickup_point="Boekhandel De Hoek" if chance.random() < 0.1 else "",
        discount="1.00" if chance.random() < 0.15 else "0.00",
    )
