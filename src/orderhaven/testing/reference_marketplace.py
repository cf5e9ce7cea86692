"""A marketplace in memory with every capability that a spec can name: the hub is tested on it too."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    CancelReason,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.errors import OrderRejected, UnexpectedResponse, UnknownCarrier
from orderhaven.core.order import MarketplaceOrder, fingerprint_of
from orderhaven.ports.connector import (
    AccountProfile,
    Capability,
    ConnectorContext,
    ConnectorSpec,
    Limits,
    Setting,
    Side,
)
from orderhaven.ports.marketplace import OrderSummary, SummaryPage, Verification
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.testing.sandbox_auth import SandboxClient, simulation_named
from orderhaven.testing.simulated_marketplace import SIDE, SimulatedMarketplace

_WITHOUT_A_WORD = Carrier.BULGARIAN_POSTS  # so that there is a carrier which this marketplace does not know

REFERENCE_MARKETPLACE = ConnectorSpec(
    name="reference_marketplace",
    title="Reference marketplace",
    side=Side.MARKETPLACE,
    settings=(
        Setting("world", "World", "The name of a world in this process."),
        Setting("key", "Key", "The key of that world.", secret=True),
    ),
    capabilities=frozenset(
        {
            Capability.ACCEPT,
            Capability.HOLDS_ORDERS,
            Capability.CHANGES_ORDERS,
            Capability.SHIP_PARTS,
            Capability.SHIP_UNTRACKED,
            Capability.CANCEL,
            Capability.CANCEL_LINES,
            Capability.CANCEL_QUANTITY,
            Capability.CANCELLATION_REQUESTS,
            Capability.REFUSE_CANCELLATION,
            Capability.SHOWS_SHIPMENTS,
            Capability.CORRECT_TRACKING,
            Capability.ASYNCHRONOUS_COMMANDS,
            Capability.FULFILMENT,
            Capability.OWN_LABEL,
            Capability.PICKUP_POINTS,
            Capability.GIVES_EAN,
            Capability.CHARGES_SHIPPING,
        }
    ),
    limits=Limits(poll_floor=timedelta(minutes=1), lines_per_confirmation=50, lines_per_cancellation=20),
    connector="orderhaven.testing.reference_marketplace:ReferenceMarketplace",
    sandbox="orderhaven.testing.reference_marketplace:SimulatedMarketplace",
    version="1",
    carriers={carrier: f"RM-{carrier.upper()}" for carrier in Carrier if carrier is not _WITHOUT_A_WORD},
    carrier_required_with_tracking=True,
    reasons={reason: f"RM-{reason.upper()}" for reason in CancelReason},
    limitations="It lives in memory: it ends with the process.",
)


class ReferenceMarketplace:
    """A `ports.marketplace.Marketplace`."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        self._simulation: SimulatedMarketplace = simulation_named(settings["world"])
        self._caller = SandboxClient(self._simulation.auth, settings["key"], context)

    async def check(self) -> AccountProfile:
        await self._caller.read("GET /account", lambda: None)
        return AccountProfile(
            fingerprint=self._simulation.name,
            name=f"Reference marketplace ({self._simulation.name})",
            channels=self._simulation.channels,
            lacks=self._simulation.lacks,
            carriers=self._simulation.carriers,
            reasons=self._simulation.reasons,
        )

    async def pull(self, since: str) -> AsyncIterator[SummaryPage]:
        """From the last page to the first: what leaves the list moves others towards pages still to come."""
        cursor = self._simulation.time()
        start = datetime.fromisoformat(since) - REFERENCE_MARKETPLACE.limits.overlap if since else None
        pages = await self._caller.read("GET /orders/count", lambda: self._simulation.count_pages(start))
        if pages == 0:
            yield SummaryPage((), cursor)
        for number in range(pages, 0, -1):
            rows = await self._caller.read(f"GET /orders/page/{number}", partial(self._simulation.page, start, number))
            orders, strange, unidentified = self._simulation.faults.understood(rows, lambda order: order.ref)
            yield SummaryPage(tuple(map(self._summary, orders)), cursor, strange, unidentified)

    async def read(self, ref: str) -> MarketplaceOrder:
        found = await self._caller.read(f"GET /orders/{ref}", lambda: self._simulation.detail(ref), about=ref)
        if self._simulation.faults.is_malformed("changes", ref, alone=True):
            raise UnexpectedResponse("an answer of another shape")
        return found

    async def accept(self, command: Acceptance, *, not_after: datetime) -> Receipt:
        return await self._send("acceptances", command, not_after)

    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        self._demand_at_most(REFERENCE_MARKETPLACE.limits.lines_per_confirmation, command)
        return await self._send("shipments", command, not_after)

    async def cancel(self, command: Cancellation, *, not_after: datetime) -> Receipt:
        self._demand_at_most(REFERENCE_MARKETPLACE.limits.lines_per_cancellation, command)
        return await self._send("cancellations", command, not_after)

    async def refuse_cancellation(self, command: CancellationRefusal, *, not_after: datetime) -> Receipt:
        return await self._send("rejections", command, not_after)

    async def correct(self, command: TrackingCorrection, *, not_after: datetime) -> Receipt:
        return await self._send("corrections", command, not_after)

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]:
        return await self._caller.read(
            "GET /outcomes", lambda: {reference: self._outcome(handle) for reference, handle in pending.items()}
        )

    async def verify(self, command: MarketplaceCommand) -> Verification:
        if self._simulation.faults.is_malformed("records", command.order_ref):
            raise UnexpectedResponse("a record of another shape")
        return await self._caller.read(
            f"GET /orders/{command.order_ref}/record",
            lambda: self._simulation.record_of(command),
            about=command.order_ref,
        )

    async def close(self) -> None:
        return None

    async def _send(self, what: str, command: MarketplaceCommand, not_after: datetime) -> Receipt:
        demand_carrier(command)
        return await self._caller.send(
            f"POST /{what}",
            lambda: self._simulation.carry_out(command),
            not_after=not_after,
            about=command.order_ref,
        )

    def _demand_at_most(self, lines: int, command: MarketplaceCommand) -> None:
        pieces, most = sum(one.quantity for one in command.quantities), self._simulation.pieces_at_a_time
        if len(command.quantities) > lines:
            raise OrderRejected(SIDE, f"it takes {lines} lines at a time, and this has {len(command.quantities)}")
        if most and pieces > most:
            raise OrderRejected(SIDE, f"it takes {most} pieces at a time, and this has {pieces}")

    def _outcome(self, handle: str) -> Receipt:
        malformed = self._simulation.faults.is_malformed("outcomes", handle)
        return Receipt(ReceiptState.UNKNOWN, handle) if malformed else self._simulation.outcome(handle)

    def _summary(self, order: MarketplaceOrder) -> OrderSummary:
        return OrderSummary(
            ref=order.ref,
            placed_at=order.placed_at,
            changed_at=order.changed_at,
            lines=tuple(line.quantities for line in order.lines),
            order=order if self._simulation.lists_whole_orders else None,
            waits_for=order.waits_for,
            fingerprint=fingerprint_of(order) if self._simulation.shows_changes() else "",
            channel=order.channel if self._simulation.lists_channels else "",
        )


def demand_carrier(command: MarketplaceCommand) -> None:
    """A tracking number without a carrier's code is not sent."""
    if not isinstance(command, ShipmentConfirmation | TrackingCorrection):
        return
    if command.tracking_number and not command.carrier_code:
        raise UnknownCarrier(command.tracking_number, command.carrier or "")
