"""What sync may ask of a marketplace. Each method says what a caller may rely on; errors are those of `core.errors`.

Reads may be repeated and follow redirects. A telling (accept, confirm, cancel ...) is exactly one request, is never repeated by the
connector, sends nothing at or after `not_after`, and gives up at `not_after`: then it raises Unclear. TryLater from a telling means
that it surely did not happen. Whatever was told already counts as told: "already done" is success.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from orderhaven.core.order import LineFacts, Order
from orderhaven.core.shipment import Acceptance, Cancellation, Correction, Refusal, Shipment, Telling
from orderhaven.ports.connector import Account


class Sighting(Struct, frozen=True):
    """An order as a list shows it. `order` is None where the list does not carry the whole of it: then `read` does."""

    ref: str
    placed_at: datetime
    changed_at: datetime
    lines: tuple[LineFacts, ...]
    order: Order | None = None
    needs_acceptance: bool = False


class Page(Struct, frozen=True):
    """Part of a hearing. `cursor` is opaque, the same on every page, and is kept only once the last page was taken in.

    A row that nobody understands holds up no other: it is named by its order, for `read` may understand that; or, where not
    even that can be read, described. Neither holds anything of a buyer.
    """

    sightings: tuple[Sighting, ...]
    cursor: str
    not_understood: Mapping[str, str] = {}  # ref -> what is strange about its row
    nameless: tuple[str, ...] = ()  # what is strange about rows that do not say of which order they are


class Outcome(StrEnum):
    DONE = "done"
    PENDING = "pending"
    UNKNOWN = "unknown"  # timed out there, or forgotten: look before repeating


class Receipt(Struct, frozen=True):
    """The answer to a telling. PENDING comes with a handle for `outcomes`; `remote_ref` names what was made, if anything."""

    outcome: Outcome
    handle: str = ""
    remote_ref: str = ""
    refused: str = ""  # from `outcomes` only: why they say no; then `outcome` is DONE and nothing was


class Seen(StrEnum):
    """What the marketplace's own record says of a telling whose fate is unclear."""

    DONE = "done"  # it is there, and it is ours
    DONE_BY_OTHERS = "done_by_others"  # the pieces are handled, but not by this telling
    NOT_DONE = "not_done"
    PENDING = "pending"  # neither yes nor no


class Finding(Struct, frozen=True):
    seen: Seen
    remote_ref: str = ""


class Marketplace(Protocol):
    async def check(self) -> Account:
        """Whose account this is. Raises AuthRefused, WrongAddress, ClockOff or TryLater."""

    def hear(self, since: str) -> AsyncIterator[Page]:
        """What changed since the cursor `since` ("": everything open now), overlap included.

        An order may come twice; none that stood there throughout is left out of two hearings running. What a hearing gave
        that was listened to until its end need not be given again by one from its cursor. Raises RateLimited, TryLater,
        AuthRefused, and Surprise for what is no list at all; pages given before that may be used, their cursor not.
        """

    async def read(self, ref: str) -> Order:
        """The whole order. Raises OrderMissing when they do not know it."""

    async def accept(self, telling: Acceptance, *, not_after: datetime) -> Receipt: ...

    async def confirm(self, telling: Shipment, *, not_after: datetime) -> Receipt:
        """Tell that these pieces left. Raises UnknownCarrier or OrderRefused when they will not have it."""

    async def cancel(self, telling: Cancellation, *, not_after: datetime) -> Receipt: ...

    async def refuse_cancellation(self, telling: Refusal, *, not_after: datetime) -> Receipt: ...

    async def correct(self, telling: Correction, *, not_after: datetime) -> Receipt: ...

    async def outcomes(self, handles: Sequence[str]) -> Mapping[str, Receipt]:
        """What became of pending tellings, at most `limits.outcomes_per_call` at once.

        A handle that they forgot is UNKNOWN, and so is one of which they say something that nobody understands.
        """

    async def look(self, telling: Telling) -> Finding:
        """Whether an unclear telling happened, by their own record and not by our wish."""

    async def close(self) -> None: ...
