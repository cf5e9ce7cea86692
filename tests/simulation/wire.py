"""The network between the hub and the two sandboxes, what breaks on it, and which orders that touched."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.ports.sandbox import (
    FIRST_ROW,
    CallFault,
    CallKind,
    CommandFate,
    Malformation,
    Sandbox,
    SandboxCall,
    SandboxList,
    SandboxMarketplace,
    SandboxShop,
)
from tests.simulation.plan import MARKETPLACE, SHOP, Fault, Trouble

_SEEN_AS = {
    Trouble.NEVER: CallFault.NEVER, Trouble.AFTER: CallFault.AFTER, Trouble.RESET: CallFault.RESET, Trouble.REFUSED: CallFault.REFUSED,
    Trouble.LATE: CallFault.LATE, Trouble.LATE_ARRIVAL: CallFault.LATE, Trouble.STATUS: CallFault.STATUS,
    Trouble.STATUS_AFTER: CallFault.STATUS_AFTER, Trouble.RATE_LIMITED: CallFault.RATE_LIMITED,
    Trouble.RATE_LIMITED_BARE: CallFault.RATE_LIMITED, Trouble.GARBAGE: CallFault.GARBAGE, Trouble.TRUNCATED: CallFault.TRUNCATED,
    Trouble.HTML: CallFault.HTML, Trouble.HTML_AFTER: CallFault.HTML_AFTER,
}  # fmt: skip
_FATES = {
    Trouble.PROCESS_FAILS: (CommandFate.FAIL,),
    Trouble.PROCESS_TIMES_OUT: (CommandFate.TIMEOUT, CommandFate.TIMEOUT_DONE),
    Trouble.PROCESS_STICKS: (CommandFate.STUCK, CommandFate.STUCK_DONE),
    Trouble.PROCESS_FORGOTTEN: (CommandFate.FORGOTTEN, CommandFate.FORGOTTEN_DONE),
}
# what a row is bent to, and in which lists
_MALFORMATIONS = (Malformation.NULL, Malformation.OTHER_TYPE, Malformation.MISSING)
_LISTS = {MARKETPLACE: (SandboxList.CHANGES,), SHOP: (SandboxList.CHANGES, SandboxList.READ, SandboxList.FOUND)}
_ARRIVES_AFTER_S = 30  # by then the hub has given it up
_TRIES = 3  # of a read, by a session


def names(reference: str, ref: str) -> bool:
    """Whether a reference of ours is that of this order, whatever stands before it, and the how many'th time it was created."""
    before, found, after = reference.rpartition(ref)
    is_whole = not before or before.endswith("-")
    return bool(found) and is_whole and (not after or (after[0] == "-" and after[1:].isdigit()))


@dataclass(frozen=True, slots=True)
class Touch:
    """A trouble that met a request: when, on which side, about which orders, and whether that was a command about them."""

    at: float
    trouble: Trouble
    side: str
    refs: frozenset[str]
    is_command: bool


@dataclass
class _Slowness:
    seconds: float
    until: float


