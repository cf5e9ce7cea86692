"""The network between the hub and the two sandboxes, what breaks on it, and which orders that touched."""

import asyncio
import json
import random
import re
from collections import deque
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from orderhaven.connectors.kit.faults import HttpFault as WireFault
from orderhaven.connectors.kit.faults import HttpFaultKind as Kit
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.ports.sandbox import CommandFate
from orderhaven.testing.sandbox_auth import FaultKind as Door
from orderhaven.testing.sandbox_auth import SandboxFault as DoorFault
from tests.simulation.plan import MARKETPLACE, SHOP, Fault, Pair, Trouble

_KIT = {
    Trouble.NEVER: Kit.NEVER, Trouble.AFTER: Kit.AFTER, Trouble.RESET: Kit.RESET, Trouble.REFUSED: Kit.REFUSED,
    Trouble.LATE: Kit.LATE, Trouble.STATUS: Kit.STATUS, Trouble.STATUS_AFTER: Kit.STATUS_AFTER,
    Trouble.RATE_LIMITED: Kit.RATE_LIMITED, Trouble.RATE_LIMITED_BARE: Kit.RATE_LIMITED, Trouble.GARBAGE: Kit.GARBAGE,
    Trouble.TRUNCATED: Kit.TRUNCATED, Trouble.HTML: Kit.HTML, Trouble.HTML_AFTER: Kit.HTML_AFTER,
}  # fmt: skip
_DOOR = {
    Trouble.NEVER: Door.LOST_BEFORE, Trouble.AFTER: Door.LOST_AFTER, Trouble.RESET: Door.LOST_BEFORE, Trouble.REFUSED: Door.NOT_SENT,
    Trouble.LATE: Door.LATE, Trouble.LATE_ARRIVAL: Door.LATE, Trouble.STATUS: Door.BROKEN, Trouble.STATUS_AFTER: Door.BROKEN_AFTER,
    Trouble.RATE_LIMITED: Door.RATE_LIMITED, Trouble.RATE_LIMITED_BARE: Door.RATE_LIMITED, Trouble.GARBAGE: Door.GARBAGE,
    Trouble.TRUNCATED: Door.GARBAGE, Trouble.HTML: Door.TRY_LATER, Trouble.HTML_AFTER: Door.GARBAGE,
}  # fmt: skip
_FATES = {
    Trouble.PROCESS_FAILS: (CommandFate.FAIL,),
    Trouble.PROCESS_TIMES_OUT: (CommandFate.TIMEOUT, CommandFate.TIMEOUT_DONE),
    Trouble.PROCESS_STICKS: (CommandFate.STUCK, CommandFate.STUCK_DONE),
    Trouble.PROCESS_FORGOTTEN: (CommandFate.FORGOTTEN, CommandFate.FORGOTTEN_DONE),
}
_A_LONG_ANSWER = 50_000  # bytes: there may be a page full of orders in it
_ASKS_BY_POST = ("/token", "/shared/process-status")
_ITS_REF = re.compile(r"C\d{9}")
_ITS_ITEM = re.compile(r"\b2\d{9}\b")
_ITS_REF_OF_REFERENCES = re.compile(r"RM-\d{6}")
_ITS_CANCEL = re.compile(r"/orders/(\d+)/cancel$")
_ITS_SHOP_ORDER = re.compile(r"/orders/(\d+)$")


@dataclass(frozen=True, slots=True)
class Touch:
    """A trouble that met a request: when, on which side, about which orders, and whether that was a command about them."""

    at: float
    trouble: Trouble
    side: str
    refs: frozenset[str]
    is_command: bool


_arriving: ContextVar[Request] = ContextVar(
    "arriving"
)  # many are on their way at once, and some are answered much later


class _Fates(deque[CommandFate]):
    """What becomes of the next ones that are taken in: whichever request takes one, its order is touched by it."""

    def __init__(self, met: Callable[[Trouble, Request], None]) -> None:
        super().__init__()
        self._met = met

    def popleft(self) -> CommandFate:
        fate = super().popleft()
        self._met(next(trouble for trouble, fates in _FATES.items() if fate in fates), _arriving.get())
        return fate


