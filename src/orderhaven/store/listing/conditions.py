"""What a filter asks of an order, condition by condition, and by which index the orders that meet it are found.

A database guesses which index is best, and where values are spread unevenly it reads all of the history. So one condition leads to
the orders by the index that is meant, and the others are asked of columns that are `unindexed`: then there is nothing to guess.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeAlias

from django.db.models import Field, Manager, OuterRef, Q, QuerySet, Subquery, Transform

from orderhaven.core.searching import keys_that_begin_so, search_key
from orderhaven.core.status import Status
from orderhaven.store.listing.filters import Filter, Tab
from orderhaven.store.models import ConnectionState, Line, Link, Order, Person, Problem, Shipment, Told

Lookups: TypeAlias = Mapping[str, object]
NUMBERS = ("ref", "shop_number", "shop_ref")
_SHORTEST_BEGINNING = 2  # too many names begin with one letter for a list of them to be of use


@Field.register_lookup
class Unindexed(Transform):
    """A column in a form that no index has."""

    lookup_name = "unindexed"
    template = "COALESCE(%(expressions)s, %(expressions)s)"


def unindexed(**lookups: object) -> Q:
    parts = [(*name.rsplit("__", 1), value) for name, value in lookups.items()]
    return Q(**{f"{column}__unindexed__{sign}": value for column, sign, value in parts})


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """`met` asks it of one order. What finds all that meet it by an index, perhaps with other merchants' orders, is `keys`."""

    met: Q
    keys: QuerySet[Any, Any] | None = None  # None: no index finds them
    is_short: bool = False  # there are few of them, however long the history is
    walk: Q = field(default_factory=Q)  # as `met`, asked of the index
    sorted_by: str | None = None  # in which order the index has them, as `Filter.sorted_by`; None: in none of a list


def conditions_of(merchant_id: int, wanted: Filter, now: datetime) -> Iterator[Condition]:
    """Those that few orders meet come first."""
    orders = Order.objects.filter(merchant_id=merchant_id)
    statuses = _one_of("status", wanted.wanted_statuses)
    if wanted.tab is Tab.PROBLEMS or wanted.problems:
        kinds = {"kind__in": wanted.problems} if wanted.problems else {}
        yield _with(Problem.objects, is_short=True, solved_at__isnull=True, **kinds)
    if wanted.is_open:
        yield _in(orders, {"closed_at__isnull": True, **statuses}, is_short=True)
    if wanted.words:
        yield _search(wanted.words, by_person=wanted.by_person)
    if not wanted.is_open and len(wanted.wanted_statuses) < len(Status):
        yield _in(orders, statuses)
    if wanted.carrier is not None:
        yield _with(Shipment.objects, carrier__exact=wanted.carrier)
    if wanted.by_marketplace is not None:
        ships = _in(orders, {"by_marketplace__exact": wanted.by_marketplace})
        yield ships if wanted.by_marketplace else Condition(ships.met)  # the index has no others
    if wanted.marketplace or wanted.shop:
        links = Link.objects.filter(merchant_id=merchant_id).values_list("pk", "marketplace__name", "shop__name")
        named = [key for key, *names in links if wanted.is_between(*names)]
        yield _in(orders, _one_of("link__id", named))
    if wanted.has_dates:
        bounds = {"placed_at__gte": wanted.since, "placed_at__lt": wanted.until}
        yield _in(orders, {name: at for name, at in bounds.items() if at is not None}, moment="placed_at")
    beside_status = {
        Tab.SHIPPED: unindexed(closed_at__isnull=False),
        Tab.CONFIRMING: ~is_unconfirmed(),
        Tab.UNCONFIRMED: is_unconfirmed(),
        Tab.LATE: is_late(now),
    }
    if wanted.tab in beside_status:
        yield Condition(beside_status[wanted.tab])


def is_unconfirmed() -> Q:
    """Of a shipped order: it was rejected, its link is a dry run, or nothing is sent to its marketplace now."""
    silent = Link.objects.filter(Q(rehearsal=True) | ~Q(marketplace__state=ConnectionState.ACTIVE))
    return Q(marketplace_told=Told.REFUSED) | Q(link__in=silent)


def is_late(now: datetime) -> Q:
    return Q(ship_by__lt=now, by_marketplace=False)


def spellings_of(word: str) -> Collection[str]:
    """As it was typed, or all in capitals or in small letters: numbers are typed by hand, on phones too."""
    return tuple(dict.fromkeys((word, word.upper(), word.lower())))


# below: kinds of conditions


def _one_of(name: str, values: Collection[object]) -> Lookups:
    """An index finds orders of one value in the order of the list, of several it does not."""
    return {f"{name}__exact": next(iter(values))} if len(values) == 1 else {f"{name}__in": values}


def _in(orders: QuerySet[Order], lookups: Lookups, *, is_short: bool = False, moment: str = "") -> Condition:
    sorted_by = None if is_short or any(name.endswith("__in") for name in lookups) else moment
    return Condition(unindexed(**lookups), orders.filter(**lookups).values("pk"), is_short, Q(**lookups), sorted_by)


def _with(rows: Manager[Any], *, is_short: bool = False, **lookups: object) -> Condition:
    """Orders to which such a row of another table belongs."""
    own = rows.filter(unindexed(**lookups), order_id=OuterRef("pk")).values("order_id")[:1]
    # not EXISTS: PostgreSQL would look that up for the whole history first
    return Condition(Q(pk=Subquery(own)), rows.filter(**lookups).values("order_id"), is_short)


def _search(word: str, *, by_person: bool) -> Condition:
    """Each place where a word may stand has an index of its own."""
    spelled, key = spellings_of(word), search_key(word)
    places = [_in(Order.objects.all(), {f"{name}__in": spelled}) for name in (*NUMBERS, "code")]
    places += [_with(Line.objects, sku__in=spelled), _with(Line.objects, ean__in=spelled)]
    if by_person and len(key) >= _SHORTEST_BEGINNING:
        beginning = keys_that_begin_so(key)
        places += [
            _with(Person.objects, name_key__range=beginning),
            _with(Person.objects, postcode_key__range=beginning),
        ]
    first, *more = (one.keys for one in places if one.keys is not None)
    return Condition(reduce(or_, (one.met for one in places)), first.union(*more, all=True))
