"""What became of one attempt to send a command: the only things that `queue.finish` writes down."""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrderSnapshot


class Done(Struct, frozen=True):
    """It is there. Of a created order, `shop_order` is the shop's view of it and `also` names more orders of that reference."""

    remote_ref: str = ""
    shop_order: ShopOrderSnapshot | None = None
    duplicates: tuple[str, ...] = ()
    # of a create: line ref -> what it was found with, and the shop's product for it
    quantities: Mapping[str, int] = {}
    products: Mapping[str, str] = {}
    total: str = ""  # of a create: what it should come to
    by_others: bool = False  # the pieces are handled, but not by this command


class Processing(Struct, frozen=True):
    """The other side took it in and says later what became of it."""

    handle: str


class Unconfirmed(Struct, frozen=True):
    cause: str


class RetryLater(Struct, frozen=True):
    """It surely did not happen and is tried again."""

    cause: str
    after: timedelta | None = None  # None: back off


class NotFound(Struct, frozen=True):
    """A look did not find it. `counts` once the effect would have had to be visible."""

    is_conclusive: bool


class NoAnswerYet(Struct, frozen=True):
    """Neither yes nor no."""


class NotNeeded(Struct, frozen=True):
    """Overtaken by what happened meanwhile: nothing is to be sent any more."""


class NeedsAttention(Struct, frozen=True):
    """A person must look; Retry makes it due again."""

    kind: ProblemKind
    values: Mapping[str, str] = {}
    evidence: str = ""
    shop_ref: str = ""  # of a half-made shop order, so that it can be adopted
    cause: str = ""  # what was refused and why, without anything of this order: the same for all that meet it


class Stopped(Struct, frozen=True):
    """It was refused as other orders before it: said on the connection, and tried again with them."""

    cause: str


CommandResult = (
    Done | Processing | Unconfirmed | RetryLater | NotFound | NoAnswerYet | NotNeeded | NeedsAttention | Stopped
)
