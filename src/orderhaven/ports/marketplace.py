"""What sync may ask of a marketplace. Each method says what a caller may rely on; errors are those of `core.errors`.

Reads may be repeated and follow redirects. A command (accept, confirm, cancel ...) is at most one request with an effect that must
not be doubled. Reads may come before it, nothing comes after it, and the connector never repeats it. It sends nothing at or after
`not_after`, and gives up at `not_after`: then it raises OutcomeUnknown. SafeToRetry from a command means that it surely did not
happen. Whatever happened before counts as done: "already done" is success.
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
from orderhaven.core.order import LineQuantities, MarketplaceOrder, WaitsFor
from orderhaven.ports.connector import AccountProfile
from orderhaven.ports.receipts import Receipt


class OrderSummary(Struct, frozen=True):
    """An order as a list shows it. `order` is None where the list does not carry the whole of it: then `read` does."""

    ref: str
    placed_at: datetime
    changed_at: datetime
    lines: tuple[LineQuantities, ...]
    order: MarketplaceOrder | None = None
    waits_for: WaitsFor = WaitsFor.NOTHING
    fingerprint: str = ""  # another one when addresses, lines or prices changed; "": the list shows nothing of the kind
    channel: str = ""  # as `MarketplaceOrder.channel`; "" too where only the whole order says it


class SummaryPage(Struct, frozen=True):
    """Part of a pull. `cursor` is opaque, the same on every page, and is kept only once the last page was taken in.

    A row that nobody understands holds up no other: it is named by its order, for `read` may understand that; or, where not
    even that can be read, described. Neither holds anything of a buyer.
    """

    summaries: tuple[OrderSummary, ...]
    cursor: str
    not_understood: Mapping[str, str] = {}  # ref -> what is strange about its row
    unidentified: tuple[str, ...] = ()  # what is strange about rows that do not say of which order they are


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

    async def prepare(self, command: MarketplaceCommand) -> str:
        """Steps before the deciding request that have no effect that anybody sees and may be repeated: a draft, an upload.

        Called with Capability.PREPARES alone. The result is stored before the command is sent, and is `prepared` of the
        command then, when it is verified, and when it is prepared again: what is already made is not made again. It may raise what
        the command would: then nothing is stored, and nothing sent.
        """

    async def send_many(self, commands: Sequence[MarketplaceCommand], *, not_after: datetime) -> Mapping[str, Receipt]:
        """Several commands of one kind in one request, at most `limits.commands_per_call`; our reference -> receipt.

        Called where that limit is above one. What it raises holds for all of them; one of which it says nothing is looked for.
        """

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]:
        """What became of pending commands: our reference -> handle, at most `limits.outcomes_per_call` at once.

        One that they forgot is UNKNOWN, and so is one of which they say something that nobody understands.
        """

    async def verify(self, command: MarketplaceCommand) -> Verification:
        """Whether a command of unknown outcome happened, by the marketplace's own record and not by our wish."""

    async def close(self) -> None: ...
