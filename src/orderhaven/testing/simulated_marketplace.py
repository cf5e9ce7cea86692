"""The reference marketplace as it is on its own side: who bought what, which commands came in, what became of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, ClassVar

from msgspec.structs import replace

from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    LineQuantity,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.errors import OrderMissing, OrderRejected
from orderhaven.core.money import Money
from orderhaven.core.order import NO_ADDRESS, LineQuantities, MarketplaceOrder, WaitsFor
from orderhaven.ports.connector import Capability, Clock
from orderhaven.ports.marketplace import RemoteState, Verification
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import Basket, CallKind, CommandFate, ConfirmedShipment, ListDisorder
from orderhaven.testing.goods import order_of
from orderhaven.testing.jobs import FateMet, Jobs
from orderhaven.testing.sandbox_auth import World

SIDE = "The reference marketplace"
_REF = "RM-"  # with which its order numbers begin


@dataclass
class SimulatedSale:
    order: MarketplaceOrder  # as it was sold; what changed since stands below
    quantities: dict[str, LineQuantities]
    changed_at: datetime
    waits_for: WaitsFor

    def whole(self) -> MarketplaceOrder:
        lines = tuple(replace(line, quantities=self.quantities[line.ref]) for line in self.order.lines)
        shown = replace(self.order, lines=lines, changed_at=self.changed_at, waits_for=self.waits_for)
        return replace(shown, ship_to=NO_ADDRESS, bill_to=NO_ADDRESS) if self.waits_for else shown

    def is_open(self) -> bool:
        return any(facts.open for facts in self.quantities.values())


class SimulatedMarketplace(World):
    """Its switches: `outcome_takes` (None: every command is answered at once), `one_line_per_piece` (a line id for each piece),
    `pieces_at_a_time` (0: as many as there are), `lists_whole_orders`, `lists_channels` (whether a list says on which channel an
    order was sold), `channels`, what it `lacks`, `carriers` and `reasons` to cancel, code -> label (None: it takes any)."""

    purposes: ClassVar[Mapping[str, CallKind]] = {
        "POST /shipments": CallKind.CONFIRM,
        "POST /cancellations": CallKind.CANCEL,
        "POST /acceptances": CallKind.ACCEPT,
        "POST /rejections": CallKind.REFUSE,
        "POST /corrections": CallKind.CORRECT,
    }
    reads_one = f"GET /orders/{_REF}"

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.outcome_takes: timedelta | None = timedelta(seconds=30)
        self.one_line_per_piece = False
        self.pieces_at_a_time = 0
        self.lists_whole_orders = False
        self.lacks: frozenset[Capability] = frozenset()
        self.lists_channels = True
        self.channels = {"nl": "Netherlands", "be": "Belgium"}
        self.carriers: dict[str, str] | None = None
        self.reasons: dict[str, str] | None = None
        self.reasons_given: dict[str, str] = {}  # order -> the reason with which it was cancelled
        self._sales: dict[str, SimulatedSale] = {}
        self._shipments: dict[str, ConfirmedShipment] = {}
        self._done: dict[str, str] = {}  # our reference -> what was made
        self._numbers = count(1)
        self._jobs = Jobs(clock, self._numbers)

    # ------------------------------------------------------------ a person at the other side (ports.sandbox)

    def sell(self, basket: Basket) -> str:
        ref = f"{_REF}{next(self._numbers):06d}"
        order = order_of(ref, basket, self._clock.now(), one_line_per_piece=self.one_line_per_piece)
        order = self._as_it_says(replace(order, channel=self._channel(basket)))
        facts = {line.ref: line.quantities for line in order.lines}
        self._sales[ref] = SimulatedSale(order, facts, self._clock.now(), basket.waits_for)
        return ref

    def request_cancellation(self, ref: str) -> None:
        self._change(ref, lambda facts: replace(facts, cancellation_requested=facts.open > 0))

    def withdraw_cancellation_request(self, ref: str) -> None:
        self._change(ref, lambda facts: replace(facts, cancellation_requested=False))

    def cancel(self, ref: str) -> None:
        self._change(
            ref,
            lambda facts: replace(facts, cancelled=facts.cancelled + facts.open, cancellation_requested=False),
        )

    def ship_elsewhere(self, ref: str, tracking_number: str = "") -> None:
        sale = self._sale(ref)
        pieces = {line.remote_ids[0]: sale.quantities[line.ref].open for line in sale.order.lines}
        self._record_shipment(ref, {key: left for key, left in pieces.items() if left}, "", tracking_number, "")
        self._change(ref, lambda facts: replace(facts, shipped=facts.shipped + facts.open))

    def ship_part(self, ref: str) -> bool:
        sale = self._sale(ref)
        first = next((line for line in sale.order.lines if sale.quantities[line.ref].open), None)
        if first is None or sum(facts.open for facts in sale.quantities.values()) < 2:
            return False
        facts = sale.quantities[first.ref]
        self._record_shipment(ref, {first.remote_ids[0]: 1}, "", "", "")
        sale.quantities[first.ref] = replace(facts, shipped=facts.shipped + 1)
        sale.changed_at = self._clock.now()
        return True

    def take_back_shipment(self, ref: str) -> bool:
        if not any(facts.shipped for facts in self._sale(ref).quantities.values()):
            return False
        self._change(ref, lambda facts: replace(facts, shipped=0, cancelled=facts.ordered))
        return True

    def release(self, ref: str) -> bool:
        sale = self._sale(ref)
        if sale.waits_for not in (WaitsFor.THEIR_PAYMENT_CHECK, WaitsFor.THEIR_RELEASE):
            return False
        sale.waits_for, sale.changed_at = WaitsFor.NOTHING, self._clock.now()
        return True

    def change_address(self, ref: str, address: Mapping[str, str]) -> bool:
        if not self.shows_changes():
            return False
        sale = self._sale(ref)
        sale.order = replace(sale.order, ship_to=replace(sale.order.ship_to, **address))
        sale.changed_at = self._clock.now()
        return True

    def change_quantity(self, ref: str, quantity: int) -> bool:
        if not self.shows_changes():
            return False
        sale = self._sale(ref)
        first, *others = sale.order.lines
        sale.quantities[first.ref] = replace(sale.quantities[first.ref], ordered=quantity)
        total = first.unit_price * quantity - first.discount
        sale.order = replace(sale.order, lines=(replace(first, total=total), *others))
        sale.changed_at = self._clock.now()
        return True

    def shows_changes(self) -> bool:
        return self._can(Capability.CHANGES_ORDERS)

    def touch(self, ref: str) -> None:
        self._change(ref, lambda facts: facts)

    def refs(self) -> Sequence[str]:
        return list(self._sales)

    def is_open(self, ref: str) -> bool:
        return self._sale(ref).is_open()

    def shipping_cost_of(self, ref: str) -> str:
        return str(self._sale(ref).order.shipping_cost.rounded().amount)

    def shipments(self) -> Sequence[ConfirmedShipment]:
        self._jobs.run()
        return list(self._shipments.values())

    def cancelled(self) -> frozenset[str]:
        self._jobs.run()
        return frozenset(
            ref
            for ref, sale in self._sales.items()
            if not sale.is_open() and not any(facts.shipped for facts in sale.quantities.values())
        )

    def answer_after(self, delay: timedelta | None) -> bool:
        self.outcome_takes = delay
        return True

    def list_whole_orders(self, whole: bool) -> None:
        self.lists_whole_orders = whole

    def decide_fates(self, fates: Sequence[CommandFate], met: FateMet = lambda fate, refs: None) -> bool:
        self._jobs.decide_fates(fates, met)
        return self.outcome_takes is not None

    def disorder(self, how: ListDisorder, late: timedelta, between_pages: Callable[[], None]) -> None:
        """No page repeats a row here: where it should, pages shift."""
        if how is ListDisorder.LATE:
            self.faults.late_by = late
        else:
            self.page_size = 2
            self.faults.between_pages = between_pages

    def restore_order(self) -> None:
        self.faults.late_by, self.faults.between_pages = timedelta(0), None

    # ------------------------------------------------------------ what its connector may call

    def count_pages(self, since: datetime | None) -> int:
        return -(-len(self._listed(since)) // self.page_size)

    def page(self, since: datetime | None, number: int) -> list[MarketplaceOrder]:
        """Open orders, or those changed since then, the least recently changed first; pages count from 1."""
        first = (number - 1) * self.page_size
        found = [sale.whole() for sale in self._listed(since)[first : first + self.page_size]]
        if self.faults.between_pages is not None:
            self.faults.between_pages()
        return found

    def detail(self, ref: str) -> MarketplaceOrder:
        self._jobs.run()
        return self._sale(ref).whole()

    def carry_out(self, command: MarketplaceCommand) -> Receipt:
        """Carry it out, now or later. Raises OrderRejected when that is known at once."""
        self._jobs.run()
        self._sale(command.order_ref)
        if self.outcome_takes is None:
            return Receipt(ReceiptState.DONE, remote_ref=self._do(command))
        take = partial(self._do, command)
        return self._jobs.take(command.reference, command.order_ref, self.outcome_takes, take)

    def outcome(self, handle: str) -> Receipt:
        return self._jobs.outcome(handle)

    def record_of(self, command: MarketplaceCommand) -> Verification:
        """What became of it, by this marketplace's own books."""
        self._jobs.run()
        sale = self._sale(command.order_ref)
        if command.reference in self._done:
            return Verification(RemoteState.DONE, self._done[command.reference])
        if self._jobs.is_pending(command.reference):
            return Verification(RemoteState.PENDING)
        facts = [sale.quantities[pieces.line_ref] for pieces in command.quantities]
        is_open = any(line.open for line in facts)
        if isinstance(command, Cancellation) and not is_open and all(line.cancelled for line in facts):
            return Verification(RemoteState.DONE)  # cancelled is cancelled, whoever did it
        if is_open or isinstance(command, TrackingCorrection):
            return Verification(RemoteState.NOT_DONE)
        return Verification(RemoteState.DONE_BY_OTHERS if self._can(Capability.SHOWS_SHIPMENTS) else RemoteState.DONE)

    # ------------------------------------------------------------ inside

    def _listed(self, since: datetime | None) -> list[SimulatedSale]:
        self._jobs.run()
        visible = self._clock.now() - self.faults.late_by
        found = [
            sale
            for sale in self._sales.values()
            if sale.changed_at <= visible and (sale.is_open() if since is None else sale.changed_at >= since)
        ]
        return sorted(found, key=lambda sale: (sale.changed_at, sale.order.ref))

    def _do(self, command: MarketplaceCommand) -> str:
        if command.reference not in self._done:
            self._done[command.reference] = _ACTS[type(command)](self, command)
        return self._done[command.reference]

    def _ship(self, command: ShipmentConfirmation) -> str:
        sale = self._sale(command.order_ref)
        self._demand_carrier(command.carrier_code)
        self._demand(not sale.waits_for, "the order is not accepted yet")
        self._demand(bool(command.label_number) == sale.order.marketplace_label, "the label does not fit the order")
        self._demand_open(command)
        tracked = command.tracking_number or command.label_number
        self._demand(bool(tracked) or self._can(Capability.SHIP_UNTRACKED), "a shipment has a tracking number")
        self._demand_all_that_is_open(command, Capability.SHIP_PARTS)
        pieces = {key: number for part in command.quantities for key, number in self._ids_of(command, part)}
        for part in command.quantities:
            facts = sale.quantities[part.line_ref]
            sale.quantities[part.line_ref] = replace(
                facts, shipped=facts.shipped + part.quantity, cancellation_requested=False
            )
        sale.changed_at = self._clock.now()
        return self._record_shipment(
            command.order_ref, pieces, command.carrier_code, command.tracking_number, command.label_number
        )

    def _ids_of(self, command: ShipmentConfirmation, part: LineQuantity) -> Sequence[tuple[str, int]]:
        """The line's own id, or an id of each piece: of those that were in no shipment yet."""
        if not self.one_line_per_piece:
            return [(part.remote_ids[0], part.quantity)]
        gone = {key for one in self._shipments.values() if one.order_ref == command.order_ref for key in one.quantities}
        return [(key, 1) for key in part.remote_ids if key not in gone][: part.quantity]

    def _cancel(self, command: Cancellation) -> str:
        sale = self._sale(command.order_ref)
        self._demand(self.reasons is None or command.reason_code in self.reasons, "the account has no such reason")
        self._demand_open(command)
        self._demand_all_that_is_open(command, Capability.CANCEL_LINES)
        for part in command.quantities:
            facts = sale.quantities[part.line_ref]
            self._demand(
                part.quantity == facts.open or self._can(Capability.CANCEL_QUANTITY), "a line is cancelled as a whole"
            )
            sale.quantities[part.line_ref] = replace(
                facts, cancelled=facts.cancelled + part.quantity, cancellation_requested=False
            )
        sale.changed_at = self._clock.now()
        self.reasons_given[command.order_ref] = command.reason_code
        return f"cancellation-{next(self._numbers)}"

    def _accept(self, command: Acceptance) -> str:
        sale = self._sale(command.order_ref)
        self._demand(sale.is_open(), "the order is cancelled")
        self._demand(sale.waits_for is WaitsFor.OUR_YES, "the order does not wait for a yes")
        sale.waits_for, sale.changed_at = WaitsFor.NOTHING, self._clock.now()
        return f"acceptance-{next(self._numbers)}"

    def _refuse(self, command: CancellationRefusal) -> str:
        self._demand(self._sale(command.order_ref).is_open(), "the order is handled already")
        self.withdraw_cancellation_request(command.order_ref)
        return f"refusal-{next(self._numbers)}"

    def _correct(self, command: TrackingCorrection) -> str:
        self._demand_carrier(command.carrier_code)
        key = command.shipment_ref or self._done.get(command.confirmation_reference, "") or self._newest_with(command)
        self._demand(key in self._shipments, "there is no such shipment")
        self._shipments[key] = replace(
            self._shipments[key], tracking_number=command.tracking_number, carrier_code=command.carrier_code
        )
        return key

    def _newest_with(self, command: TrackingCorrection) -> str:
        """The last shipment of the order that holds these pieces; "" when there is none."""
        wanted = {key for part in command.quantities for key in part.remote_ids[: part.quantity]}
        made = [key for key, one in self._shipments.items() if one.order_ref == command.order_ref]
        return next((key for key in reversed(made) if wanted and wanted <= set(self._shipments[key].quantities)), "")

    def _record_shipment(self, ref: str, pieces: Mapping[str, int], word: str, tracking_number: str, label: str) -> str:
        self._sale(ref).waits_for = WaitsFor.NOTHING  # whoever ships it there has accepted it, and it was released
        key = f"shipment-{next(self._numbers)}"
        self._shipments[key] = ConfirmedShipment(ref, pieces, word, tracking_number, label, self._clock.now(), key)
        return key

    def _demand_carrier(self, code: str) -> None:
        self._demand(self.carriers is None or not code or code in self.carriers, "the account has no such carrier")

    def _demand_open(self, command: MarketplaceCommand) -> None:
        pieces = sum(part.quantity for part in command.quantities)
        self._demand(not self.pieces_at_a_time or pieces <= self.pieces_at_a_time, "that is too many pieces at a time")
        facts = self._sale(command.order_ref).quantities
        for part in command.quantities:
            self._demand(facts[part.line_ref].open >= part.quantity, "the pieces are handled already")
            self._demand(not facts[part.line_ref].by_marketplace, "the marketplace ships these pieces itself")

    def _demand_all_that_is_open(self, command: MarketplaceCommand, otherwise: Capability) -> None:
        wanted = {part.line_ref: part.quantity for part in command.quantities}
        facts = self._sale(command.order_ref).quantities
        is_open = {ref: one.open for ref, one in facts.items() if one.open and not one.by_marketplace}
        was_handled = any(one.shipped for one in facts.values()) and isinstance(command, Cancellation)
        self._demand(
            self._can(otherwise) or (wanted == is_open and not was_handled), "an order is handled as a whole here"
        )

    def _can(self, capability: Capability) -> bool:
        return capability not in self.lacks

    def _as_it_says(self, order: MarketplaceOrder) -> MarketplaceOrder:
        """The order without what this marketplace does not give."""
        if not self._can(Capability.GIVES_EAN):
            order = replace(order, lines=tuple(replace(line, ean="") for line in order.lines))
        if not self._can(Capability.CHARGES_SHIPPING):
            order = replace(order, shipping_cost=Money.zero(order.currency))
        return order

    def _demand(self, holds: bool, reason: str) -> None:
        if not holds:
            raise OrderRejected(SIDE, reason)

    def _change(self, ref: str, change: Callable[[LineQuantities], LineQuantities]) -> None:
        sale = self._sale(ref)
        sale.quantities = {key: change(facts) for key, facts in sale.quantities.items()}
        sale.changed_at = self._clock.now()

    def _channel(self, basket: Basket) -> str:
        if basket.channel and basket.channel not in self.channels:
            raise ValueError(f"{SIDE} has no channel {basket.channel!r}")
        return basket.channel or next(iter(self.channels), "")

    def _sale(self, ref: str) -> SimulatedSale:
        if ref not in self._sales:
            raise OrderMissing(SIDE, ref)
        return self._sales[ref]


_ACTS: Mapping[type[MarketplaceCommand], Callable[[SimulatedMarketplace, Any], str]] = {
    ShipmentConfirmation: SimulatedMarketplace._ship,
    Cancellation: SimulatedMarketplace._cancel,
    Acceptance: SimulatedMarketplace._accept,
    CancellationRefusal: SimulatedMarketplace._refuse,
    TrackingCorrection: SimulatedMarketplace._correct,
}
