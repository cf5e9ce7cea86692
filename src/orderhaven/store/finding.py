"""Which orders stand on a page: by filters, by a word that was searched for, in the order that is wanted.

However long the history is, a page costs about the same. A list of orders goes along one index and stops when the page is full.
What is known by another table (an article, a buyer, a carrier) is found there first, newest first, some hundreds at a time.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from orderhaven.core.language import _
from orderhaven.core.searching import keys_that_begin_so, search_key
from orderhaven.store.filters import Filter, Sort
from orderhaven.store import sql
from orderhaven.store.models import Line, Link, Order, Problem, Shipment
from orderhaven.store.tabs import condition

Ids = list[tuple[int, str]]  # order id, and the cursor that goes on behind it
_SHORTEST_BEGINNING = 2  # one sign is the beginning of too many names to be worth a list
_AT_ONCE = 400
_MOST_LOOKED_AT = 8_000  # orders with an article or a carrier, newest first, that a narrow filter may leave out
_MOST_PEOPLE = 1_000  # of one name, or whose names begin so: whoever has more says more of the name
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # an order without a time to be sent by comes last


class BadCursor(Exception):
    """This is not an `after` that a page gave."""


def page_of_ids(merchant_id: int, wanted: Filter, after: str, limit: int, now: datetime) -> Ids:
    """Raises BadCursor."""
    rows = _narrowed(merchant_id, wanted, now)
    if wanted.search.strip():
        return _searched(rows, wanted.search.strip(), merchant_id, _behind(after), limit)
    if wanted.carrier is not None and wanted.sort is not Sort.SHIP_BY:
        shipped = Shipment.objects.filter(carrier=str(wanted.carrier))
        return [(key, _cursor(key)) for key in _by_other_table(rows, shipped, _behind(after), limit)]
    if wanted.sort is Sort.SHIP_BY:
        due = Coalesce("ship_by", Value(_NEVER, DateTimeField()))
        return _by_moment(rows.filter(closed_at__isnull=True).annotate(moment=due), after, limit, newest=False)
    if wanted.since is not None or wanted.until is not None:
        return _by_moment(rows.annotate(moment=F("placed_at")), after, limit, newest=wanted.sort is Sort.NEWEST)
    return _by_key(rows, after, limit, newest=wanted.sort is Sort.NEWEST)


# below: filters


def _narrowed(merchant_id: int, wanted: Filter, now: datetime) -> QuerySet[Order]:
    rows = Order.objects.filter(condition(wanted.tab, now), merchant_id=merchant_id)
    if wanted.statuses:
        rows = rows.filter(status__in=[str(status) for status in wanted.statuses])
    if wanted.problems:
        kinds = [str(kind) for kind in wanted.problems]
        rows = rows.filter(pk__in=Problem.objects.filter(solved_at__isnull=True, kind__in=kinds).values("order_id"))
    if wanted.marketplace or wanted.shop:
        rows = rows.filter(link_id__in=_links(merchant_id, wanted))
    if wanted.since is not None:
        rows = rows.filter(placed_at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(placed_at__lt=wanted.until)
    if wanted.by_marketplace is not None:
        rows = rows.filter(by_marketplace=wanted.by_marketplace)
    if wanted.carrier is not None and (wanted.search or wanted.sort is Sort.SHIP_BY):
        rows = rows.filter(Exists(Shipment.objects.filter(order_id=OuterRef("pk"), carrier=str(wanted.carrier))))
    return rows


def _links(merchant_id: int, wanted: Filter) -> list[int]:
    links = Link.objects.filter(merchant_id=merchant_id)
    if wanted.marketplace:
        links = links.filter(marketplace__name=wanted.marketplace)
    if wanted.shop:
        links = links.filter(shop__name=wanted.shop)
    return list(links.values_list("id", flat=True))


# below: a word that is searched for


_OF_THE_ORDER = ("ref", "shop_number", "shop_ref", "code")
_OF_A_LINE = ("sku", "ean")
_OF_A_PERSON = ("name_key", "postcode_key")


def _searched(rows: QuerySet[Order], word: str, merchant_id: int, before: int | None, limit: int) -> Ids:
    """One query for each place a word may stand in, so that each uses its own index. Newest first."""
    found: set[int] = set()
    for column in _OF_THE_ORDER:
        exact = rows.filter(**{column: word})
        found.update(_older(exact, before).order_by("-id").values_list("id", flat=True)[:limit])
    for column in _OF_A_LINE:
        found.update(_by_other_table(rows, Line.objects.filter(**{column: word}), before, limit))
    key = search_key(word)
    if len(key) >= _SHORTEST_BEGINNING:
        for column in _OF_A_PERSON:
            found.update(_of_people(rows, merchant_id, column, key, before, limit))
    return [(key, _cursor(key)) for key in sorted(found, reverse=True)[:limit]]


# the cross join makes SQLite begin with the person, of whom there are few, and not with the merchant, who has all orders
_PEOPLE = """
SELECT p.order_id FROM store_person p CROSS JOIN store_order o
WHERE o.id = p.order_id AND o.merchant_id = %s AND p.{column} BETWEEN %s AND %s ORDER BY p.{column} LIMIT %s
"""


def _of_people(
    rows: QuerySet[Order], merchant_id: int, column: str, key: str, before: int | None, limit: int
) -> set[int]:
    given = [merchant_id, *keys_that_begin_so(key), _MOST_PEOPLE]
    ids = [order_id for (order_id,) in sql.rows(_PEOPLE.format(column=column), given)]
    found: set[int] = set()
    for some in sql.in_statements(ids):
        found.update(_older(rows.filter(pk__in=some), before).values_list("id", flat=True))
    return set(sorted(found, reverse=True)[:limit])


def _by_other_table(rows: QuerySet[Order], others: QuerySet[Any], before: int | None, limit: int) -> list[int]:
    """Orders that rows of another table point at, newest first."""
    found: list[int] = []
    looked_at = 0
    while len(found) < limit and looked_at < _MOST_LOOKED_AT:
        some = others.filter(order_id__lt=before) if before is not None else others
        keys = list(some.order_by("-order_id").values_list("order_id", flat=True)[:_AT_ONCE])
        if not keys:
            break
        before, looked_at = keys[-1], looked_at + len(keys)
        found += rows.filter(pk__in=set(keys)).order_by("-id").values_list("id", flat=True)
    return found[:limit]


# below: pages


def _by_key(rows: QuerySet[Order], after: str, limit: int, *, newest: bool) -> Ids:
    key = _behind(after)
    if not newest and key is not None:
        rows = rows.filter(pk__gt=key)
    elif newest:
        rows = _older(rows, key)
    found = rows.order_by("-id" if newest else "id").values_list("id", flat=True)[:limit]
    return [(key, _cursor(key)) for key in found]


def _by_moment(rows: QuerySet[Order], after: str, limit: int, *, newest: bool) -> Ids:
    """By a moment and then by key; `rows` name it `moment`."""
    if after:
        at, key = _moment_behind(after)
        then = Q(moment__lt=at) | Q(moment=at, pk__lt=key) if newest else Q(moment__gt=at) | Q(moment=at, pk__gt=key)
        rows = rows.filter(then)
    sign = "-" if newest else ""
    found = rows.order_by(f"{sign}moment", f"{sign}id").values_list("id", "moment")  # type: ignore[misc]
    return [(key, f"{_cursor(key)}t{_microseconds(moment):x}") for key, moment in found[:limit]]


def _older(rows: QuerySet[Order], key: int | None) -> QuerySet[Order]:
    return rows if key is None else rows.filter(pk__lt=key)


def _cursor(order_id: int) -> str:
    return f"o{order_id:x}"


def _behind(after: str) -> int | None:
    """None: from the beginning."""
    if not after:
        return None
    if not re.fullmatch(r"o[0-9a-f]{1,15}", after):
        raise _bad(after)
    return int(after[1:], 16)


def _moment_behind(after: str) -> tuple[datetime, int]:
    found = re.fullmatch(r"o([0-9a-f]{1,15})t([0-9a-f]{1,16})", after)
    if not found or int(found[2], 16) > _microseconds(_NEVER):
        raise _bad(after)
    return _EPOCH + timedelta(microseconds=int(found[2], 16)), int(found[1], 16)


def _bad(after: str) -> BadCursor:
    return BadCursor(
        _("'{after}' is not the end of a page. Take it from the page before, or leave it out.", after=after[:60])
    )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _microseconds(at: datetime) -> int:
    return max((at - _EPOCH) // timedelta(microseconds=1), 0)
