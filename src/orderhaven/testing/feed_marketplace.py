"""A second marketplace in memory, which is what the reference marketplace is not: a command is uploaded first, then submitted in a
feed, and a report says later what became of each; it ships and cancels whole orders, gives no EAN, and each account has
carriers and reasons of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import ClassVar

from msgspec import structs

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.errors import OrderProblem
from orderhaven.ports.connector import Capability, Clock, ConnectorContext
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import CallKind
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE, ReferenceMarketplace, demand_carrier
from orderhaven.testing.simulated_marketplace import SimulatedMarketplace

_LACKS = frozenset(
    {
        Capability.SHIP_PARTS,
        Capability.CANCEL_LINES,
        Capability.CANCEL_QUANTITY,
        Capability.GIVES_EAN,
        Capability.CHANGES_ORDERS,
    }
)
FEED_MARKETPLACE = replace(
    REFERENCE_MARKETPLACE,
    name="feed_marketplace",
    title="Feed marketplace",
    capabilities=REFERENCE_MARKETPLACE.capabilities - _LACKS | {Capability.PREPARES},
    limits=replace(REFERENCE_MARKETPLACE.limits, commands_per_call=20),
    carriers={},
    carriers_are_listed=True,
    reasons={},
    reasons_are_listed=True,
    connector="orderhaven.testing.feed_marketplace:FeedMarketplace",
    sandbox="orderhaven.testing.feed_marketplace:SimulatedFeedMarketplace",
)
_CARRIERS = tuple(carrier.spelled for carrier in Carrier if carrier not in (Carrier.BULGARIAN_POSTS, Carrier.OTHER))
_REASONS = {"R1": "No stock left", "R2": "Cancelled at the customer's request", "R3": "Other reason"}
_FEEDS: Mapping[type[MarketplaceCommand], str] = {
    ShipmentConfirmation: "shipments",
    Cancellation: "cancellations",
    Acceptance: "acceptances",
    CancellationRefusal: "rejections",
    TrackingCorrection: "corrections",
}


class SimulatedFeedMarketplace(SimulatedMarketplace):
    purposes: ClassVar[Mapping[str, CallKind]] = {
        "POST /uploads": CallKind.PREPARE,
        **{call.replace("POST /", "POST /feeds/"): kind for call, kind in SimulatedMarketplace.purposes.items()},
    }

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.lacks = _LACKS
        self.carriers = {f"FM-{number}": label for number, label in enumerate(_CARRIERS, start=1)}
        self.reasons = dict(_REASONS)
        self._feeds: dict[str, dict[str, Receipt]] = {}  # handle -> our reference -> receipt
        self._feed_numbers = count(1)
        self._uploads: dict[str, str] = {}  # upload -> order

    def upload(self, ref: str) -> str:
        """Of a command about this order. It says nothing yet, and may be made again."""
        upload = f"upload-{len(self._uploads) + 1}"
        self._uploads[upload] = ref
        return upload

    def take_feed(self, feed: Sequence[MarketplaceCommand]) -> str:
        """One that cannot be carried out is refused in the report, and no other with it."""
        handle = f"feed-{next(self._feed_numbers)}"
        self._feeds[handle] = {}
        for command in feed:
            try:
                self._demand(self._uploads.get(command.prepared) == command.order_ref, "there is no such upload")
                self._feeds[handle][command.reference] = self.carry_out(command)
            except OrderProblem as refusal:
                reason = refusal.values.get("reason", str(refusal))
                self._feeds[handle][command.reference] = Receipt(ReceiptState.REJECTED, handle, rejection=reason)
        return handle

    def report(self, handle: str, reference: str) -> Receipt:
        taken = self._feeds.get(handle, {}).get(reference)
        if taken is None:
            return Receipt(ReceiptState.UNKNOWN, handle)
        pending = taken.state is ReceiptState.PENDING
        return structs.replace(self.outcome(taken.handle), handle=handle) if pending else taken


class FeedMarketplace(ReferenceMarketplace):
    """A `ports.marketplace.Marketplace`."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        super().__init__(settings, context)
        self._feeding: SimulatedFeedMarketplace = self._simulation  # type: ignore[assignment]

    async def prepare(self, command: MarketplaceCommand) -> str:
        if command.prepared:
            return command.prepared
        ref = command.order_ref
        return await self._caller.read("POST /uploads", lambda: self._feeding.upload(ref), about=ref)

    async def send_many(self, commands: Sequence[MarketplaceCommand], *, not_after: datetime) -> Mapping[str, Receipt]:
        feed: list[MarketplaceCommand] = []
        receipts: dict[str, Receipt] = {}
        for command in commands:
            try:
                demand_carrier(command)
                feed.append(command)
            except OrderProblem as refusal:
                receipts[command.reference] = Receipt(ReceiptState.REJECTED, rejection=str(refusal))
        handle = await self._give(_FEEDS[type(commands[0])], feed, not_after) if feed else ""
        return receipts | {command.reference: Receipt(ReceiptState.PENDING, handle) for command in feed}

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]:
        return await self._caller.read(
            "GET /reports",
            lambda: {reference: self._report(handle, reference) for reference, handle in pending.items()},
        )

    async def _send(self, what: str, command: MarketplaceCommand, not_after: datetime) -> Receipt:
        demand_carrier(command)
        return Receipt(ReceiptState.PENDING, await self._give(what, [command], not_after))

    async def _give(self, what: str, feed: Sequence[MarketplaceCommand], not_after: datetime) -> str:
        about = feed[0].order_ref if len(feed) == 1 else ""
        return await self._caller.send(
            f"POST /feeds/{what}", lambda: self._feeding.take_feed(feed), not_after=not_after, about=about
        )

    def _report(self, handle: str, reference: str) -> Receipt:
        malformed = self._feeding.faults.is_malformed("outcomes", handle)
        return Receipt(ReceiptState.UNKNOWN, handle) if malformed else self._feeding.report(handle, reference)
