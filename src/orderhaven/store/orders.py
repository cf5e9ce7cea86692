"""Taking in what a marketplace says of its orders: sightings from lists, and whole orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from orderhaven.core.order import LineFacts
from orderhaven.core.order import Order as WholeOrder
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import facts_so_far, marketplace_facts, newly_cancelled
from orderhaven.core.status import TABLE, Fact, Status
from orderhaven.ports.marketplace import Sighting
from orderhaven.store import links
from orderhaven.store.connections import Claim, fence
from orderhaven.store.consequences import move_order, want_taken_in
from orderhaven.store.deadlines import deadline_columns
from orderhaven.store.ledger import Ledger, orders_to_change
from orderhaven.store.models import Hold, Line, Link, Order, Person, Problem, Told
from orderhaven.store.privacy import overwrite_what_is_erased, take_in_the_journal
from orderhaven.store.shapes import (
    PERSON_COLUMNS,
    article_columns,
    facts_columns,
    facts_of,
    line_columns,
    order_columns,
    people_rows,
)
from orderhaven.store.sql import orders as statements
from orderhaven.store.sql.execute import in_statements
from orderhaven.store.sql.rows import know, unsaved
from orderhaven.store.sql.writes import insert, update


def take_sightings(
    claim: Claim, link: Link, sightings: Sequence[Sighting], now: datetime, *, accepts: bool = False
) -> list[Sighting]:
    """Apply what changed of orders that are known. Those never seen come back, each once: `take_new` is for them.

    `accepts`: the marketplace wants a yes to orders, so one that needs none any more has it.
    """
    with transaction.atomic():
        fence(claim)
        known = statements.known_lines(link.id, [sighting.ref for sighting in sightings])
        seen = [sighting for sighting in sightings if sighting.ref in known]
        _apply_changes(link, {one.ref: one for one in seen if _differs(known[one.ref], one)}, now)
        if accepts:
            _apply_acceptance(link, seen, now)
    whole = [sighting.order for sighting in seen if sighting.order is not None]
    if whole:
        take_orders(claim, link, _unread_among(link, whole), now)
    return list({sighting.ref: sighting for sighting in sightings if sighting.ref not in known}.values())


def take_new(claim: Claim, link: Link, sightings: Sequence[Sighting], now: datetime) -> int:
    """Insert orders never seen: those with their whole order go on their way to the shop, the others are to be read.

    Returns how many there were.
    """
    with transaction.atomic():
        fence(claim)
        return _insert_new(link, sightings, now)


def to_hear(connection_id: int, now: datetime) -> tuple[Link | None, bool]:
    """The link of a marketplace connection, None while it has none, and whether orders are still to be read."""
    link = links.of_marketplace(connection_id)
    return link, link is not None and bool(to_read(link, now, 1))


def to_read(link: Link, now: datetime, limit: int) -> list[str]:
    """Refs of orders that were seen and not yet read, oldest first."""
    return statements.unread(link.id, now, limit)


def take_orders(claim: Claim, link: Link, orders: Sequence[WholeOrder], now: datetime) -> None:
    """Complete orders that were sighted, with lines and people, and put them on their way to the shop."""
    by_ref = {order.ref: order for order in orders}
    with transaction.atomic():
        fence(claim)
        rows = orders_to_change(_keys_of(link, by_ref, Q(read_at__isnull=True)))
        fresh, read_before = [row for row in rows if not row.currency], [row for row in rows if row.currency]
        ledger = Ledger(now)
        lines: list[Line] = []
        for row in rows:
            lines += _complete(ledger, row, by_ref[row.ref])
        insert(lines, ignore_repeats=True)
        insert([person for row in fresh for person in people_rows(row, by_ref[row.ref])], ignore_repeats=True)
        _renew_people(read_before, by_ref)
        ledger.write()


def take_strange(claim: Claim, link: Link, refs: Collection[str], now: datetime) -> None:
    """Orders of which a list shows what nobody understands: each is to be read by itself, and listed until it is.

    A row that stays so is no news each time: the longer nothing changed in its order, the later that is read again. It is
    planned even so: a list of what changed shows a row once.
    """
    with transaction.atomic():
        fence(claim)
        known = _last_read(link, refs)
        ledger = Ledger(now)
        due = {one.key: one.at + _at_most_an_hour(one.at - one.changed_at) for one in known.values() if one.at}
        for row in orders_to_change(list(due)):
            ledger.change(row, read_at=None, read_due_at=due[row.id])
        ledger.write()
        never_seen = set(refs) - known.keys()
        # when it was placed is said once it is read
        _insert_new(link, [Sighting(ref, placed_at=now, changed_at=now, lines=()) for ref in sorted(never_seen)], now)


def reading_failed(
    claim: Claim,
    link: Link,
    ref: str,
    now: datetime,
    after: timedelta,
    problem: tuple[ProblemKind, Mapping[str, str]] | None,
) -> None:
    """A listed order that cannot be read: tried again later, with a Problem where a person must look.

    The longer that Problem stands, the more seldom it is tried.
    """
    with transaction.atomic():
        fence(claim)
        ledger = Ledger(now)
        for row in orders_to_change(_keys_of(link, [ref])):
            wait = after
            if problem is not None:
                said = Problem.objects.filter(order_id=row.id, kind=problem[0], solved_at__isnull=True).first()
                wait = max(after, _at_most_an_hour(now - said.at)) if said else after
                ledger.problem(row, problem[0], problem[1])
            ledger.change(row, read_due_at=now + wait)
        ledger.write()


def erase_people(now: datetime, after_closing: timedelta, after_placing: timedelta, limit: int) -> int:
    """Erase buyers' personal data whose time is over; the rest of the order stays. Returns how many rows went."""
    over = Q(order__closed_at__lt=now - after_closing) | Q(order__placed_at__lt=now - after_placing)
    keys = list(Person.objects.filter(over).values_list("id", flat=True)[:limit])
    if not keys:
        return 0
    overwrite_what_is_erased(on=True)
    try:
        Person.objects.filter(pk__in=keys).delete()
    finally:
        overwrite_what_is_erased(on=False)
    if len(keys) < limit:  # the last ones for now: what was written before they went lies in the journal still
        take_in_the_journal()
    return len(keys)


