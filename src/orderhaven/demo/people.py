"""Buyers and a merchant, who play the day through the sandboxes and write down what they did and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderhaven.core.references import order_ref_in
from orderhaven.demo.plan import AFTER_CREATING, ARTICLES, NOT_FOR_SALE, Deed, Plan
from orderhaven.demo.sides import ShopWord
from orderhaven.ports.connector import Clock
from orderhaven.ports.sandbox import BackOfficeOrder, Basket


@dataclass
class Diary:
    """What people did to one order so far."""

    plan: Plan
    ref: str
    placed_at: datetime
    next_step: int = 0
    next_at: datetime | None = None  # None: nobody does anything any more
    done: dict[Deed, datetime] = field(default_factory=dict)

    def moments(self) -> Iterator[datetime]:
        yield self.placed_at
        yield from self.done.values()


class People:
    """`label_key` is where the merchant notes a marketplace label's number; "" when this shop has no place for it."""

    def __init__(self, marketplace: Any, shop: Any, clock: Clock, plans: Sequence[Plan], label_key: str) -> None:
        self.marketplace = marketplace
        self.shop = shop
        self.diaries: dict[str, Diary] = {}
        self.words: dict[str, ShopWord] = {}  # the shop's own word -> ours
        self.left_as: dict[str, ShopWord] = {}  # orders of another tool
        self._clock = clock
        self._to_come = list(reversed(plans))
        self._label_key = label_key
        self._began_at: datetime | None = None

    @property
    def planned(self) -> int:
        return len(self.diaries) + len(self._to_come)

    @property
    def is_done(self) -> bool:
        return not self._to_come and all(diary.next_at is None for diary in self.diaries.values())

    @property
    def last_deed_at(self) -> datetime | None:
        return max((moment for diary in self.diaries.values() for moment in diary.moments()), default=None)

    def open_shop(self) -> None:
        """Put articles on the shelf. Three orders of another tool show the shop's words, and must be left alone."""
        self.shop.stock(ARTICLES)
        for word in (ShopWord.OPEN, ShopWord.COMPLETED, ShopWord.CANCELLED):
            shop_ref = self.shop.create_by_other_tool(Basket(lines=[(ARTICLES[0], 1)]), f"OTHER-{word}")
            if word is ShopWord.COMPLETED:
                self.shop.complete(shop_ref)
            elif word is ShopWord.CANCELLED:
                self.shop.cancel(shop_ref)
            self.left_as[shop_ref] = word
        self.words = {one.status: self.left_as[one.shop_ref] for one in self.shop.orders()}

    def begin(self) -> None:
        self._began_at = self._began_at or self._clock.now()

    def act(self) -> None:
        """Everything that is due by now."""
        if self._began_at is None:
            return
        now = self._clock.now()
        while self._to_come and self._began_at + self._to_come[-1].at <= now:
            self._order(self._to_come.pop(), now)
        due = [diary for diary in self.diaries.values() if diary.next_at is not None and diary.next_at <= now]
        if due:
            placed = {self.ref_of(one): one for one in self.shop.orders()}
            for diary in due:
                self._step(diary, placed.get(diary.ref))

    def ref_of(self, order: BackOfficeOrder) -> str:
        """The marketplace's ref of a shop order of the hub's; "" for any other."""
        ref = order_ref_in(order.reference)
        again = ref.rpartition("-")[0]  # what was created once more has its count behind it
        return next((one for one in (ref, again) if one in self.diaries), "")

    def _order(self, plan: Plan, now: datetime) -> None:
        ref = self.marketplace.sell(plan.basket)
        diary = self.diaries[ref] = Diary(plan, ref, now)
        self._plan_next(diary, now)

    def _plan_next(self, diary: Diary, now: datetime) -> None:
        left = diary.plan.steps[diary.next_step :]
        diary.next_at = now + left[0].after if left else None

    def _step(self, diary: Diary, in_shop: BackOfficeOrder | None) -> None:
        deed = diary.plan.steps[diary.next_step].deed
        if deed in AFTER_CREATING and in_shop is None:
            return  # it is not in the shop yet: people look again later
        now = self._clock.now()
        self._do(diary, deed, in_shop.shop_ref if in_shop else "")
        diary.done[deed] = now
        diary.next_step += 1
        self._plan_next(diary, now)

    def _do(self, diary: Diary, deed: Deed, shop_ref: str) -> None:
        code = diary.plan.code
        match deed:
            case Deed.SHIP:
                self.shop.complete(shop_ref, code.text, code.carrier_word)
            case Deed.COMPLETE:
                self.shop.complete(shop_ref)
            case Deed.ADD_CODE:
                self.shop.add_tracking(shop_ref, code.text, code.carrier_word)
            case Deed.NOTE_LABEL:
                if self._label_key:
                    self.shop.set_meta(shop_ref, self._label_key, diary.plan.label)
            case Deed.CANCEL_IN_SHOP:
                self.shop.cancel(shop_ref)
            case Deed.ASK:
                self.marketplace.request_cancellation(diary.ref)
            case Deed.CANCEL_THERE:
                self.marketplace.cancel(diary.ref)
            case Deed.SHIP_THERE:
                self.marketplace.ship_elsewhere(diary.ref, code.text)

    def label_noted(self, diary: Diary) -> str:
        return diary.plan.label if self._label_key and Deed.NOTE_LABEL in diary.done else ""


def total_of(basket: Basket) -> Decimal:
    """What the buyer pays."""
    whole = sum((Decimal(article.price) * pieces for article, pieces in basket.lines), Decimal(0))
    return whole - Decimal(basket.discount)


def is_for_sale(basket: Basket) -> bool:
    return all(article is not NOT_FOR_SALE for article, _ in basket.lines)
