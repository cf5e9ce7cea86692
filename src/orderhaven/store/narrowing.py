"""What a filter asks of an order `o`, condition by condition."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from orderhaven.core.status import Status
from orderhaven.store import sql
from orderhaven.store.filters import Filter, Sort
from orderhaven.store.searching import stands_in_it
from orderhaven.store.tabs import IS_UNCONFIRMED, OPEN_TABS, STATUSES, STILL_COMES, Tab
from orderhaven.store.walking import Piece, has


@dataclass(frozen=True, slots=True)
class Asked:
    """A merchant's filter, with the names in it looked up."""

    merchant_id: int
    wanted: Filter
    links: Collection[int] | None  # None: all

    @property
    def word(self) -> str:
        return self.wanted.search.strip()

    @property
    def has_dates(self) -> bool:
        return self.wanted.since is not None or self.wanted.until is not None

    @property
    def has_problem(self) -> bool:
        return self.wanted.tab is Tab.PROBLEMS or bool(self.wanted.problems)

    @property
    def by_ship_by(self) -> bool:
        """What was searched for comes newest first, and so does what is over."""
        is_over = self.wanted.tab in (Tab.SHIPPED, Tab.CANCELLED)
        return self.wanted.sort is Sort.SHIP_BY and not self.word and not is_over

    @property
    def is_open(self) -> bool:
        return self.wanted.tab in OPEN_TABS or self.by_ship_by

    @property
    def statuses(self) -> Collection[Status] | None:
        """None: any."""
        on_tab = STATUSES.get(self.wanted.tab, STILL_COMES if self.by_ship_by else tuple(Status))
        found = [one for one in on_tab if not self.wanted.statuses or one in self.wanted.statuses]
        return None if len(found) == len(Status) else found

    @property
    def is_impossible(self) -> bool:
        return self.statuses == [] or self.links == []


def asked(merchant_id: int, wanted: Filter) -> Asked:
    return Asked(merchant_id, wanted, _links(merchant_id, wanted))


def conditions(asked: Asked, now: datetime) -> Mapping[str, Piece]:
    """By a name: what leads to orders may see to some of them already."""
    wanted = asked.wanted
    found = {"merchant": Piece("o.merchant_id = %s", (asked.merchant_id,))}
    if asked.statuses is not None:
        found["status"] = among("o.status", list(map(str, asked.statuses)))
    if asked.is_open:
        found["open"] = Piece("o.closed_at IS NULL")
    if wanted.tab is Tab.SHIPPED:
        found["closed"] = Piece("o.closed_at IS NOT NULL")
    if wanted.tab in (Tab.CONFIRMING, Tab.UNCONFIRMED):
        found["unconfirmed"] = Piece(IS_UNCONFIRMED if wanted.tab is Tab.UNCONFIRMED else f"NOT {IS_UNCONFIRMED}")
    if wanted.tab is Tab.LATE:
        found["late"] = Piece("o.ship_by < %s AND NOT o.by_marketplace", (now,))
    if asked.links is not None:
        found["link"] = among("o.link_id", asked.links)
    if asked.has_dates:
        found["dates"] = dates(wanted)
    if wanted.by_marketplace is not None:
        found["fulfilment"] = Piece("o.by_marketplace" if wanted.by_marketplace else "NOT o.by_marketplace")
    if wanted.carrier is not None:
        found["carrier"] = has("store_shipment", Piece("x.carrier = %s", (str(wanted.carrier),)))
    if asked.has_problem:
        found["problem"] = has("store_problem", of_kinds(wanted))
    if asked.word:
        found["word"] = stands_in_it(asked.word, by_person=wanted.by_person)
    return found


def among(column: str, values: Collection[object]) -> Piece:
    return Piece(f"{column} IN ({sql.marks(values)})", tuple(values))


def of_kinds(wanted: Filter) -> Piece:
    """Of a problem `x`: open, and of the kinds that are wanted."""
    kinds = tuple(map(str, wanted.problems))
    return Piece("x.solved_at IS NULL" + (f" AND x.kind IN ({sql.marks(kinds)})" if kinds else ""), kinds)


def dates(wanted: Filter) -> Piece:
    given = [("o.placed_at >= %s", wanted.since), ("o.placed_at < %s", wanted.until)]
    bounds = [(text, at) for text, at in given if at is not None]
    return Piece(" AND ".join(text for text, _at in bounds), tuple(at for _text, at in bounds))


# below: names

_LINKS = """
SELECT l.id, m.name, s.name FROM store_link l
JOIN store_connection m ON m.id = l.marketplace_id JOIN store_connection s ON s.id = l.shop_id WHERE l.merchant_id = %s
"""


def _links(merchant_id: int, wanted: Filter) -> Collection[int] | None:
    if not wanted.marketplace and not wanted.shop:
        return None
    rows = sql.rows(_LINKS, [merchant_id])
    found = [
        key for key, marketplace, shop in rows if wanted.marketplace in ("", marketplace) and wanted.shop in ("", shop)
    ]
    return found if len(found) < len(rows) or not rows else None