class Wire:
    """`hit` is told of each trouble that came true; `touches` keeps them with what they touched."""

    def __init__(
        self, marketplace: SandboxMarketplace, shop: SandboxShop, chance: random.Random, hit: Callable[[Trouble], None]
    ) -> None:
        self.touches: list[Touch] = []
        self._hit = hit
        self._chance = chance
        self._marketplace, self._shop = marketplace, shop
        self._sandboxes: dict[str, Sandbox] = {MARKETPLACE: marketplace, SHOP: shop}
        self._sides = {"marketplace.test": MARKETPLACE, "127.0.0.1:8080": SHOP}
        self._late: list[Fault] = []
        self._slow: dict[str, _Slowness] = {}
        self._malformed_sides: set[str] = set()  # sides of which a row is bent
        self._fates: list[CommandFate] = []
        self._refuses_until = 0.0
        self._left: dict[tuple[str, str], float] = {}  # side, order ("" where it does not say) -> its last command

    def took_out(self, side: str, ref: str, since: float) -> bool:
        """Whether a command about this order left since then. What does not come by here cannot be told: yes."""
        if not self._comes_by_here(side):
            return True
        return max(self._left.get((side, one), -1.0) for one in (ref, "")) >= since

    def going_out(self, request: Request) -> Callable[[], None]:
        """To be called once it has left. By then the order that it was about may be gone."""
        side = self._sides[request.url.split("/")[2]]
        call = self._sandboxes[side].call_of(request)
        refs = (self._refs_of(call) or {""}) if call.has_effect else ()

        def has_left() -> None:
            self._left |= dict.fromkeys(((side, ref) for ref in refs), asyncio.get_running_loop().time())

        return has_left

    async def serve(self, request: Request) -> Response:
        """As the network brings it there and back."""
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        side = self._sides[request.url.split("/")[2]]
        received = replace(request, headers={name.lower(): value for name, value in request.headers.items()})
        await self._on_the_way(side, self._sandboxes[side].call_of(received))
        if side == SHOP and self._refuses(received):
            return await self._shop.handle(received)  # at once, and before anything else can go wrong
        response: Response = await self._sandboxes[side].handle(received)
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, response.body)

    # ------------------------------------------------------------ what breaks

    def spoil(self, fault: Fault) -> None:
        """From now on this lies in wait on the wire."""
        on_the_wire = self._comes_by_here(fault.side)
        if on_the_wire and fault.trouble is Trouble.LATE_ARRIVAL:
            self._late.append(fault)
            return
        delay = 0.0
        if fault.trouble in (Trouble.LATE, Trouble.RATE_LIMITED):
            delay = fault.amount
        elif fault.trouble is Trouble.LATE_ARRIVAL:
            delay = fault.amount + _ARRIVES_AFTER_S
        status = self._chance.choice((500, 502, 503, 504)) if on_the_wire else 0
        self._lay(
            fault.side, fault.trouble, _SEEN_AS[fault.trouble], lambda call: call.has_effect is fault.is_command,
            times=fault.times, status=status, delay=timedelta(seconds=delay),
        )  # fmt: skip

    def go_down(self, side: str) -> None:
        kind = CallFault.REFUSED
        if self._comes_by_here(side):
            kind = self._chance.choice((CallFault.REFUSED, CallFault.NEVER, CallFault.STATUS, CallFault.HTML))
        self._lay(side, Trouble.OUTAGE, kind, lambda call: True, times=-1)

    def hide_an_order(self, fault: Fault) -> None:
        """An order's own read fails, while the list shows it."""
        times = fault.times
        if self._comes_by_here(MARKETPLACE):
            kind, status = self._chance.choice(
                ((CallFault.NEVER, 0), (CallFault.GARBAGE, 0), (CallFault.STATUS, 500), (CallFault.STATUS, 404))
            )
            times *= _TRIES
        else:
            kind, status = self._chance.choice((CallFault.NEVER, CallFault.GARBAGE)), 0
        self._lay(
            MARKETPLACE, fault.trouble, kind, lambda call: call.kind is CallKind.READ_ORDER, times=times, status=status
        )

    def go_wrong_later(self, fault: Fault) -> None:
        """The next commands are taken in, and go wrong after that."""
        if not self._marketplace.decide_fates([]):
            return
        self._fates += [self._chance.choice(_FATES[fault.trouble]) for _ in range(fault.times)]
        self._marketplace.decide_fates(self._fates, self._note_fate)

    def be_slow(self, fault: Fault) -> None:
        if self._comes_by_here(fault.side):
            self._slow[fault.side] = _Slowness(fault.amount, asyncio.get_running_loop().time() + fault.lasts * 60)

    def refuse_all(self, fault: Fault) -> None:
        """A shop whose rules have changed."""
        if self._shop.refuse_orders(
            lambda: asyncio.get_running_loop().time() < self._refuses_until,
            lambda call: self._touch(Trouble.REFUSES_ALL, SHOP, self._refs_of(call), is_command=True),
        ):
            self._refuses_until = asyncio.get_running_loop().time() + fault.lasts * 60

    def bend_a_row(self, side: str) -> None:
        """The first that is listed, from now on; a reference has no rows on the wire."""
        if not self._comes_by_here(side) or side in self._malformed_sides:
            return
        self._malformed_sides.add(side)
        how = self._chance.choice(_MALFORMATIONS)
        for listing in _LISTS[side]:
            self._sandboxes[side].malform(listing, FIRST_ROW, how, met=lambda key: self._note_bent_row(side, key))

    def straighten(self, side: str) -> None:
        self._malformed_sides.discard(side)
        self._sandboxes[side].straighten()

    def mend(self) -> None:
        self._late.clear()
        self._slow.clear()
        for side in list(self._malformed_sides):
            self.straighten(side)
        self._refuses_until = 0.0
        self._fates.clear()
        self._marketplace.decide_fates([])

    # ------------------------------------------------------------ inside

    def _comes_by_here(self, side: str) -> bool:
        """A reference is reached by its connector alone."""
        return self._sandboxes[side].speaks_http

    def _refuses(self, request: Request) -> bool:
        call = self._shop.call_of(request)
        return call.kind is CallKind.CREATE and asyncio.get_running_loop().time() < self._refuses_until

    def _touch(self, trouble: Trouble, side: str, refs: frozenset[str], *, is_command: bool) -> None:
        self._hit(trouble)
        self.touches.append(Touch(asyncio.get_running_loop().time(), trouble, side, refs, is_command))

    def _note_fate(self, fate: CommandFate, refs: frozenset[str]) -> None:
        if self._fates:
            self._fates.pop(0)
        trouble = next(trouble for trouble, fates in _FATES.items() if fate in fates)
        self._touch(trouble, MARKETPLACE, refs, is_command=True)

    def _note_bent_row(self, side: str, key: str) -> None:
        refs = frozenset({key}) if side == MARKETPLACE else self._refs_of_shop_order(key)
        self._touch(Trouble.BENT_ROW, side, refs, is_command=False)

    def _lay(
        self, side: str, trouble: Trouble, kind: CallFault, calls: Callable[[SandboxCall], bool], **what: Any
    ) -> None:
        def met(call: SandboxCall) -> None:
            self._touch(trouble, side, self._refs_of(call), is_command=call.has_effect)

        self._sandboxes[side].faults.spoil(kind, calls, met=met, **what)

    async def _on_the_way(self, side: str, call: SandboxCall) -> None:
        slow = self._slow.get(side)
        if slow is not None and asyncio.get_running_loop().time() < slow.until:
            self._touch(Trouble.SLOW, side, self._refs_of(call), is_command=call.has_effect)
            await asyncio.sleep(slow.seconds * self._chance.uniform(0.7, 1.3))
        late = next((fault for fault in self._late if fault.side == side), None)
        if late is not None and call.has_effect:
            self._late.remove(late)
            self._touch(Trouble.LATE_ARRIVAL, side, self._refs_of(call), is_command=True)
            await asyncio.sleep(_ARRIVES_AFTER_S + late.amount)

    def _refs_of(self, call: SandboxCall) -> frozenset[str]:
        """The orders that a call is about, by the marketplace's numbers."""
        if not call.about:
            return frozenset()
        return frozenset(ref for ref in self._marketplace.refs() if any(names(one, ref) for one in call.about))

    def _refs_of_shop_order(self, shop_ref: str) -> frozenset[str]:
        found = next((one.reference for one in self._shop.orders() if one.shop_ref == shop_ref), "")
        return self._refs_of(SandboxCall(CallKind.READ, frozenset({found})))
