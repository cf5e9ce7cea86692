"""What an order list is narrowed to, and how it is sorted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status


class Tab(StrEnum):
    ALL = "all"
    PROBLEMS = "problems"
    NOT_SHIPPED = "not_shipped"
    WAITING = "waiting"
    CONFIRMING = "confirming"  # shipped, and the marketplace has not agreed yet
    UNCONFIRMED = "unconfirmed"  # shipped, and the marketplace is not told until a person does something
    SHIPPED = "shipped"  # and the marketplace was told
    ASKED = "cancellation_requested"
    CANCELLED = "cancelled"
    MANUAL = "manual"
    LATE = "late"  # the time by which it had to be sent is over


class Sort(StrEnum):
    NEWEST = "newest"  # received last comes first
    OLDEST = "oldest"
    SHIP_BY = "ship_by"  # open orders only: what must be sent first comes first


STILL_TO_SEND = (Status.PENDING_CONFIRMATION, Status.NOT_SHIPPED, Status.PARTLY_SHIPPED)
# what Orderhaven still does something for; an order that a person took over is that person's, and is never closed
IN_PROGRESS = (*STILL_TO_SEND, Status.WAITING, Status.CANCELLATION_REQUESTED, Status.SHIPPED)
TAB_STATUSES: Mapping[Tab, Sequence[Status]] = {
    Tab.NOT_SHIPPED: STILL_TO_SEND,
    Tab.WAITING: (Status.WAITING,),
    Tab.CONFIRMING: (Status.SHIPPED,),
    Tab.UNCONFIRMED: (Status.SHIPPED,),
    Tab.SHIPPED: (Status.SHIPPED,),
    Tab.ASKED: (Status.CANCELLATION_REQUESTED,),
    Tab.CANCELLED: (Status.CANCELLED,),
    Tab.MANUAL: (Status.MANUAL,),
    Tab.LATE: IN_PROGRESS,
}
CLOSED_TABS = frozenset({Tab.ALL, Tab.SHIPPED, Tab.CANCELLED, Tab.MANUAL})  # they grow for ever
OPEN_TABS = frozenset(Tab) - CLOSED_TABS - {Tab.PROBLEMS}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; an empty field narrows nothing. Connections go by their names."""

    tab: Tab = Tab.ALL
    statuses: Collection[Status] = ()
    problems: Collection[ProblemKind] = ()  # orders with one of these open
    marketplace: str = ""
    shop: str = ""
    since: datetime | None = None  # placed at or after
    until: datetime | None = None  # placed before
    carrier: Carrier | None = None  # of a confirmed shipment
    by_marketplace: bool | None = None  # who ships it; None: either
    search: str = ""
    # whether buyers are searched too: a user who may not read a name must not find it letter by letter either
    by_person: bool = field(default=True, compare=False)
    sort: Sort = Sort.NEWEST

    @property
    def words(self) -> str:
        return self.search.strip()

    @property
    def has_dates(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def is_by_ship_by(self) -> bool:
        """A search comes newest first, and so does what is over."""
        return self.sort is Sort.SHIP_BY and not self.words and self.tab not in (Tab.SHIPPED, Tab.CANCELLED)

    @property
    def is_newest_first(self) -> bool:
        return bool(self.words) or not (self.sort is Sort.OLDEST or self.is_by_ship_by)

    @property
    def sorted_by(self) -> str:
        """What the list is sorted by, before the key; "": by the key alone."""
        return "send_by" if self.is_by_ship_by else "placed_at" if self.has_dates else ""

    @property
    def is_open(self) -> bool:
        return self.tab in OPEN_TABS or self.is_by_ship_by

    @property
    def wanted_statuses(self) -> Collection[Status]:
        on_tab = TAB_STATUSES.get(self.tab, IN_PROGRESS if self.is_by_ship_by else tuple(Status))
        return [one for one in on_tab if not self.statuses or one in self.statuses]

    def is_between(self, marketplace: str, shop: str) -> bool:
        """Whether orders between these two are wanted."""
        return self.marketplace in ("", marketplace) and self.shop in ("", shop)


EVERYTHING = Filter()
