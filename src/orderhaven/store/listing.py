"""The order list: filters, search, pages. A constant number of queries, and no personal data in a row.

The one order with everything about it stands in `order_page.py`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from orderhaven.core.problems import ProblemKind
from orderhaven.core.searching import keys_that_begin_so, search_key
from orderhaven.core.status import Status
from orderhaven.store.models import Hold, Line, Order, Person, Problem, Told


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; an empty field narrows nothing. Connections go by their names."""

    statuses: Collection[Status] = ()
    problems: Collection[ProblemKind] = ()  # orders with one of these open
    only_problems: bool = False
    marketplace: str = ""
    shop: str = ""
    since: datetime | None = None  # placed at or after
    search: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    ref: str
    marketplace: str
    shop: str
    status: Status
    hold: Hold
    shop_number: str  # "" while it is not placed
    shop_told: Told
    marketplace_told: Told
    handled_by_others: bool
    by_marketplace: bool
    rehearsal: bool
    placed_at: datetime
    ship_by: datetime | None
    code: str
    pieces: int
    total: Decimal
    currency: str  # "" while only the list was read
    problems: tuple[ProblemKind, ...]


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    after: str  # opaque: give it back for the next page; "" when this is the last


class BadCursor(Exception):
    """This is not an `after` that a page gave."""


def orders(merchant_id: int, wanted: Filter = Filter(), after: str = "", limit: int = 50) -> Page:
    """Newest first. Raises BadCursor."""
    ids = _ids(_narrowed(merchant_id, wanted, after), wanted.search.strip(), limit + 1)
    shown = ids[:limit]
    rows = Order.objects.filter(pk__in=shown).select_related("link__marketplace", "link__shop").order_by("-id")
    problems, pieces = _problems(shown), _pieces(shown)
    return Page(
        rows=tuple(row_of(row, problems.get(row.pk, ()), pieces.get(row.pk, 0)) for row in rows),
        after=_cursor(shown[-1]) if len(ids) > limit else "",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """Which order a person means."""

    order_id: int
    ref: str
    marketplace: str  # the connection's name
    connector: str  # of the marketplace
    shop_connector: str
    link_id: int


def find(merchant_id: int, ref: str) -> list[Found]:
    """Orders of this number: several when two marketplaces use the same; then `NAME/REF` names the connection too."""
    name, slash, rest = ref.partition("/")
    this = Q(ref=ref) | Q(ref=rest, link__marketplace__name=name) if slash else Q(ref=ref)
    columns = (
        "id",
        "ref",
        "link__marketplace__name",
        "link__marketplace__connector",
        "link__shop__connector",
        "link_id",
    )
    rows = Order.objects.filter(this, merchant_id=merchant_id).order_by("id").values_list(*columns)
    return [Found(*row) for row in rows]


# below: which ids


def _narrowed(merchant_id: int, wanted: Filter, after: str) -> QuerySet[Order]:
    rows = Order.objects.filter(merchant_id=merchant_id)
    if wanted.statuses:
        rows = rows.filter(status__in=[str(status) for status in wanted.statuses])
    if wanted.only_problems or wanted.problems:
        still_open = Problem.objects.filter(solved_at__isnull=True)
        if wanted.problems:
            still_open = still_open.filter(kind__in=[str(kind) for kind in wanted.problems])
        rows = rows.filter(pk__in=still_open.values("order_id"))
    if wanted.marketplace:
        rows = rows.filter(link__marketplace__name=wanted.marketplace)
    if wanted.shop:
        rows = rows.filter(link__shop__name=wanted.shop)
    if wanted.since is not None:
        rows = rows.filter(placed_at__gte=wanted.since)
    if after:
        rows = rows.filter(pk__lt=_order_id(after))
    return rows


def _ids(rows: QuerySet[Order], search: str, limit: int) -> list[int]:
    """One query for each place a word may stand in, so that each uses its own index."""
    if not search:
        return list(rows.order_by("-id").values_list("id", flat=True)[:limit])
    found: set[int] = set()
    for place in _places(search):
        found.update(rows.filter(place).order_by("-id").values_list("id", flat=True)[:limit])
    return sorted(found, reverse=True)[:limit]


def _places(search: str) -> Sequence[Q]:
    """Numbers and codes exactly; names and postcodes by how they begin."""
    lines = Line.objects.filter(Q(sku=search) | Q(ean=search))
    exact = (
        Q(ref=search),
        Q(shop_number=search),
        Q(shop_ref=search),
        Q(code=search),
        Q(pk__in=lines.values("order_id")),
    )
    key = search_key(search)
    if len(key) < _SHORTEST_BEGINNING:
        return exact
    people = (Person.objects.filter(**{f"{column}__range": keys_that_begin_so(key)}) for column in _PERSON_KEYS)
    return (*exact, *(Q(pk__in=some.values("order_id")) for some in people))


_PERSON_KEYS = ("name_key", "postcode_key")
_SHORTEST_BEGINNING = 2  # one sign is the beginning of too many names to be worth a list


def _cursor(order_id: int) -> str:
    return f"o{order_id:x}"


def _order_id(cursor: str) -> int:
    if not re.fullmatch(r"o[0-9a-f]{1,15}", cursor):
        raise BadCursor(f"'{cursor}' is not the end of a page. Take it from the page before, or leave it out.")
    return int(cursor[1:], 16)


# below: rows


def _problems(order_ids: Sequence[int]) -> Mapping[int, tuple[ProblemKind, ...]]:
    rows = Problem.objects.filter(order_id__in=order_ids, solved_at__isnull=True).order_by("id")
    found: dict[int, tuple[ProblemKind, ...]] = {}
    for order_id, kind in rows.values_list("order_id", "kind"):
        found[order_id] = (*found.get(order_id, ()), ProblemKind(kind))
    return found


def _pieces(order_ids: Sequence[int]) -> Mapping[int, int]:
    rows = Line.objects.filter(order_id__in=order_ids).values("order_id").annotate(pieces=Sum("ordered"))
    return {row["order_id"]: row["pieces"] for row in rows}


def row_of(row: Order, problems: tuple[ProblemKind, ...], pieces: int) -> Row:
    return Row(
        ref=row.ref,
        marketplace=row.link.marketplace.name,
        shop=row.link.shop.name,
        status=Status(row.status),
        hold=Hold(row.hold),
        shop_number=row.shop_number,
        shop_told=Told(row.shop_told),
        marketplace_told=Told(row.marketplace_told),
        handled_by_others=row.handled_by_others,
        by_marketplace=row.by_marketplace,
        rehearsal=row.link.rehearsal,
        placed_at=row.placed_at,
        ship_by=row.ship_by,
        code=row.code,
        pieces=pieces,
        total=row.total,
        currency=row.currency,
        problems=problems,
    )
