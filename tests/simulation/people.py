"""What people do, on both sides and at the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orderhaven.actions import account_setup, links, onboarding, orders
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.errors import HubError
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.testing.goods import GIFT
from tests.simulation.diary import Diary, Noted
from tests.simulation.plan import IN_SHOP, PAUSES, Deed, Happening
from tests.simulation.sides import SOMETHING_ELSE

if TYPE_CHECKING:
    from tests.simulation.run import Run

BOTH = ("Marketplace", "Shop")
_PAUSED_BY = {Deed.PAUSE: BOTH, Deed.PAUSE_SHOP: ("Shop",), Deed.PAUSE_MARKETPLACE: ("Marketplace",)}
_LOOKS_AGAIN = 7 * 60.0  # seconds: people who do not find an order in the shop yet
_GIVES_UP_AFTER = 14


class People:
    def __init__(self, run: Run) -> None:
        self._run = run
        self.paused: list[tuple[float, float, str]] = []  # from, until, which connection: by a person's wish
        self.released: list[float] = []  # when somebody said that the held cancellations were meant

    def do(self, one: Happening, tried: int = 0) -> None:
        run = self._run
        if one.deed is Deed.SELL:
            self._sell(one)
            return
        if one.order < 0 or one.deed in PAUSES:
            self._visit(one)
            return
        diary = run.diaries.get(one.order)
        if diary is None or not run.sides.can(one.deed):
            return  # the sale was left out of the plan, or no such thing is done there
        done = self._in_shop(one, diary) if one.deed in IN_SHOP else self._elsewhere(one, diary)
        if done is None:
            if tried < _GIVES_UP_AFTER:
                run.plan_at(run.loop.time() + _LOOKS_AGAIN, lambda: self.do(one, tried + 1))
            return
        if done:
            diary.done.setdefault(one.deed, []).append(run.loop.time())
            with_code = one.deed in (Deed.SHIP, Deed.ADD_CODE, Deed.SCRIBBLE)
            run.say(f"{one.deed}: {diary.ref} {one.code if with_code else ''}".rstrip())

    def _sell(self, one: Happening) -> None:
        run = self._run
        ref, pieces = run.sides.sell(one)
        run.diaries[one.order] = Diary(one.order, one.kind, ref, run.loop.time(), pieces)
        run.say(f"{one.deed}: {ref}, {one.lines} x {one.pieces} {one.kind}".rstrip())

    def _in_shop(self, one: Happening, diary: Diary) -> bool | None:
        """None: it is not there yet."""
        sides = self._run.sides
        there = sides.in_shop(diary.ref)
        if not there:
            return None if not diary.did(Deed.DELETE) else False
        shop, shop_ref = sides.shop, there[-1].shop_ref
        match one.deed:
            case Deed.SHIP:
                shop.complete(shop_ref, one.code, one.carrier_word)
            case Deed.COMPLETE:
                shop.complete(shop_ref)
            case Deed.ADD_CODE | Deed.SCRIBBLE:
                shop.add_tracking(shop_ref, one.code, one.carrier_word)
            case Deed.CANCEL_IN_SHOP:
                shop.cancel(shop_ref)
            case Deed.REOPEN:
                shop.reopen(shop_ref)
            case Deed.TRASH:
                shop.trash(shop_ref)
            case Deed.DELETE:
                shop.delete(shop_ref)
            case Deed.ADD_GIFT:
                shop.add_line(shop_ref, GIFT, 1)
            case Deed.ADD_LINE:
                shop.add_line(shop_ref, SOMETHING_ELSE, 1, SOMETHING_ELSE.price)
            case Deed.SWAP:
                sides.swap(shop_ref)
            case _:
                sides.change_quantity(shop_ref)
        if one.deed in (Deed.SHIP, Deed.ADD_CODE):
            diary.codes.append(Noted(self._run.loop.time(), one.code, one.carrier))
        if one.deed is Deed.SCRIBBLE:
            diary.scribbles.append(one.code)
        return True

    def _elsewhere(self, one: Happening, diary: Diary) -> bool:
        sides, ref = self._run.sides, diary.ref
        before = len(sides.marketplace.shipments())
        match one.deed:
            case Deed.ASK | Deed.CANCEL_THERE | Deed.SHIP_THERE | Deed.SHIP_PART_THERE if not sides.marketplace.is_open(
                ref
            ):
                return False
            case Deed.ASK:
                sides.marketplace.request_cancellation(ref)
            case Deed.WITHDRAW:
                sides.marketplace.withdraw_cancellation_request(ref)
            case Deed.CANCEL_THERE:
                sides.marketplace.cancel(ref)
            case Deed.REVERSE_THERE:
                return sides.marketplace.take_back_shipment(ref)
            case Deed.SHIP_THERE:
                sides.marketplace.ship_elsewhere(ref)
            case Deed.SHIP_PART_THERE:
                if not sides.marketplace.ship_part(ref):
                    return False
            case _:
                return self._at_the_hub(one, ref)
        diary.by_others |= set(range(before, len(sides.marketplace.shipments())))
        return True

    def _at_the_hub(self, one: Happening, ref: str) -> bool:
        acts: dict[Deed, Callable[[ActionContext], object]] = {
            Deed.RETRY: lambda context: orders.retry(context, ref),
            Deed.TAKE_OVER: lambda context: orders.handle(context, ref),
            Deed.GIVE_BACK: lambda context: orders.give_back(context, ref),
            Deed.CANCEL_HERE: lambda context: orders.cancel(context, ref),
            Deed.REFUSE: lambda context: orders.refuse(context, ref),
            Deed.PLACE_AGAIN: lambda context: onboarding.recreate(context, ref),
        }
        return self.by_hand(acts[one.deed])

    def _visit(self, one: Happening) -> None:
        run = self._run
        match one.deed:
            case Deed.POLL:
                self.by_hand(lambda context: [account_setup.poll_now(context, name) for name in BOTH])
            case Deed.PAUSE | Deed.PAUSE_SHOP | Deed.PAUSE_MARKETPLACE:
                names, until = _PAUSED_BY[one.deed], run.loop.time() + one.lasts * 60
                self.by_hand(lambda context: [account_setup.pause(context, name) for name in names])
                self.paused += [(run.loop.time(), until, name) for name in names]
                run.plan_at(until, lambda: self._resume(names))
            case _:
                self.by_hand(lambda context: links.release_cancellations(context, "Marketplace"))
                self.released.append(run.loop.time())
        run.say(str(one.deed))

    def _resume(self, names: tuple[str, ...]) -> None:
        self.by_hand(lambda context: [account_setup.resume(context, name) for name in names])

    def resume_what_stands_still(self) -> None:
        """What somebody paused, and what the hub gave up: the judge asks for its cause. What is at work is left alone."""
        still = Connection.objects.filter(merchant=self._run.merchant_id).exclude(state=ConnectionState.ACTIVE)
        self._resume(tuple(self._run.store.run(lambda: list(still.values_list("name", flat=True)))))

    def by_hand(self, act: Callable[[ActionContext], object]) -> bool:
        """A person does this at the hub; False where it says that this cannot be."""
        run = self._run
        context = ActionContext("Tester", run.merchant_id, run.hub_clock, lambda: None, run.sides.specs_by_name)
        try:
            run.store.run(lambda: act(context))
        except (ActionRefused, HubError):
            return False
        run.wake()
        return True