def _keys_of(link: Link, refs: Collection[str], *conditions: Q) -> list[int]:
    found = Order.objects.filter(*conditions, link=link)
    return [key for some in in_statements(refs) for key in found.filter(ref__in=some).values_list("id", flat=True)]


# below: orders that are read again

_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _LastRead:
    key: int
    at: datetime | None  # None: its next reading is planned already
    changed_at: datetime


def _last_read(link: Link, refs: Collection[str]) -> dict[str, _LastRead]:
    known: dict[str, _LastRead] = {}
    for some in in_statements(refs):
        rows = Order.objects.filter(link=link, ref__in=some)
        for ref, key, at, changed_at in rows.values_list("ref", "id", "read_at", "changed_at"):
            known[ref] = _LastRead(key, at, changed_at)
    return known


def _at_most_an_hour(pause: timedelta) -> timedelta:
    return min(pause, _LONGEST_PAUSE)


def _renew_people(rows: Sequence[Order], by_ref: Mapping[str, WholeOrder]) -> None:
    """Of orders that were read before: whoever is still there is as they stand now. What was erased does not come back."""
    if not rows:
        return
    kept = {(one.order_id, one.role): one.id for one in Person.objects.filter(order__in=rows)}
    renewed = []
    for row in rows:
        for person in people_rows(row, by_ref[row.ref]):
            if (row.id, person.role) in kept:
                person.id = kept[row.id, person.role]
                renewed.append(person)
    update(renewed, PERSON_COLUMNS)


# below: sightings


def _differs(known: Mapping[str, LineFacts], sighting: Sighting) -> bool:
    return any(known.get(line.ref) != line for line in sighting.lines)


def _insert_new(link: Link, sightings: Sequence[Sighting], now: datetime) -> int:
    rows = [_new_row(link, sighting, now) for sighting in sightings]
    keys = {ref: key for key, ref in insert(rows, ignore_repeats=True, returning=("id", "ref"))}
    ledger = Ledger(now)
    people: list[Person] = []
    inserted = [(row, sighting) for row, sighting in zip(rows, sightings, strict=True) if row.ref in keys]
    for row, sighting in inserted:
        row.id = keys[row.ref]
        row.kept_lines = _new_lines(row, sighting)
        ledger.touch(row)
        _first_facts(ledger, row)
        if sighting.order is not None:
            people += people_rows(row, sighting.order)
            _go_on(ledger, row, sighting.order)
    insert([line for row, _ in inserted for line in row.kept_lines], ignore_repeats=True)
    insert(people, ignore_repeats=True)
    ledger.write()
    return len(inserted)


def _new_row(link: Link, sighting: Sighting, now: datetime) -> Order:
    columns: dict[str, object] = {
        "placed_at": sighting.placed_at,
        "needs_acceptance": sighting.needs_acceptance,
        "by_marketplace": bool(sighting.lines) and all(line.by_marketplace for line in sighting.lines),
    }
    if sighting.order is not None:
        # as it mostly is; the ledger says it of the others
        columns |= order_columns(sighting.order) | deadline_columns(link, sighting.order)
        columns |= {"read_at": now, "shop_told": Told.BEING_TOLD}
    row = unsaved(
        Order,
        merchant_id=link.merchant_id,
        link_id=link.id,
        ref=sighting.ref,
        status=Status.PENDING_CONFIRMATION if sighting.needs_acceptance else Status.NOT_SHIPPED,
        hold=Hold.OLDER if sighting.placed_at < link.from_at else Hold.NONE,
        heard_at=now,
        changed_at=sighting.changed_at,
        **columns,
    )
    know(row, link=link)
    row.outbox = []
    return row


