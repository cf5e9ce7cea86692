"""What happened at the sandbox's side: sales and shipments, indexed so that no request walks through them all."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count

from orderhaven.connectors.bol.mapping import AMSTERDAM
from orderhaven.connectors.bol.sandbox_buyers import Person, people_of
from orderhaven.ports.sandbox import Basket, CatalogueItem

HANDLED_VISIBLE = timedelta(hours=48)
_HANDLED_AFTER_PROMISE = timedelta(days=3)


@dataclass(slots=True, eq=False)
class SandboxItem:
    ref: str
    sale: "Sale"
    article: CatalogueItem
    quantity: int
    unit_cents: int
    is_fbb: bool
    changed_at: datetime
    discount_cents: int = 0
    on_their_label: bool = False
    shipped: int = 0
    cancelled: int = 0
    cancellation_requested: bool = False

    @property
    def open(self) -> int:
        return self.quantity - self.shipped - self.cancelled

    @property
    def total_cents(self) -> int:
        return self.quantity * self.unit_cents - self.discount_cents


@dataclass(slots=True, eq=False)
class Sale:
    ref: str
    number: int
    placed_at: datetime
    visible_at: datetime
    changed_at: datetime
    promised: date
    exact: bool  # the buyer chose the day
    ship_to: Person
    bill_to: Person
    pickup_point: bool
    items: list[SandboxItem] = field(default_factory=list)
    handled_at: datetime | None = None
    row: bytes = b""  # as a list shows it; b"" when it must be made anew
    detail: bytes = b""

    @property
    def expires_on(self) -> date:
        return self.promised + _HANDLED_AFTER_PROMISE


@dataclass(slots=True, eq=False)
class Parcel:
    """A shipment, as bol calls it."""

    ref: str
    transport_ref: str
    sale: Sale
    pieces: Mapping[str, int]
    reference: str
    carrier_code: str
    code: str
    label: str
    at: datetime


class SandboxTrade:
    def __init__(self) -> None:
        self.sales: dict[str, Sale] = {}
        self.items: dict[str, SandboxItem] = {}
        self.open: dict[str, Sale] = {}  # oldest first
        self.handled: dict[str, Sale] = {}  # those still listed, first handled first
        self.changed: dict[str, Sale] = {}  # least recently changed first
        self.by_day: dict[date, dict[str, Sale]] = {}  # of an item's last change, Dutch days
        self.parcels: dict[str, Parcel] = {}
        self.parcels_of: dict[str, list[Parcel]] = {}  # by sale
        self.transports: dict[str, Parcel] = {}
        self._expiring: deque[Sale] = deque()
        self._numbers = count(1)
        self._item_numbers = count(2_000_000_001)
        self._parcel_numbers = count(700_000_001)
        self._transport_numbers = count(300_000_001)

    # ------------------------------------------------------------ what happens

    def sell(self, basket: Basket, fbb: Sequence[bool], now: datetime, visible_after: timedelta) -> Sale:
        number = next(self._numbers)
        ship_to, bill_to = people_of(number - 1, basket)
        sale = Sale(
            ref=f"C{number:09d}",
            number=number,
            placed_at=now,
            visible_at=now + visible_after,
            changed_at=now,
            promised=dutch_day(now) + timedelta(days=2),
            exact=number % 5 == 0,
            ship_to=ship_to,
            bill_to=bill_to,
            pickup_point=bool(basket.pickup_point),
        )
        for index, (article, quantity) in enumerate(basket.lines):
            item = self._item(sale, article, quantity, fbb[index], now)
            item.on_their_label = basket.marketplace_label and not item.is_fbb
            item.discount_cents = 0 if index else cents(basket.discount)
        self._remember(sale, now)
        return sale

    def ship(
        self,
        sale: Sale,
        pieces: Mapping[str, int],
        now: datetime,
        *,
        reference: str = "",
        carrier_code: str = "",
        code: str = "",
        label: str = "",
    ) -> Parcel:
        parcel = Parcel(
            str(next(self._parcel_numbers)),
            str(next(self._transport_numbers)),
            sale, dict(pieces), reference, carrier_code, code, label, now,
        )  # fmt: skip
        self.parcels[parcel.ref] = self.transports[parcel.transport_ref] = parcel
        self.parcels_of.setdefault(sale.ref, []).append(parcel)
        for ref, quantity in pieces.items():
            self.items[ref].shipped += quantity
        self.touch([self.items[ref] for ref in pieces], now)
        return parcel

    def cancel(self, items: Sequence[SandboxItem], now: datetime) -> None:
        """All that is open of these."""
        for item in items:
            item.cancelled += item.open
        self.touch(items, now)

    def ask_to_cancel(self, items: Sequence[SandboxItem], now: datetime) -> None:
        for item in items:
            item.cancellation_requested = True
        self.touch(items, now)

    def expire(self, now: datetime) -> None:
        """What was not handled by the end of its expiry day is cancelled by bol."""
        while self._expiring and (at := _end_of(self._expiring[0].expires_on)) <= now:
            sale = self._expiring.popleft()
            if left := [item for item in sale.items if item.open and not item.is_fbb]:
                self.cancel(left, at)

    # ------------------------------------------------------------ the indexes

    def touch(self, items: Sequence[SandboxItem], now: datetime) -> None:
        if not items:
            return
        sale = items[0].sale
        days_before = {dutch_day(item.changed_at) for item in items}
        for item in items:
            item.changed_at = now
        sale.changed_at, sale.row, sale.detail = now, b"", b""
        self.changed.pop(sale.ref, None)
        self._remember(sale, now)
        for day in days_before - {dutch_day(item.changed_at) for item in sale.items}:
            del self.by_day[day][sale.ref]
        if sale.handled_at is None and not any(item.open for item in sale.items):
            sale.handled_at = now
            del self.open[sale.ref]
            self.handled[sale.ref] = sale

    def forget_handled(self, now: datetime) -> None:
        """Handled orders leave the list after a while; by change date they can still be asked for."""
        while self.handled:
            first = next(iter(self.handled.values()))
            if first.handled_at is None or now - first.handled_at < HANDLED_VISIBLE:
                return
            del self.handled[first.ref]

    def _remember(self, sale: Sale, now: datetime) -> None:
        if sale.ref not in self.sales:
            self.sales[sale.ref] = self.open[sale.ref] = sale
            self._expiring.append(sale)
        self.changed[sale.ref] = sale
        self.by_day.setdefault(dutch_day(now), {})[sale.ref] = sale

    def _item(self, sale: Sale, article: CatalogueItem, quantity: int, is_fbb: bool, now: datetime) -> SandboxItem:
        ref = str(next(self._item_numbers))
        item = SandboxItem(ref, sale, article, quantity, cents(article.price), is_fbb, now)
        self.items[ref] = item
        sale.items.append(item)
        return item


def cents(amount: str) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0")[:2])


def dutch_day(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date()


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), AMSTERDAM)
