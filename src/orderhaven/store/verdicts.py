"""What became of one attempt to tell something: the only things `outbox.finish` writes down."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrder


class Done(Struct, frozen=True):
    """It is there. For placings, `shop_order` is the shop's view of it and `also` names more orders of that reference."""

    remote_ref: str = ""
    shop_order: ShopOrder | None = None
    also: tuple[str, ...] = ()
    # of a placing: line ref -> what it was found with, and the shop's product for it
    pieces: Mapping[str, int] = {}
    products: Mapping[str, str] = {}
    total: str = ""  # of a placing: what it should come to
    by_others: bool = False  # the pieces are handled, but not by this telling


class TakenIn(Struct, frozen=True):
    """The other side took it in and says later what became of it."""

    handle: str


class MayHaveHappened(Struct, frozen=True):
    cause: str


class NotNow(Struct, frozen=True):
    """It surely did not happen and is tried again."""

    cause: str
    after: timedelta | None = None  # None: back off


class NotThere(Struct, frozen=True):
    """A look did not find it. `counts` once the effect would have had to be visible."""

    counts: bool


class StillPending(Struct, frozen=True):
    """Neither yes nor no."""


class NotWanted(Struct, frozen=True):
    """Overtaken by what happened meanwhile: nothing is to be told any more."""


class Park(Struct, frozen=True):
    """A person must look; Retry makes it due again."""

    kind: ProblemKind
    values: Mapping[str, str] = {}
    evidence: str = ""
    shop_ref: str = ""  # of a half-made shop order, so that it can be adopted
    cause: str = ""  # what was refused and why, without anything of this order: the same for all that meet it


class Stop(Struct, frozen=True):
    """It was refused as other orders before it: said on the connection, and tried again with them."""

    cause: str


Verdict = Done | TakenIn | MayHaveHappened | NotNow | NotThere | StillPending | NotWanted | Park | Stop
