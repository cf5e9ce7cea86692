"""The two sides of a run behind one face, whichever pair of connectors plays: what people do there, and what breaks there."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from orderhaven.connectors import declarations, make_sandbox
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.knobs import Fault as WireFault
from orderhaven.connectors.kit.knobs import FaultKind as Kit
from orderhaven.ports.connector import Declaration, Role
from orderhaven.ports.sandbox import Article, BackOfficeOrder, Basket
from orderhaven.testing.door import FaultKind as Door
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.simulation.plan import MARKETPLACE, SHOP, Fault, Happening, Pair, Trouble
from tests.simulation.virtual import LoopClock

ARTICLES = (
    Article("MUG-1", "8712345678906", "Mug, blue", "12.99"),
    Article("LAMP-2", "8712345678913", "Lamp", "49.95"),
)
NOT_FOR_SALE = Article("CLOCK-9", "8712345678920", "Clock", "19.95")
BUYER = {
    "last_name": "Quastenberg", "street": "Vlinderdwarspad", "email": "quastenberg@buyer.example", "phone": "0612340987",
}  # fmt: skip
_SEEN_LATE = timedelta(minutes=9)  # on the third list, at a poll every five minutes

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


@dataclass(frozen=True, slots=True)
class _OnTellings(WireFault):
    """Spoils what tells something of an order, or what only asks."""

    tells: bool = False
    hit: Callable[[], None] = lambda: None

    def fits(self, request: Request) -> bool:
        asks = request.method == "GET" or request.path in ("/token", "/shared/process-status")
        if asks is self.tells:
            return False
        self.hit()
        return True


class Sides:
    """`hit` is told of each trouble that came true."""

    def __init__(self, pair: Pair, clock: LoopClock, chance: random.Random, hit: Callable[[Trouble], None]) -> None:
        self.pair = pair
        self._hit = hit
        self._chance = chance
        self._late: list[tuple[Fault, str]] = []
        there, here = _declared(pair)
        self.declared = {there.name: there, here.name: here}
        self.connector = there.name
        self.words = there.carriers
        self.marketplace = make_sandbox(there, clock)
        self.shop = make_sandbox(here, clock)
        self.shop.stock(ARTICLES, 1000)
        self._hosts = {"marketplace.test": self.marketplace, "127.0.0.1:8080": self.shop}
        self.heard: Callable[[Request], None] = lambda request: None

    def settings(self, role: Role) -> dict[str, str]:
        if role is Role.MARKETPLACE:
            return dict(self.marketplace.settings("http://marketplace.test"))
        return dict(self.shop.settings("http://127.0.0.1:8080"))

    def side(self, name: str) -> Any:
        return self.marketplace if name == MARKETPLACE else self.shop

    # ------------------------------------------------------------ the wire

    async def serve(self, request: Request) -> Response:
        """As the network brings it there and back."""
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        host = request.url.split("/")[2]
        received = replace(request, headers={name.lower(): value for name, value in request.headers.items()})
        await self._arrive_late(host, received)
        self.heard(received)
        response: Response = await self._hosts[host].handle(received)
        await asyncio.sleep(self._chance.uniform(0.01, 0.3))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, response.body)

    async def _arrive_late(self, host: str, request: Request) -> None:
        for fault, there in self._late:
            if there == host and request.method != "GET" and request.path not in ("/token", "/shared/process-status"):
                self._late.remove((fault, there))
                self._hit(Trouble.LATE_ARRIVAL)
                await asyncio.sleep(30 + fault.amount)
                return

    # ------------------------------------------------------------ what breaks

    def spoil(self, fault: Fault) -> None:
        """From now on this lies in wait on the wire."""
        delay = (
            timedelta(seconds=fault.amount) if fault.trouble in (Trouble.LATE, Trouble.RATE_LIMITED) else timedelta(0)
        )
        faults = self.side(fault.side).faults
        if self.pair is Pair.REFERENCES:
            late = timedelta(seconds=fault.amount + 30) if fault.trouble is Trouble.LATE_ARRIVAL else delay
            faults.add(_DOOR[fault.trouble], "POST" if fault.tells else "GET", times=fault.times, delay=late)
            self._hit(fault.trouble)
        elif fault.trouble is Trouble.LATE_ARRIVAL:
            host = next(host for host, sandbox in self._hosts.items() if sandbox is self.side(fault.side))
            self._late.append((fault, host))
        else:
            status = self._chance.choice((500, 502, 503, 504))
            faults.waiting.append(
                _OnTellings(
                    _KIT[fault.trouble], times=fault.times, status=status, delay=delay, tells=fault.tells,
                    hit=lambda: self._hit(fault.trouble),
                )
            )  # fmt: skip

    def go_down(self, name: str) -> None:
        self._hit(Trouble.OUTAGE)
        faults = self.side(name).faults
        if self.pair is Pair.REFERENCES:
            faults.add(Door.NOT_SENT, times=-1)
        else:
            faults.add(self._chance.choice((Kit.REFUSED, Kit.NEVER, Kit.STATUS, Kit.HTML)), times=-1)

    def end_tokens(self, name: str) -> None:
        door = self.side(name).door
        if hasattr(door, "expire_tokens"):
            door.expire_tokens()
            self._hit(Trouble.TOKENS_END)

    def disorder(self, trouble: Trouble) -> None:
        """A list of the marketplace goes wrong, until it is mended."""
        self._hit(trouble)
        if self.pair is Pair.REFERENCES:
            self._disorder_reference(trouble)
            return
        listing = self.marketplace.listing
        match trouble:
            case Trouble.REPEATED_ROWS:
                listing.repeat_rows = True
            case Trouble.SHIFTING_PAGES:
                listing.after_page = lambda _: self._touch()
            case _:
                self.marketplace.visible_after = _SEEN_LATE

    def _disorder_reference(self, trouble: Trouble) -> None:
        faults = self.marketplace.faults
        match trouble:
            case Trouble.LATE_VISIBILITY:
                faults.late_by = _SEEN_LATE
            case _:
                self.marketplace.page_size = 2
                faults.between_pages = self._touch

    def _touch(self) -> None:
        """Something small changes about an order, and its place in the list with it."""
        refs = sorted(self.marketplace.refs())
        if not refs:
            return
        ref = self._chance.choice(refs)
        if self.pair is Pair.REFERENCES:
            self.marketplace._change(ref, lambda facts: facts)
        else:
            self.marketplace.trade.touch(self.marketplace.trade.sales[ref].items, self.marketplace._now())

    def mend(self, name: str | None = None) -> None:
        """Everything works again: at one side, or everywhere."""
        for side in (MARKETPLACE, SHOP) if name is None else (name,):
            self.side(side).faults.clear()
        if name == SHOP:
            return
        self._late.clear() if name is None else None
        if self.pair is Pair.REAL:
            listing = self.marketplace.listing
            listing.repeat_rows, listing.after_page = False, None
            self.marketplace.visible_after = timedelta(0)

    # ------------------------------------------------------------ what people do there

    def sell(self, wish: Happening) -> str:
        articles = [NOT_FOR_SALE] if wish.kind == "not_for_sale" else ARTICLES[: wish.lines]
        basket = Basket(
            lines=[(article, wish.pieces) for article in articles],
            person=BUYER,
            by_marketplace=wish.kind == "by_marketplace",
            marketplace_label=wish.kind == "own_label",
        )
        if wish.kind == "needs_acceptance":
            return str(self.marketplace.sell(basket, needs_acceptance=True))
        return str(self.marketplace.sell(basket))

    def in_shop(self, ref: str) -> list[BackOfficeOrder]:
        """The shop's orders that the hub made for this one, oldest first."""
        reference = f"{self.connector}-{ref}"
        return [
            one for one in self.shop.orders() if one.reference == reference or one.reference.startswith(f"{reference}-")
        ]

    def change_pieces(self, shop_ref: str) -> None:
        if self.pair is Pair.REFERENCES:
            order = self.shop._order(shop_ref)
            self.shop._change(
                shop_ref, lines=(replace(order.lines[0], quantity=order.lines[0].quantity + 1), *order.lines[1:])
            )
        else:
            order = self.shop.book.orders[int(shop_ref)]
            order.body["line_items"][0]["quantity"] += 1
            self.shop._writer.update(order, {}, self.shop._now())

    def reopen(self, shop_ref: str) -> None:
        self.shop.reopen(shop_ref)

    def withdraw(self, ref: str) -> None:
        if self.pair is Pair.REFERENCES:
            self.marketplace.buyer_withdraws(ref)
        else:
            sale = self.marketplace.trade.sales[ref]
            for item in sale.items:
                item.asked = False
            self.marketplace.trade.touch(sale.items, self.marketplace._now())

    def ship_part(self, ref: str) -> bool:
        """One piece of what is open; False where that would be all of it."""
        if self.pair is Pair.REFERENCES:
            sale = self.marketplace._sale(ref)
            left = {key: facts.open for key, facts in sale.facts.items() if facts.open}
            if sum(left.values()) < 2:
                return False
            first = next(iter(left))
            line = next(line for line in sale.order.lines if line.ref == first)
            self.marketplace._record_shipment(ref, {line.remote_ids[0]: 1}, "", "", "")
            facts = sale.facts[first]
            sale.facts = {**sale.facts, first: replace(facts, shipped=facts.shipped + 1)}
            sale.changed_at = self.marketplace._clock.now()
            return True
        sold = self.marketplace._sale(ref)
        items = [item for item in sold.items if item.open]
        if sum(item.open for item in items) < 2:
            return False
        self.marketplace.trade.ship(sold, {items[0].ref: 1}, self.marketplace._now())
        return True

    def reverse(self, ref: str) -> bool:
        """The marketplace undoes what was shipped and cancels it: only the reference does such a thing."""
        if self.pair is Pair.REAL or not any(facts.shipped for facts in self.marketplace._sale(ref).facts.values()):
            return False
        self.marketplace._change(ref, lambda facts: replace(facts, shipped=0, cancelled=facts.ordered))
        return True

    def is_open_there(self, ref: str) -> bool:
        if self.pair is Pair.REFERENCES:
            return bool(self.marketplace._sale(ref).is_open())
        return any(item.open for item in self.marketplace._sale(ref).items)


def _declared(pair: Pair) -> Sequence[Declaration]:
    if pair is Pair.REFERENCES:
        return REFERENCE_MARKETPLACE, REFERENCE_SHOP
    installed = declarations()
    return installed["bol"], installed["woocommerce"]
