"""What an order list is narrowed to, and how it is sorted."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.tabs import Tab


class Sort(StrEnum):
    NEWEST = "newest"  # heard last comes first
    OLDEST = "oldest"
    SHIP_BY = "ship_by"  # of what is open: what must be sent first comes first


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
    # whether it is looked for among buyers too: who may not read a name must not find it letter by letter either
    by_person: bool = field(default=True, compare=False)
    sort: Sort = Sort.NEWEST


EVERYTHING = Filter()
