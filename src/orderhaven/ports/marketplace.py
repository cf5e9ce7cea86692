"""What sync may ask of a marketplace. Each method says what a caller may rely on; errors are those of `core.errors`.

Reads may be repeated and follow redirects. A command (accept, confirm, cancel ...) is one request with an effect that must not be
doubled: reads, and preparations that may be repeated, come before it, and nothing comes after it. It is never repeated by the
connector, sends nothing at or after `not_after`, and gives up at `not_after`: then it raises OutcomeUnknown. SafeToRetry from a
command means that it surely did not happen. Whatever happened before counts as done: "already done" is success.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.order import LineQuantities, MarketplaceOrder
from orderhaven.ports.connector import AccountProfile


class OrderSummary(Struct, frozen=True):
    """An order as a list shows it. `order` is None where the list does not carry the whole of it: then `read` does."""

    ref: str
    placed_at: datetime
    changed_at: datetime
    lines: tuple[LineQuantities, ...]
    order: MarketplaceOrder | None = None
    needs_acceptance: bool = False


class SummaryPage(Struct, frozen=True):
    """Part of a pull. `cursor` is opaque, the same on every page, and is kept only once the last page was taken in.

    A row that nobody understands holds up no other: it is named by its order, for `read` may understand that; or, where not
    even that can be read, described. Neither holds anything of a buyer.
    """

    summaries: tuple[OrderSummary, ...]
    cursor: str
    not_understood: Mapping[str, str] = {}  # ref -> what is strange about its row
    unidentified: tuple[str, ...] = ()  # what is strange about rows that do not say of which order they are


class ReceiptState(StrEnum):
    DONE = "done"
    PENDING = "pending"
    UNKNOWN = "unknown"  # timed out there, or forgotten: look before repeating


class Receipt(Struct, frozen=True):
    """The answer to a command. PENDING comes with a handle for `outcomes`; `remote_ref` names what was made, if anything."""

    state: ReceiptState
    handle: str = ""
    remote_ref: str = ""
    rejection: str = ""  # from `outcomes` only: why they say no; then `outcome` is DONE and nothing was


class RemoteState(StrEnum):
    """What the marketplace's own record says of a command whose outcome is unknown."""

    DONE = "done"  # it is there, and it is ours
    DONE_BY_OTHERS = "done_by_others"  # the pieces are handled, but not by this command
    NOT_DONE = "not_done"
    PENDING = "pending"  # neither yes nor no


class Verification(Struct, frozen=True):
    state: RemoteState
    remote_ref: str = ""


class Marketplace(Protocol):
    async def check(self) -> AccountProfile:
        """Whose account this is. Raises AuthRejected, WrongAddress, ClockOff or SafeToRetry."""

    def pull(self, since: str) -> AsyncIterator[SummaryPage]:
        """What changed since the cursor `since` ("": everything open now), overlap included.

        An order may come twice; none that stood there throughout is left out of two pulls running. What a pull gave
        that was listened to until its end need not be given again by one from its cursor. Raises RateLimited, SafeToRetry,
        AuthRejected, and UnexpectedResponse for what is no list at all; pages given before that may be used, their cursor not.
        """

    async def read(self, ref: str) -> MarketplaceOrder:
        """The whole order. Raises OrderMissing when they do not know it."""

    async def accept(self, command: Acceptance, *, not_after: datetime) -> Receipt: ...

    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        """Say that these items left. Raises UnknownCarrier or OrderRejected when the marketplace rejects it."""

    async def cancel(self, command: Cancellation, *, not_after: datetime) -> Receipt: ...

    async def refuse_cancellation(self, command: CancellationRefusal, *, not_after: datetime) -> Receipt: ...

    async def correct(self, command: TrackingCorrection, *, not_after: datetime) -> Receipt: ...

    async def outcomes(self, handles: Sequence[str]) -> Mapping[str, Receipt]:
        """What became of pending commands, at most `limits.outcomes_per_call` at once.

        A handle that they forgot is UNKNOWN, and so is one of which they say something that nobody understands.
        """

    async def verify(self, command: MarketplaceCommand) -> Verification:
        """Whether a command of unknown outcome happened, by the marketplace's own record and not by our wish."""

    async def close(self) -> None: ...
