"""What became of one attempt to tell something: the only things `outbox.finish` writes down."""

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrder
from orderhaven.core.values import value


@value(frozen=True, slots=True)
class Done:
    """It is there. For placings, `shop_order` is the shop's view of it and `also` names more orders of that reference."""

    remote_ref: str = ""
    shop_order: ShopOrder | None = None
    also: tuple[str, ...] = ()
    pieces: Mapping[str, int] = field(default_factory=dict)  # of a placing: line ref -> what it was found with
    by_others: bool = False  # the pieces are handled, but not by this telling


@value(frozen=True, slots=True)
class TakenIn:
    """The other side took it in and says later what became of it."""

    handle: str


@value(frozen=True, slots=True)
class MayHaveHappened:
    cause: str


@value(frozen=True, slots=True)
class NotNow:
    """It surely did not happen and is tried again."""

    cause: str
    after: timedelta | None = None  # None: back off


@value(frozen=True, slots=True)
class NotThere:
    """A look did not find it. `counts` once the effect would have had to be visible."""

    counts: bool


@value(frozen=True, slots=True)
class StillPending:
    """Neither yes nor no."""


@value(frozen=True, slots=True)
class NotWanted:
    """Overtaken by what happened meanwhile: nothing is to be told any more."""


@value(frozen=True, slots=True)
class Park:
    """A person must look; Retry makes it due again."""

    kind: ProblemKind
    values: Mapping[str, str] = field(default_factory=dict)
    evidence: str = ""
    shop_ref: str = ""  # of a half-made shop order, so that it can be adopted


Verdict = Done | TakenIn | MayHaveHappened | NotNow | NotThere | StillPending | NotWanted | Park
