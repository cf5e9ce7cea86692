"""The order list: filters, search, pages. A constant number of queries, and no personal data in a row.

The one order with everything about it stands in `order_page.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store import sql
from orderhaven.store.filters import EVERYTHING, Filter
from orderhaven.store.finding import page_of_keys
from orderhaven.store.models import ConnectionState, Hold, Line, Order, Problem, Shipment, Told
from orderhaven.store.walking import along


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
    connection: ConnectionState  # of its marketplace
    is_confirmed: bool  # by the marketplace, on our word
    placed_at: datetime
    ship_by: datetime | None
    ship_by_is_estimated: bool  # from the day of delivery; else the marketplace states it
    wait_until: datetime | None  # None: it does not wait for a code
    code: str
    carriers: tuple[str, ...]  # of its confirmed shipments; a carrier of an older version may be none of today's
    pieces: int
    total: Decimal
    currency: str  # "" while only the list was read
    problems: tuple[ProblemKind, ...]

    @property
    def is_unconfirmed(self) -> bool:
        """Shipped, and the marketplace is not told until a person does something; as `Tab.UNCONFIRMED` finds them."""
        is_open = self.status is Status.SHIPPED and not self.is_confirmed and not self.handled_by_others
        return is_open and (self.marketplace_told is Told.REFUSED or not self.sends)

    @property
    def sends(self) -> bool:
        return not self.rehearsal and self.connection is ConnectionState.ACTIVE


@dataclass(frozen=True, slots=True)
class Page:
    rows: tuple[Row, ...]
    after: str  # opaque: give it back for the next page, also when this one is not full; "" when this is the last


def orders(merchant_id: int, wanted: Filter = EVERYTHING, after: str = "", limit: int = 50, *, now: datetime) -> Page:
    """One page, in the order that is wanted. Raises BadCursor."""
    keys = page_of_keys(merchant_id, wanted, after, limit, now)
    shown = keys.orders
    found = Order.objects.filter(pk__in=shown).select_related("link__marketplace", "link__shop")
    rows = {row.pk: row for row in found}
    problems, pieces, carriers = _problems(shown), _pieces(shown), _carriers(shown)
    return Page(
        rows=tuple(
            row_of(rows[key], problems.get(key, ()), pieces.get(key, 0), carriers.get(key, ()))
            for key in shown
            if key in rows
        ),
        after=keys.after,
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


def find(merchant_id: int, words: str) -> list[Found]:
    """Orders that a person means by a number: the marketplace's or the shop's, in capitals or not.

    Several when more than one goes by it; then `NAME/NUMBER` names the connection too, and the number is the marketplace's.
    """
    name, slash, rest = words.partition("/")
    spelled = [one for word in (words, rest if slash else "") if word for one in (word, word.upper(), word.lower())]
    numbers = sorted(set(spelled))
    text = " UNION ".join(
        _FIND.format(orders=along("store_order", "o", f"order_by_{column}"), column=column, marks=sql.marks(numbers))
        for column in _NUMBERS
    )
    rows = sql.rows(f"{text} ORDER BY 1", [*numbers, merchant_id] * len(_NUMBERS))
    found = [(Found(*row[:6]), row[6:]) for row in rows]
    named = [one for one, _ in found if slash and (one.marketplace, one.ref) == (name, rest)]
    if named:
        return named
    return _as_written(words, name, rest, found)


# below: how

_NUMBERS = ("ref", "shop_number", "shop_ref")
_FIND = """
SELECT o.id, o.ref, m.name, m.connector, s.connector, o.link_id, s.name, o.shop_number, o.shop_ref
FROM {orders} JOIN store_link l ON l.id = o.link_id
JOIN store_connection m ON m.id = l.marketplace_id JOIN store_connection s ON s.id = l.shop_id
WHERE o.{column} IN ({marks}) AND o.merchant_id = %s
"""


def _as_written(words: str, name: str, rest: str, found: Sequence[tuple[Found, Sequence[str]]]) -> list[Found]:
    """A marketplace's number exactly as it stands there is not that of another which differs in capitals."""
    word, behind = words.casefold(), rest.casefold()
    by_ref = [one for one, _ in found if one.ref == words] or [one for one, _ in found if one.ref.casefold() == word]
    by_shop = [one for one, (_, *numbers) in found if word in map(str.casefold, numbers)]
    by_name = [
        one
        for one, (shop, *numbers) in found
        if (one.marketplace == name and one.ref.casefold() == behind)
        or (shop == name and behind in map(str.casefold, numbers))
    ]
    return list(dict.fromkeys([*by_ref, *by_shop, *by_name]))


def _problems(order_ids: Sequence[int]) -> Mapping[int, tuple[ProblemKind, ...]]:
    rows = Problem.objects.filter(order_id__in=order_ids, solved_at__isnull=True).order_by("id")
    found: dict[int, tuple[ProblemKind, ...]] = {}
    for order_id, kind in rows.values_list("order_id", "kind"):
        found[order_id] = (*found.get(order_id, ()), ProblemKind(kind))
    return found


def _pieces(order_ids: Sequence[int]) -> Mapping[int, int]:
    rows = Line.objects.filter(order_id__in=order_ids).values("order_id").annotate(pieces=Sum("ordered"))
    return {row["order_id"]: row["pieces"] for row in rows}


def _carriers(order_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    rows = Shipment.objects.filter(order_id__in=order_ids).exclude(carrier="").order_by("id")
    found: dict[int, dict[str, None]] = {}
    for order_id, carrier in rows.values_list("order_id", "carrier"):
        found.setdefault(order_id, {})[carrier] = None
    return {order_id: tuple(each) for order_id, each in found.items()}


def row_of(row: Order, problems: tuple[ProblemKind, ...], pieces: int, carriers: tuple[str, ...]) -> Row:
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
        connection=ConnectionState(row.link.marketplace.state),
        is_confirmed=row.confirmed_at is not None,
        placed_at=row.placed_at,
        ship_by=row.ship_by,
        ship_by_is_estimated=row.ship_by_is_estimated,
        wait_until=row.wait_until if row.status == Status.WAITING else None,
        code=row.code,
        carriers=carriers,
        pieces=pieces,
        total=row.total,
        currency=row.currency,
        problems=problems,
    )
