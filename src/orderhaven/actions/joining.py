"""Joining a running trade: older orders are placed, adopted or left; and one that went away is placed again."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.orders import shown
from orderhaven.actions.outside import ask_of
from orderhaven.core.access import Power
from orderhaven.core.comparing import Comparison, Wanted, compare, leaving
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.shop_order import THROWN_AWAY, ProductWanted, ShopOrder, ShopState, with_numbers_only
from orderhaven.core.status import Status
from orderhaven.ports.shop import Shop
from orderhaven.store.consequences import want_taken_in
from orderhaven.store.hands import articles_of, changing, older_orders, open_problems, shop_order_taken_by
from orderhaven.store.ledger import Ledger
from orderhaven.store.listing.lookup import FoundOrder
from orderhaven.store.models import IN_FLIGHT, Hold, Kind, Line, Link, Order
from orderhaven.store.placing import matches_said
from orderhaven.store.shapes import wanted
from orderhaven.store.shop_readings import take
from orderhaven.store.versions import ExpectedVersion

_ALIVE = frozenset(
    {
        Status.NOT_SHIPPED,
        Status.PARTLY_SHIPPED,
        Status.PENDING_CONFIRMATION,
        Status.CANCELLATION_REQUESTED,
        Status.MANUAL,
    }
)


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of one pair. `sentence` says why it was not adopted; "" when it was."""

    ref: str
    shop_ref: str
    sentence: str


@needs(Power.ACT)
def adopt(
    by: Hand,
    ref: str,
    shop_ref: str,
    *,
    although_it_differs: bool = False,
    expected: ExpectedVersion | None = None,
) -> None:
    """Take shop order `shop_ref` (the shop's own key) for this order, instead of placing it. Raises Impossible."""
    found = by.order(ref)
    link = by.link(found.marketplace)
    seen = _look(by, link, [(found, shop_ref.strip())])
    _adopt(by, found, seen, shop_ref.strip(), although_it_differs, expected)


@needs(Power.ACT)
def adopt_all(by: Hand, pairs: Sequence[tuple[str, str]], *, although_they_differ: bool = False) -> list[Adopted]:
    """Adopt many: (ref, shop order). What cannot be adopted says why and holds nothing up.

    Raises Impossible when a shop cannot be asked.
    """
    done: list[Adopted] = []
    wanted: dict[int, list[tuple[FoundOrder, str]]] = {}
    for ref, shop_ref in pairs:
        try:
            found = by.order(ref)
        except Impossible as error:
            done.append(Adopted(ref, shop_ref, str(error)))
        else:
            wanted.setdefault(found.link_id, []).append((found, shop_ref.strip()))
    for some in wanted.values():
        done += _adopt_of_link(by, by.link(some[0][0].marketplace), some, although_they_differ)
    return done


def pairs_in(text: str) -> list[tuple[str, str]]:
    """Lines of `order,shop order`, with comma, semicolon or tab; headings may stand on top. Raises Impossible."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=separator) if any(row)]
    for number, row in enumerate(rows, start=1):
        if len(row) < 2 or not row[0].strip() or not row[1].strip():
            raise impossible(
                "Line {number} does not name an order and a shop order: {line}", number=number, line=separator.join(row)
            )
    pairs = [(row[0].strip(), row[1].strip()) for row in rows]
    return pairs[1:] if pairs and not any(sign.isdigit() for sign in pairs[0][1]) else pairs


@needs(Power.ACT)
def place(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Place an order that was held because it is older than its link, or that was left. Raises Impossible."""
    found = by.order(ref)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        _demand_not_in_shop(row)
        if not row.hold:
            raise impossible(
                "Order {ref} is not held back: it is '{status}' and placed by itself.", ref=row.ref, status=shown(row)
            )
        _place(ledger, row)


@needs(Power.ACT)
def place_older(by: Hand, marketplace: str) -> int:
    """Place every open order from before the link. How many."""
    return _older(by, marketplace, _place)