def _is_command(request: Request) -> bool:
    return request.method != "GET" and request.path not in _ASKS_BY_POST


@dataclass(frozen=True, slots=True)
class _Watched(WireFault):
    """Spoils commands about an order, or reads, or (None) both."""

    is_command: bool | None = None
    met: Callable[[Request], None] = lambda request: None

    def fits(self, request: Request) -> bool:
        if self.is_command not in (None, _is_command(request)) or not WireFault.fits(self, request):
            return False
        self.met(request)
        return True


@dataclass
class _Slowness:
    seconds: float
    until: float


class Wire:
    """`hit` is told of each trouble that came true; `touches` keeps them with what they touched."""

    def __init__(
        self, pair: Pair, marketplace: Any, shop: Any, chance: random.Random, hit: Callable[[Trouble], None]
    ) -> None:
        self.pair = pair
        self.touches: list[Touch] = []
        self.cancelled_by_hub: list[tuple[float, str, str]] = []  # when, shop order, the status that it had
        self._hit = hit
        self._chance = chance
        self._sandboxes = {MARKETPLACE: marketplace, SHOP: shop}
        self._sides = {"marketplace.test": MARKETPLACE, "127.0.0.1:8080": SHOP}
        self._late: list[Fault] = []
        self._slow: dict[str, _Slowness] = {}
        self._malformed: dict[str, str] = {}  # side -> the order whose row is bent; "": the first that is listed
        if pair is Pair.REAL:
            marketplace.processes.fates = _Fates(self._note_fate)
        self._refuses_until = 0.0
        self._left: dict[tuple[str, str], float] = {}  # side, order ("" where it does not say) -> its last command

    def took_out(self, side: str, ref: str, since: float) -> bool:
        """Whether a command about this order left since then. What does not come by here cannot be told: yes."""
        if not _ITS_REF.fullmatch(ref):
            return True
        return max(self._left.get((side, one), -1.0) for one in (ref, "")) >= since

    def going_out(self, request: Request) -> Callable[[], None]:
        """To be called once it has left. By then the order that it was about may be gone."""
        side = self._sides[request.url.split("/")[2]]
        refs = (self._refs_in(side, request) or {""}) if _is_command(request) else ()

        def has_left() -> None:
            self._left |= dict.fromkeys(((side, ref) for ref in refs), asyncio.get_running_loop().time())

        return has_left

    async def serve(self, request: Request) -> Response:
        """As the network brings it there and back."""
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        side = self._sides[request.url.split("/")[2]]
        received = replace(request, headers={name.lower(): value for name, value in request.headers.items()})
        await self._on_the_way(side, received)
        if refusal := self._refusal(side, received):
            return refusal
        was = self._shop_status(side, received)
        _arriving.set(received)
        response: Response = await self._sandboxes[side].handle(received)
        self._look_at_what_it_did(side, received, was, response)
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return self._bend(side, received, Response(response.status, headers, response.body))

    # ------------------------------------------------------------ what breaks

    def spoil(self, fault: Fault) -> None:
        """From now on this lies in wait on the wire."""
        if self.pair is Pair.REFERENCES:
            self._spoil_at_the_door(fault)
        elif fault.trouble is Trouble.LATE_ARRIVAL:
            self._late.append(fault)
        else:
            with_delay = fault.trouble in (Trouble.LATE, Trouble.RATE_LIMITED)
            self._lay(
                fault.side, fault.trouble, _KIT[fault.trouble], times=fault.times, is_command=fault.is_command,
                status=self._chance.choice((500, 502, 503, 504)), delay=timedelta(seconds=fault.amount * with_delay),
            )  # fmt: skip

    def go_down(self, side: str) -> None:
        if self.pair is Pair.REFERENCES:
            self._lay_at_the_door(side, Trouble.OUTAGE, Door.NOT_SENT, "", times=-1)
        else:
            kind = self._chance.choice((Kit.REFUSED, Kit.NEVER, Kit.STATUS, Kit.HTML))
            self._lay(side, Trouble.OUTAGE, kind, times=-1)

    def hide_an_order(self, fault: Fault) -> None:
        """An order's own read fails, while the list shows it."""
        if self.pair is Pair.REFERENCES:
            at_the_door = self._chance.choice((Door.LOST_BEFORE, Door.GARBAGE))
            self._lay_at_the_door(MARKETPLACE, fault.trouble, at_the_door, "GET /orders/RM", times=fault.times)
        else:
            kind, status = self._chance.choice(((Kit.NEVER, 0), (Kit.GARBAGE, 0), (Kit.STATUS, 500), (Kit.STATUS, 404)))
            # a session asks three times
            path, times = "/retailer/orders/C", fault.times * 3
            self._lay(MARKETPLACE, fault.trouble, kind, method="GET", path=path, times=times, status=status)

    def go_wrong_later(self, fault: Fault) -> None:
        """The next command is taken in, and goes wrong after that."""
        if self.pair is Pair.REAL:
            fates = [self._chance.choice(_FATES[fault.trouble]) for _ in range(fault.times)]
            self._sandboxes[MARKETPLACE].processes.fates.extend(fates)

    def be_slow(self, fault: Fault) -> None:
        if self.pair is Pair.REAL:
            self._slow[fault.side] = _Slowness(fault.amount, asyncio.get_running_loop().time() + fault.lasts * 60)

    def refuse_all(self, fault: Fault) -> None:
        if self.pair is Pair.REAL:
            self._refuses_until = asyncio.get_running_loop().time() + fault.lasts * 60

    def bend_a_row(self, side: str) -> None:
        if self.pair is Pair.REAL:
            self._malformed.setdefault(side, "")

    def straighten(self, side: str) -> None:
        self._malformed.pop(side, None)

    def mend(self) -> None:
        self._late.clear()
        self._slow.clear()
        self._malformed.clear()
        self._refuses_until = 0.0
        if self.pair is Pair.REAL:
            self._sandboxes[MARKETPLACE].processes.fates.clear()

    # ------------------------------------------------------------ inside

    def _touch(self, trouble: Trouble, side: str, refs: frozenset[str], *, is_command: bool) -> None:
        self._hit(trouble)
        self.touches.append(Touch(asyncio.get_running_loop().time(), trouble, side, refs, is_command))

    def _note_fate(self, trouble: Trouble, request: Request) -> None:
        self._touch(trouble, MARKETPLACE, self._refs_in(MARKETPLACE, request), is_command=True)

    def _lay(self, side: str, trouble: Trouble, kind: Kit, **what: Any) -> None:
        def met(request: Request) -> None:
            self._touch(trouble, side, self._refs_in(side, request), is_command=_is_command(request))

        self._sandboxes[side].faults.waiting.append(_Watched(kind, met=met, **what))

    def _spoil_at_the_door(self, fault: Fault) -> None:
        late = {Trouble.LATE: fault.amount, Trouble.RATE_LIMITED: fault.amount, Trouble.LATE_ARRIVAL: fault.amount + 30}
        method = "POST" if fault.is_command else "GET"
        delay = timedelta(seconds=late.get(fault.trouble, 0.0))
        self._lay_at_the_door(fault.side, fault.trouble, _DOOR[fault.trouble], method, times=fault.times, delay=delay)

    def _lay_at_the_door(self, side: str, trouble: Trouble, kind: Door, call: str, **what: Any) -> None:
        def hit(call: str, about: str) -> None:
            refs = frozenset({about} - {""}) or self._refs_of_cancel(side, call)
            self._touch(trouble, side, refs, is_command=call.startswith("POST"))

        self._sandboxes[side].faults.waiting.append(DoorFault(kind, call, hit=hit, **what))

    def _refs_of_cancel(self, side: str, call: str) -> frozenset[str]:
        """A reference shop cancels by its own key."""
        its = _ITS_CANCEL.search(call) if side == SHOP else None
        found = (one.reference for one in self._sandboxes[side].orders() if its and one.shop_ref == its[1])
        return frozenset(_ITS_REF_OF_REFERENCES.findall(" ".join(found)))

    async def _on_the_way(self, side: str, request: Request) -> None:
        slow = self._slow.get(side)
        if slow is not None and asyncio.get_running_loop().time() < slow.until:
            self._touch(Trouble.SLOW, side, self._refs_in(side, request), is_command=_is_command(request))
            await asyncio.sleep(slow.seconds * self._chance.uniform(0.7, 1.3))
        late = next((fault for fault in self._late if fault.side == side), None)
        if late is not None and _is_command(request):
            self._late.remove(late)
            self._touch(Trouble.LATE_ARRIVAL, side, self._refs_in(side, request), is_command=True)
            await asyncio.sleep(30 + late.amount)

    def _refusal(self, side: str, request: Request) -> Response | None:
        """A shop whose rules have changed: each new order is refused for the same field."""
        if asyncio.get_running_loop().time() >= self._refuses_until or side != SHOP:
            return None
        if request.method != "POST" or not request.path.endswith("/orders"):
            return None
        self._touch(Trouble.REFUSES_ALL, side, self._refs_in(side, request), is_command=True)
        said = {"status": 400, "params": {"billing": "billing is not valid."}}
        answer = {"code": "rest_invalid_param", "message": "Invalid parameter(s): billing", "data": said}
        return Response(400, {"content-type": "application/json"}, json.dumps(answer).encode())

    def _refs_in(self, side: str, request: Request) -> frozenset[str]:
        """The orders that this is about, by the marketplace's numbers."""
        text = f"{request.url} {request.body.decode(errors='ignore')}"
        found = set(_ITS_REF.findall(text))
        if side == MARKETPLACE:
            items = self._sandboxes[side].trade.items
            found |= {items[item].sale.ref for item in _ITS_ITEM.findall(text) if item in items}
        elif its := _ITS_SHOP_ORDER.search(request.path):
            order = self._sandboxes[side].book.orders.get(int(its[1]))
            found |= set(_ITS_REF.findall(str(order.body["created_via"]))) if order else set()
        return frozenset(found)

    def _shop_status(self, side: str, request: Request) -> tuple[str, str]:
        """Of the shop order that a command is about."""
        its = _ITS_SHOP_ORDER.search(request.path) if side == SHOP and request.method != "GET" else None
        order = self._sandboxes[SHOP].book.orders.get(int(its[1])) if its else None
        return (str(order.id), order.status) if order else ("", "")

    def _look_at_what_it_did(self, side: str, request: Request, was: tuple[str, str], response: Response) -> None:
        shop_ref, status = was
        if (
            shop_ref
            and status != "cancelled"
            and self._sandboxes[SHOP].book.orders[int(shop_ref)].status == "cancelled"
        ):
            self.cancelled_by_hub.append((asyncio.get_running_loop().time(), shop_ref, status))
        if side == SHOP and len(response.body) > _A_LONG_ANSWER and "modified_after" in request.query:
            rows = _decoded(response.body)
            if len(rows) >= int(request.query.get("per_page", "10")) > 1:
                self._hit(Trouble.MANY_PAGES)

    def _bend(self, side: str, request: Request, response: Response) -> Response:
        if side not in self._malformed or request.method != "GET" or response.status != 200:
            return response
        if not request.path.endswith("/orders"):
            return response
        answer = _decoded(response.body)
        rows = answer.get("orders", ()) if isinstance(answer, Mapping) else answer
        for row in rows or ():
            ref = str(row.get("orderId") or "".join(_ITS_REF.findall(str(row.get("created_via", "")))[:1]))
            if ref and ref == (self._malformed[side] or ref):
                self._malformed[side] = ref
                _bent_row(row, side, self._chance)
                self._touch(Trouble.BENT_ROW, side, frozenset({ref}), is_command=False)
                return Response(response.status, response.headers, json.dumps(answer).encode())
        return response


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # another fault was there first
        return ()


def _bent_row(row: dict[str, Any], side: str, chance: random.Random) -> None:
    if side == SHOP:
        row |= chance.choice(({"status": None}, {"line_items": "none"}, {"total": None}, {"status": 7}))
    else:
        row |= chance.choice(({"orderItems": None}, {"orderPlacedDateTime": "yesterday"}, {"orderItems": [{}]}))
