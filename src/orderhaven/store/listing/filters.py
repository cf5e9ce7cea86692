"""Which orders a list shows: its filters, the conditions they become, and the search."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, TypeAlias

from django.db.models import Field, Manager, OuterRef, Q, QuerySet, Subquery, Transform

from orderhaven.core.carriers import Carrier
from orderhaven.core.order import key_prefixes, search_key
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.core.translation import NamedEnum
from orderhaven.store.models import ConnectionState, Line, Link, Order, OrderContact, Problem, Shipment, SyncState


class Tab(NamedEnum):
    ALL = "all", "All"
    PROBLEMS = "problems", "Problems"
    NOT_SHIPPED = "not_shipped", "Not shipped"
    WAITING = "waiting", "Waiting"
    CONFIRMING = "confirming", "Being confirmed"  # shipped, and the marketplace has not agreed yet
    # shipped, and the marketplace is not updated until a user does something
    UNCONFIRMED = "unconfirmed", "Not confirmed"
    SHIPPED = "shipped", "Shipped"  # and the marketplace was updated
    ASKED = "cancellation_requested", "Cancellation requested"
    CANCELLED = "cancelled", "Cancelled"
    MANUAL = "manual", "Manual"
    LATE = "late", "Late"  # the time by which it had to be sent is over


class Sort(NamedEnum):
    NEWEST = "newest", "Newest first"  # received last comes first
    OLDEST = "oldest", "Oldest first"
    SHIP_BY = "ship_by", "To be sent first"  # open orders only: what must be sent first comes first


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


EVERYTHING = Filter()


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
        yield _with(Problem.objects, is_short=True, resolved_at__isnull=True, **kinds)
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
        yield _of_connections(merchant_id, orders, wanted)
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
    silent = Link.objects.filter(Q(dry_run=True) | ~Q(marketplace__state=ConnectionState.ACTIVE))
    return Q(marketplace_sync=SyncState.REJECTED) | Q(link__in=silent)


def is_late(now: datetime) -> Q:
    return Q(ship_by__lt=now, by_marketplace=False)


def spellings_of(word: str) -> Collection[str]:
    """As it was typed, or all in capitals or in small letters: numbers are typed by hand, on phones too."""
    return tuple(dict.fromkeys((word, word.upper(), word.lower())))


# below: kinds of conditions


def _of_connections(merchant_id: int, orders: QuerySet[Order], wanted: Filter) -> Condition:
    names = {"marketplace__name": wanted.marketplace, "shop__name": wanted.shop}
    links = Link.objects.filter(merchant_id=merchant_id, **{column: name for column, name in names.items() if name})
    linked = _in(orders, _one_of("link__id", list(links.values_list("pk", flat=True))))
    of_no_link = Q(connection__name=wanted.marketplace, link__isnull=True)
    if wanted.shop or not orders.filter(of_no_link).exists():
        return linked
    keys = orders.filter(of_no_link).values("pk")
    return Condition(linked.met | of_no_link, linked.keys.union(keys, all=True) if linked.keys is not None else keys)


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
    places = [_in(Order.objects.all(), {f"{name}__in": spelled}) for name in (*NUMBERS, "tracking_number")]
    places += [_with(Line.objects, sku__in=spelled), _with(Line.objects, ean__in=spelled)]
    if by_person and len(key) >= _SHORTEST_BEGINNING:
        beginning = key_prefixes(key)
        places += [
            _with(OrderContact.objects, name_key__range=beginning),
            _with(OrderContact.objects, postcode_key__range=beginning),
        ]
    first, *more = (one.keys for one in places if one.keys is not None)
    return Condition(reduce(or_, (one.met for one in places)), first.union(*more, all=True))


@dataclass(frozen=True, slots=True)
class FoundOrder:
    order_id: int
    ref: str
    marketplace: str  # the connection's name
    connector: str  # of the marketplace
    link_id: int | None  # None: no link does orders of its channel


def find_orders(merchant_id: int, words: str) -> list[FoundOrder]:
    """By the marketplace's number or the shop's, in capitals or not.

    Several when more than one goes by it; then `NAME/NUMBER` names the connection too, and the number is the marketplace's.
    """
    name, slash, number = words.partition("/")
    spelled = {one for word in (words, number) if word for one in spellings_of(word)}
    with_number = reduce(or_, (Q(**{f"{name}__in": spelled}) for name in NUMBERS))
    rows = Order.objects.filter(unindexed(merchant__id__exact=merchant_id), with_number).order_by("pk")
    found = [(_found(row), row) for row in rows.select_related("connection", "link__shop")]
    named = [one for one, _row in found if slash and (one.marketplace, one.ref) == (name, number)]
    return named or _as_written(words, name, number, found)


def _found(row: Order) -> FoundOrder:
    return FoundOrder(row.pk, row.ref, row.connection.name, row.connection.connector, row.link_id)


def _as_written(words: str, name: str, number: str, found: Sequence[tuple[FoundOrder, Order]]) -> list[FoundOrder]:
    """A marketplace's number exactly as it stands there is not that of another which differs in capitals."""

    def is_shop_number(row: Order, word: str) -> bool:
        return word.casefold() in (row.shop_number.casefold(), row.shop_ref.casefold())

    by_ref = [one for one, _row in found if one.ref == words]
    by_ref = by_ref or [one for one, _row in found if one.ref.casefold() == words.casefold()]
    by_shop = [one for one, row in found if is_shop_number(row, words)]
    by_name = [
        one
        for one, row in found
        if (one.marketplace == name and one.ref.casefold() == number.casefold())
        or (row.link is not None and row.link.shop.name == name and is_shop_number(row, number))
    ]
    return list(dict.fromkeys([*by_ref, *by_shop, *by_name]))
