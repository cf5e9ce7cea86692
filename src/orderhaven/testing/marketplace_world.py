"""The reference marketplace as it is on its own side: who bought what, what was told about it, what became of that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from msgspec.structs import replace

from orderhaven.core.errors import OrderMissing, OrderRefused
from orderhaven.core.order import LineFacts, Order
from orderhaven.core.shipment import Acceptance, Cancellation, Correction, Refusal, Shipment, Telling
from orderhaven.ports.clock import Clock
from orderhaven.ports.marketplace import Finding, Outcome, Receipt, Seen
from orderhaven.ports.sandbox import Basket, ConfirmedShipment
from orderhaven.testing.door import World
from orderhaven.testing.goods import order_of

SIDE = "The reference marketplace"
_REMEMBERED = timedelta(days=1)  # how long the fate of a telling can be asked for


@dataclass
class Sale:
    order: Order  # as it was sold; what changed since stands below
    facts: dict[str, LineFacts]
    changed_at: datetime
    needs_acceptance: bool

    def whole(self) -> Order:
        lines = tuple(replace(line, facts=self.facts[line.ref]) for line in self.order.lines)
        return replace(self.order, lines=lines, changed_at=self.changed_at, needs_acceptance=self.needs_acceptance)

    def is_open(self) -> bool:
        return any(facts.open for facts in self.facts.values())


@dataclass
class Job:
    """A telling that was taken in and is carried out at `due_at`."""

    telling: Telling
    due_at: datetime
    carry_out: Callable[[], str]
    receipt: Receipt | None = None  # None: not carried out yet


class MarketplaceWorld(World):
    """Three switches: `outcome_takes` (None: every telling is answered at once), `piece_by_piece` (a line id for each
    piece) and `lists_whole_orders`. No other request than its connector's reaches it: it speaks no HTTP."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.outcome_takes: timedelta | None = timedelta(seconds=30)
        self.piece_by_piece = False
        self.lists_whole_orders = False
        self._sales: dict[str, Sale] = {}
        self._shipments: dict[str, ConfirmedShipment] = {}
        self._done: dict[str, str] = {}  # our reference -> what was made
        self._jobs: dict[str, Job] = {}
        self._numbers = count(1)

    # ------------------------------------------------------------ a person at the other side (ports.sandbox)

    def sell(self, basket: Basket, *, needs_acceptance: bool = False) -> str:
        ref = f"RM-{next(self._numbers):06d}"
        order = order_of(ref, basket, self._clock.now(), piece_by_piece=self.piece_by_piece)
        facts = {line.ref: line.facts for line in order.lines}
        self._sales[ref] = Sale(order, facts, self._clock.now(), needs_acceptance)
        return ref

    def buyer_asks_to_cancel(self, ref: str) -> None:
        self._change(ref, lambda facts: replace(facts, buyer_asks_to_cancel=facts.open > 0))

    def buyer_withdraws(self, ref: str) -> None:
        self._change(ref, lambda facts: replace(facts, buyer_asks_to_cancel=False))

    def cancel(self, ref: str) -> None:
        self._change(
            ref,
            lambda facts: replace(facts, cancelled=facts.cancelled + facts.open, buyer_asks_to_cancel=False),
        )

    def ship_elsewhere(self, ref: str, code: str = "") -> None:
        sale = self._sale(ref)
        pieces = {line.remote_ids[0]: sale.facts[line.ref].open for line in sale.order.lines}
        self._record_shipment(ref, {key: left for key, left in pieces.items() if left}, "", code, "")
        self._change(ref, lambda facts: replace(facts, shipped=facts.shipped + facts.open))

    def refs(self) -> Sequence[str]:
        return list(self._sales)

    def shipments(self) -> Sequence[ConfirmedShipment]:
        self._carry_out_jobs()
        return list(self._shipments.values())

    def cancelled(self) -> frozenset[str]:
        self._carry_out_jobs()
        return frozenset(
            ref
            for ref, sale in self._sales.items()
            if not sale.is_open() and not any(facts.shipped for facts in sale.facts.values())
        )

    # ------------------------------------------------------------ what its connector may call

    def count_pages(self, since: datetime | None) -> int:
        return -(-len(self._listed(since)) // self.page_size)

    def page(self, since: datetime | None, number: int) -> list[Order]:
        """Open orders, or those changed since then, the least recently changed first; pages count from 1."""
        first = (number - 1) * self.page_size
        found = [sale.whole() for sale in self._listed(since)[first : first + self.page_size]]
        if self.faults.between_pages is not None:
            self.faults.between_pages()
        return found

    def detail(self, ref: str) -> Order:
        self._carry_out_jobs()
        return self._sale(ref).whole()

    def take(self, telling: Telling, carrier_word: str = "") -> Receipt:
        """Carry it out, now or later. Raises OrderRefused when that is known at once."""
        self._carry_out_jobs()
        self._sale(telling.order_ref)
        if self.outcome_takes is None:
            return Receipt(Outcome.DONE, remote_ref=self._do(telling, carrier_word))
        handle = f"job-{next(self._numbers)}"
        due_at = self._clock.now() + self.outcome_takes
        self._jobs[handle] = Job(telling, due_at, lambda: self._do(telling, carrier_word))
        return Receipt(Outcome.PENDING, handle)

    def outcome(self, handle: str) -> Receipt:
        self._carry_out_jobs()
        job = self._jobs.get(handle)
        if job is None or self._clock.now() > job.due_at + _REMEMBERED:
            return Receipt(Outcome.UNKNOWN, handle)
        return job.receipt or Receipt(Outcome.PENDING, handle)

    def record_of(self, telling: Telling) -> Finding:
        """What became of it, by this marketplace's own books."""
        self._carry_out_jobs()
        sale = self._sale(telling.order_ref)
        if telling.reference in self._done:
            return Finding(Seen.DONE, self._done[telling.reference])
        if any(job.telling.reference == telling.reference and job.receipt is None for job in self._jobs.values()):
            return Finding(Seen.PENDING)
        facts = [sale.facts[pieces.line_ref] for pieces in telling.pieces]
        is_open = any(line.open for line in facts)
        if isinstance(telling, Cancellation) and not is_open and all(line.cancelled for line in facts):
            return Finding(Seen.DONE)  # cancelled is cancelled, whoever did it
        return Finding(Seen.NOT_DONE if is_open or isinstance(telling, Correction) else Seen.DONE_BY_OTHERS)

    # ------------------------------------------------------------ inside

    def _listed(self, since: datetime | None) -> list[Sale]:
        self._carry_out_jobs()
        visible = self._clock.now() - self.faults.late_by
        found = [
            sale
            for sale in self._sales.values()
            if sale.changed_at <= visible and (sale.is_open() if since is None else sale.changed_at >= since)
        ]
        return sorted(found, key=lambda sale: (sale.changed_at, sale.order.ref))

    def _carry_out_jobs(self) -> None:
        for handle, job in self._jobs.items():
            if job.receipt is None and job.due_at <= self._clock.now():
                try:
                    job.receipt = Receipt(Outcome.DONE, handle, job.carry_out())
                except OrderRefused as refused:
                    job.receipt = Receipt(Outcome.DONE, handle, refused=refused.values["reason"])

    def _do(self, telling: Telling, carrier_word: str) -> str:
        if telling.reference not in self._done:
            self._done[telling.reference] = _ACTS[type(telling)](self, telling, carrier_word)
        return self._done[telling.reference]

    def _ship(self, telling: Shipment, carrier_word: str) -> str:
        sale = self._sale(telling.order_ref)
        self._demand(not sale.needs_acceptance, "the order is not accepted yet")
        self._demand(bool(telling.label) == sale.order.marketplace_label, "the label does not fit the order")
        self._demand_open(telling)
        pieces = {
            key: 1 if self.piece_by_piece else part.quantity
            for part in telling.pieces
            for key in part.remote_ids[: part.quantity if self.piece_by_piece else 1]
        }
        for part in telling.pieces:
            facts = sale.facts[part.line_ref]
            sale.facts[part.line_ref] = replace(
                facts, shipped=facts.shipped + part.quantity, buyer_asks_to_cancel=False
            )
        sale.changed_at = self._clock.now()
        return self._record_shipment(telling.order_ref, pieces, carrier_word, telling.code, telling.label)

    def _cancel(self, telling: Cancellation, _: str) -> str:
        sale = self._sale(telling.order_ref)
        self._demand_open(telling)
        for part in telling.pieces:
            facts = sale.facts[part.line_ref]
            sale.facts[part.line_ref] = replace(
                facts, cancelled=facts.cancelled + part.quantity, buyer_asks_to_cancel=False
            )
        sale.changed_at = self._clock.now()
        return f"cancellation-{next(self._numbers)}"

    def _accept(self, telling: Acceptance, _: str) -> str:
        sale = self._sale(telling.order_ref)
        self._demand(sale.is_open(), "the order is cancelled")
        sale.needs_acceptance, sale.changed_at = False, self._clock.now()
        return f"acceptance-{next(self._numbers)}"

    def _refuse(self, telling: Refusal, _: str) -> str:
        self._demand(self._sale(telling.order_ref).is_open(), "the order is handled already")
        self.buyer_withdraws(telling.order_ref)
        return f"refusal-{next(self._numbers)}"

    def _correct(self, telling: Correction, carrier_word: str) -> str:
        key = telling.shipment_ref or self._done.get(telling.confirmed_as, "") or self._newest_with(telling)
        self._demand(key in self._shipments, "there is no such shipment")
        self._shipments[key] = replace(self._shipments[key], code=telling.code, carrier_word=carrier_word)
        return key

    def _newest_with(self, telling: Correction) -> str:
        """The last shipment of the order that holds these pieces; "" when there is none."""
        wanted = {key for part in telling.pieces for key in part.remote_ids[: part.quantity]}
        made = [key for key, one in self._shipments.items() if one.order_ref == telling.order_ref]
        return next((key for key in reversed(made) if wanted and wanted <= set(self._shipments[key].pieces)), "")

    def _record_shipment(self, ref: str, pieces: Mapping[str, int], word: str, code: str, label: str) -> str:
        key = f"shipment-{next(self._numbers)}"
        self._shipments[key] = ConfirmedShipment(ref, pieces, word, code, label, self._clock.now())
        return key

    def _demand_open(self, telling: Telling) -> None:
        facts = self._sale(telling.order_ref).facts
        for part in telling.pieces:
            self._demand(facts[part.line_ref].open >= part.quantity, "the pieces are handled already")
            self._demand(not facts[part.line_ref].by_marketplace, "the marketplace ships these pieces itself")

    def _demand(self, holds: bool, reason: str) -> None:
        if not holds:
            raise OrderRefused(SIDE, reason)

    def _change(self, ref: str, change: Callable[[LineFacts], LineFacts]) -> None:
        sale = self._sale(ref)
        sale.facts = {key: change(facts) for key, facts in sale.facts.items()}
        sale.changed_at = self._clock.now()

    def _sale(self, ref: str) -> Sale:
        if ref not in self._sales:
            raise OrderMissing(SIDE, ref)
        return self._sales[ref]


_ACTS: Mapping[type[Telling], Callable[[MarketplaceWorld, Any, str], str]] = {
    Shipment: MarketplaceWorld._ship,
    Cancellation: MarketplaceWorld._cancel,
    Acceptance: MarketplaceWorld._accept,
    Refusal: MarketplaceWorld._refuse,
    Correction: MarketplaceWorld._correct,
}