@needs(Power.ACT)
def leave(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Never place this order; it is listed and what happens to it is written down. Raises Impossible."""
    found = by.order(ref)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        _demand_not_in_shop(row)
        if row.hold == Hold.LEFT:
            raise impossible("Order {ref} is left alone already. It can still be placed.", ref=row.ref)
        _leave(ledger, row)


@needs(Power.ACT)
def leave_older(by: Hand, marketplace: str) -> int:
    return _older(by, marketplace, _leave)


@needs(Power.ACT)
def place_again(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Make a new shop order for one whose shop order was deleted or trashed. Raises Impossible."""
    found = by.order(ref)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        gone = row.shop_state in THROWN_AWAY or ProblemKind.SHOP_ORDER_GONE in open_problems(row.pk)
        if not row.shop_ref or not gone:
            raise impossible("The shop order of order {ref} is not gone, so it is not placed again.", ref=row.ref)
        if row.status != Status.NOT_SHIPPED:
            raise impossible(
                "Order {ref} is '{status}': only one that is still to be shipped is placed again.",
                ref=row.ref,
                status=shown(row),
            )
        before = row.shop_number or row.shop_ref
        ledger.change(
            row, hold=Hold.NONE, shop_ref="", shop_number="", shop_state="", shop_word="", completed_at=None, code="",
            number_unread=False, carrier_word="", code_url="", label="",
        )  # fmt: skip
        for line in row.lines.all():
            ledger.change_line(line, placed=0, product_ref="")
        ledger.solve(row, (ProblemKind.SHOP_ORDER_GONE, ProblemKind.QUANTITIES_DIFFER, ProblemKind.NUMBER_UNREAD))
        ledger.event(row, "to_be_placed_again", {"instead_of": before})
        ledger.put(row, Kind.PLACE, anew=True)


# below: adopting


def _adopt_of_link(by: Hand, link: Link, some: Sequence[tuple[FoundOrder, str]], force: bool) -> list[Adopted]:
    done = []
    step = by.declaration(link.shop.connector).limits.orders_per_look
    for start in range(0, len(some), step):
        part = some[start : start + step]
        seen = _look(by, link, part)
        for found, shop_ref in part:
            why = ""
            try:
                _adopt(by, found, seen, shop_ref, force)
            except Impossible as error:
                why = str(error)
            done.append(Adopted(found.ref, shop_ref, why))
    return done


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the shop says: its orders by their keys, and its products for what was ordered."""

    readings: Mapping[str, ShopOrder]
    products: Mapping[ProductWanted, str]


def _look(by: Hand, link: Link, pairs: Sequence[tuple[FoundOrder, str]]) -> _Seen:
    wanted = articles_of([found.order_id for found, _ in pairs])
    named = matches_said(link.shop_id, wanted)
    rest = [article for article in wanted if article not in named]
    shop_refs = tuple(dict.fromkeys(shop_ref for _, shop_ref in pairs))

    async def question(shop: Shop) -> _Seen:
        return _Seen(await shop.read(shop_refs), {**await shop.find_products(rest), **named})

    return ask_of(by, link.shop, question)


def _adopt(
    by: Hand,
    found: FoundOrder,
    seen: _Seen,
    shop_ref: str,
    force: bool,
    expected: ExpectedVersion | None = None,
) -> None:
    differs, reading = "", seen.readings[shop_ref]
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        _demand_adoptable(row, reading)
        compared = compare(_wanted(row, seen.products), reading.lines, leaving)
        differs = "" if force else _difference(row, reading, compared)
        if differs:
            values = {"shop_ref": reading.number or reading.shop_ref, "reason": differs}
            ledger.problem(row, ProblemKind.ADOPTED_DIFFERS, values)
        else:
            _take_over(ledger, row, reading, compared.taken_as_it_is())
    if differs:
        raise Impossible(
            sentence(ProblemKind.ADOPTED_DIFFERS, values)
            + " "
            + _("If it is the right one all the same, say that you take it although it differs.")
        )


def _demand_adoptable(row: Order, reading: ShopOrder) -> None:
    number = reading.number or reading.shop_ref
    if row.status not in _ALIVE:
        raise impossible(
            "Order {ref} is '{status}': there is nothing to adopt a shop order for.", ref=row.ref, status=shown(row)
        )
    if row.read_at is None:
        raise impossible("Order {ref} was listed and is not read yet. Try again in a minute.", ref=row.ref)
    if row.shop_ref and row.shop_state not in THROWN_AWAY:
        raise _in_shop_already(row)
    _demand_not_on_its_way(row)
    if reading.state is ShopState.GONE:
        raise impossible(
            "The shop has no order {shop_ref}. Give the shop's own key of it, as in its address.",
            shop_ref=reading.shop_ref,
        )
    if reading.state is ShopState.TRASHED:
        raise impossible(
            "Shop order {number} is in the trash. Put it back first, or place order {ref}.", number=number, ref=row.ref
        )
    if reading.state is ShopState.CANCELLED:
        raise impossible(
            "Shop order {number} is cancelled. Reopen it first, or place order {ref}.", number=number, ref=row.ref
        )
    taken_by = shop_order_taken_by(row.link.shop_id, reading.shop_ref)
    if taken_by and taken_by != row.ref:
        raise impossible("Shop order {number} belongs to order {ref} already.", number=number, ref=taken_by)


def _wanted(row: Order, products: Mapping[ProductWanted, str]) -> list[Wanted]:
    return [
        wanted(line, _to_ship(line), products.get(ProductWanted(line.sku, line.ean), ""))
        for line in _ours(row)
        if _to_ship(line)
    ]


def _difference(row: Order, reading: ShopOrder, compared: Comparison) -> str:
    """A reason, as `core.reasons` says it: it is written down."""
    if compared.differences:
        return compared.reason
    whole = all(line.cancelled == 0 and not line.by_marketplace for line in row.lines.all())
    if whole and reading.total is not None and reading.total.currency != row.currency:
        return f"it is in {reading.total.currency} instead of {row.currency}"
    if whole and reading.total is not None and reading.total.amount != row.total:
        return f"its total is {reading.total} instead of {row.total.normalize():f} {row.currency}"
    return ""


def _take_over(ledger: Ledger, row: Order, reading: ShopOrder, products: Mapping[str, str]) -> None:
    ledger.drop_unsent(row, (Kind.PLACE,))
    ledger.solve(row, open_problems(row.pk))
    ledger.change(row, hold=Hold.NONE, shop_ref=reading.shop_ref, shop_number=reading.number, shop_state="")
    for line in _ours(row):
        ledger.change_line(line, placed=_to_ship(line), product_ref=products.get(line.ref, "")[:100])
    ledger.event(row, "adopted", {"shop_ref": reading.shop_ref, "number": reading.number})
    ledger.touch(row)
    want_taken_in(ledger, row)
    take(ledger, row, with_numbers_only(reading))


def _ours(row: Order) -> list[Line]:
    lines = list(row.lines.all())
    return [line for line in lines if not line.by_marketplace] or lines


def _to_ship(line: Line) -> int:
    return line.ordered - line.cancelled


# below: placing and leaving


def _demand_not_in_shop(row: Order) -> None:
    if row.shop_ref:
        raise _in_shop_already(row)
    _demand_not_on_its_way(row)


def _in_shop_already(row: Order) -> Impossible:
    number = row.shop_number or row.shop_ref
    return impossible("Order {ref} stands in the shop already, as {number}.", ref=row.ref, number=number)


def _demand_not_on_its_way(row: Order) -> None:
    if any(message.kind == Kind.PLACE and message.state in IN_FLIGHT for message in row.outbox):
        raise impossible("Order {ref} is being placed at this moment. Look again in a minute.", ref=row.ref)


def _place(ledger: Ledger, row: Order) -> None:
    ledger.change(row, hold=Hold.NONE)
    ledger.solve(row, (ProblemKind.ADOPTED_DIFFERS,))
    ledger.event(row, "to_be_placed")
    want_taken_in(ledger, row)


def _leave(ledger: Ledger, row: Order) -> None:
    ledger.drop_unsent(row, (Kind.PLACE,))
    ledger.change(row, hold=Hold.LEFT)
    ledger.solve(row, (ProblemKind.ADOPTED_DIFFERS, ProblemKind.UNKNOWN_PRODUCT))
    ledger.event(row, "left")


def _older(by: Hand, marketplace: str, act: Callable[[Ledger, Order], None]) -> int:
    link = by.link(marketplace)
    count = 0
    while some := older_orders(link.pk):
        with changing(some, by.clock.now(), by.actor) as (ledger, rows):
            for row in rows:
                act(ledger, row)
        count += len(some)
    return count