def _new_lines(row: Order, sighting: Sighting) -> list[Line]:
    """The lines of the whole order where it is there, and whatever else the list shows."""
    whole = sighting.order.lines if sighting.order is not None else ()
    columns = {line.ref: line_columns(line) for line in whole}
    columns |= {facts.ref: facts_columns(facts) for facts in sighting.lines if facts.ref not in columns}
    return [
        unsaved(Line, order_id=row.id, position=place, ref=ref, **given)
        for place, (ref, given) in enumerate(columns.items())
    ]


def _first_facts(ledger: Ledger, row: Order) -> None:
    """What happened to an order before it was heard moves it as news would."""
    ledger.event(row, "heard")
    for fact in facts_so_far(Status(row.status), map(facts_of, row.kept_lines)):
        move_order(ledger, row, fact)


def _apply_changes(link: Link, changed: Mapping[str, Sighting], now: datetime) -> None:
    if not changed:
        return
    ledger = Ledger(now)
    for row in orders_to_change(_keys_of(link, changed)):
        sighting = changed[row.ref]
        _merge_lines(ledger, row, sighting.lines)
        ledger.change(row, changed_at=sighting.changed_at)
    ledger.write()


_HEARS_OF_ACCEPTANCE = tuple(str(status) for status, facts in TABLE.items() if Fact.ACCEPTED in facts)


def _apply_acceptance(link: Link, sightings: Sequence[Sighting], now: datetime) -> None:
    """Orders that waited for a yes and have it: they are read again, for the address is often shown only then."""
    accepted = [sighting.ref for sighting in sightings if not sighting.needs_acceptance]
    rows = orders_to_change(_keys_of(link, accepted, Q(needs_acceptance=True, status__in=_HEARS_OF_ACCEPTANCE)))
    ledger = Ledger(now)
    for row in rows:
        ledger.change(
            row, read_at=None, needs_acceptance=False
        )  # first, so that it is placed only once it is read again
        move_order(ledger, row, Fact.ACCEPTED)
    if rows:
        ledger.write()


def _merge_lines(ledger: Ledger, row: Order, lines: Sequence[LineFacts]) -> None:
    """A sighting may show some lines only; the others stay as they were known."""
    kept = {line.ref: line for line in row.kept_lines}
    before = {ref: facts_of(line) for ref, line in kept.items()}
    now = before | {line.ref: line for line in lines}
    facts = marketplace_facts(
        Status(row.status), list(before.values()), list(now.values()), confirmed=row.confirmed_at is not None
    )
    # of an order that is cancelled, lines go one by one because we cancel them so
    if row.shop_ref and not facts and row.status != Status.CANCELLED:
        _say_lines_cancelled(ledger, row, kept, newly_cancelled(before, lines))
    for line in lines:
        if line.ref in kept and before[line.ref] != line:
            ledger.change_line(kept[line.ref], **facts_columns(line))
    for fact in facts:
        move_order(ledger, row, fact)


def _say_lines_cancelled(ledger: Ledger, row: Order, kept: Mapping[str, Line], refs: Sequence[str]) -> None:
    if refs:
        names = ", ".join(kept[ref].title or kept[ref].sku or ref for ref in refs if ref in kept)
        ledger.problem(row, ProblemKind.LINES_CANCELLED, {"lines": names})


# below: whole orders


def _unread_among(link: Link, orders: Sequence[WholeOrder]) -> list[WholeOrder]:
    refs = [order.ref for order in orders]
    unread = set(Order.objects.filter(link=link, ref__in=refs, read_at__isnull=True).values_list("ref", flat=True))
    return [order for order in orders if order.ref in unread]


def _complete(ledger: Ledger, row: Order, whole: WholeOrder) -> list[Line]:
    """Fill the listed order; lines that the list had not shown come back to be inserted."""
    if not row.kept_lines and whole.placed_at < row.link.from_at and _says_not_when_placed(row):
        ledger.change(row, hold=Hold.OLDER)
    deadline = deadline_columns(row.link, whole)
    ledger.change(
        row, **order_columns(whole), **deadline, changed_at=whole.changed_at, read_at=ledger.now, read_due_at=None
    )
    ledger.solve(row, (ProblemKind.ORDER_MISSING, ProblemKind.SURPRISE))
    kept = {line.ref: line for line in row.kept_lines}
    # first the articles as they are, then what happened to them since the list was read
    for place, line in enumerate(whole.lines):
        if line.ref in kept:
            ledger.change_line(kept[line.ref], position=place, **article_columns(line))
    fresh = [
        unsaved(Line, order_id=row.id, position=place, ref=line.ref, **line_columns(line))
        for place, line in enumerate(whole.lines)
        if line.ref not in kept
    ]
    _merge_lines(ledger, row, [line.facts for line in whole.lines])
    _go_on(ledger, row, whole)
    return fresh


def _says_not_when_placed(row: Order) -> bool:
    """Its list did not: then it stands as placed when it was heard."""
    return Order.objects.filter(pk=row.id, placed_at=F("heard_at")).exists()


def _go_on(ledger: Ledger, row: Order, whole: WholeOrder) -> None:
    """An order that was read goes on its way to the shop."""
    if whole.lines:
        want_taken_in(ledger, row)
    else:
        ledger.problem(row, ProblemKind.NO_LINES)
