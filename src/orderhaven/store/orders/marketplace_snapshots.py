"""Recording what a marketplace says of its orders: summaries from lists, and whole orders."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from msgspec.structs import replace

from orderhaven.core.order import LineQuantities, WaitsFor
from orderhaven.core.order import MarketplaceOrder as WholeOrder
from orderhaven.core.problems import ProblemKind
from orderhaven.core.references import order_reference
from orderhaven.core.status import Status, initial_triggers, marketplace_triggers, newly_cancelled
from orderhaven.ports.marketplace import OrderSummary
from orderhaven.store.connections.connections import Claim, fence
from orderhaven.store.connections.routing import Routing
from orderhaven.store.models import Connection, Hold, Line, Order, OrderContact, Problem, SyncState
from orderhaven.store.orders.changes_there import as_read, take_changes
from orderhaven.store.orders.conversions import (
    article_columns,
    contact_rows,
    deadline_columns,
    facts_columns,
    facts_of,
    line_columns,
    order_columns,
)
from orderhaven.store.orders.follow_ups import enqueue_intake, transition_order
from orderhaven.store.orders.read_again import (
    UNTIL_SHOWN,
    apply_wait,
    hides_address,
    last_read,
    renew_people,
    says_not_when_placed,
    without_address,
)
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.orders.unlinked import hold_of, route, say_where_it_goes
from orderhaven.store.sql import statements
from orderhaven.store.sql.execute import in_statements, insert
from orderhaven.store.sql.rows import know, links_by_channel, new_row
from orderhaven.store.upkeep.privacy import overwrite_what_is_erased, take_in_the_journal


class SummaryNews(NamedTuple):
    """What a page of summaries leaves to be done."""

    never_seen: list[OrderSummary]  # each once: `insert_orders` is for them
    read_again: bool  # whether known orders are to be read anew


def record_summaries(claim: Claim, routing: Routing, summaries: Sequence[OrderSummary], now: datetime) -> SummaryNews:
    """Apply what changed of orders that are known.

    One that waits for something else than before, or for nothing any more, is to be read again and moves then: its address is
    often shown only once it is released. So is one whose addresses, lines or prices are others than those that were read.
    """
    with transaction.atomic():
        fence(claim)
        known = statements.known_orders(routing.connection.id, [summary.ref for summary in summaries])
        seen = [summary for summary in summaries if summary.ref in known]
        changed = {one.ref: one for one in seen if _differs(known[one.ref].lines, one)}
        _apply_changes(routing, changed, now)
        outdated = {one.ref: one for one in seen if _is_outdated(known[one.ref], one, changed)}
        if outdated:
            _plan_reading(routing, outdated, now)
    whole = [summary.order for summary in seen if summary.order is not None]
    if whole:
        record_orders(claim, routing, _unread_among(routing, whole), now)
    return SummaryNews(
        list({summary.ref: summary for summary in summaries if summary.ref not in known}.values()), bool(outdated)
    )


def insert_orders(claim: Claim, routing: Routing, summaries: Sequence[OrderSummary], now: datetime) -> int:
    """Insert orders never seen: those with their whole order go on their way to the shop, the others are to be read.

    Returns how many there were.
    """
    with transaction.atomic():
        fence(claim)
        return _insert_new(routing, summaries, now)


def refs_due(connection: Connection, now: datetime) -> tuple[Routing | None, bool]:
    """Where new orders of a marketplace go, None while it is not to be pulled, and whether orders are still to be read.

    It is pulled while a link does its orders, and after that as long as one of them is open.
    """
    routing = Routing(connection, links_by_channel(connection.id))
    if not routing.by_channel and not Order.objects.filter(connection=connection, closed_at__isnull=True).exists():
        return None, False
    return routing, bool(refs_to_read(routing, now, 1))


def refs_to_read(routing: Routing, now: datetime, limit: int) -> list[str]:
    """Refs of orders that were seen and not yet read, oldest first."""
    return statements.unread(routing.connection.id, now, limit)


def record_orders(claim: Claim, routing: Routing, orders: Sequence[WholeOrder], now: datetime) -> None:
    """Complete orders that were sighted, with lines and people, and put them on their way to the shop."""
    by_ref = {order.ref: order for order in orders}
    with transaction.atomic():
        fence(claim)
        rows = orders_to_change(_keys_of(routing, by_ref, Q(read_at__isnull=True)))
        fresh, read_before = [row for row in rows if not row.currency], [row for row in rows if row.currency]
        had_no_address, before = without_address(read_before), as_read(read_before)
        uow = UnitOfWork(now)
        lines: list[Line] = []
        for row in rows:
            lines += _complete(uow, routing, row, by_ref[row.ref])
        insert(lines, ignore_repeats=True)
        insert(
            [person for row in [*fresh, *had_no_address] for person in contact_rows(row, by_ref[row.ref])],
            ignore_repeats=True,
        )
        renew_people(read_before, by_ref)
        for row in read_before:
            take_changes(uow, row, before[row.id], by_ref[row.ref])
        uow.write()


def record_unreadable(claim: Claim, routing: Routing, refs: Collection[str], now: datetime) -> None:
    """Orders of which a list shows what nobody understands: each is to be read by itself, and listed until it is.

    A row that stays so is no news each time: the longer nothing changed in its order, the later that is read again. It is
    planned even so: a list of what changed shows a row once.
    """
    with transaction.atomic():
        fence(claim)
        known = last_read(routing, refs)
        uow = UnitOfWork(now)
        due = {one.key: one.at + _at_most_an_hour(one.at - one.changed_at) for one in known.values() if one.at}
        for row in orders_to_change(list(due)):
            uow.change(row, read_at=None, read_due_at=due[row.id])
        uow.write()
        never_seen = set(refs) - known.keys()
        # when it was placed is said once it is read
        _insert_new(
            routing, [OrderSummary(ref, placed_at=now, changed_at=now, lines=()) for ref in sorted(never_seen)], now
        )


def fetch_failed(
    claim: Claim,
    routing: Routing,
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
        uow = UnitOfWork(now)
        for row in orders_to_change(_keys_of(routing, [ref])):
            wait = after
            if problem is not None:
                said = Problem.objects.filter(order_id=row.id, kind=problem[0], resolved_at__isnull=True).first()
                wait = max(after, _at_most_an_hour(now - said.at)) if said else after
                uow.problem(row, problem[0], problem[1])
            uow.change(row, read_due_at=now + wait)
        uow.write()


def erase_contacts(now: datetime, after_closing: timedelta, after_creating: timedelta, limit: int) -> int:
    """Erase buyers' personal data whose time is over; the rest of the order stays. Returns how many rows went."""
    over = Q(order__closed_at__lt=now - after_closing) | Q(order__placed_at__lt=now - after_creating)
    keys = list(OrderContact.objects.filter(over).values_list("id", flat=True)[:limit])
    if not keys:
        return 0
    Order.objects.filter(contacts__in=keys).exclude(fingerprint="").update(fingerprint="")
    overwrite_what_is_erased(on=True)
    try:
        OrderContact.objects.filter(pk__in=keys).delete()
    finally:
        overwrite_what_is_erased(on=False)
    if len(keys) < limit:  # the last ones for now: what was written before they went lies in the journal still
        take_in_the_journal()
    return len(keys)


def _keys_of(routing: Routing, refs: Collection[str], *conditions: Q) -> list[int]:
    found = Order.objects.filter(*conditions, connection=routing.connection)
    return [key for some in in_statements(refs) for key in found.filter(ref__in=some).values_list("id", flat=True)]


# below: orders that are read again

_LONGEST_PAUSE = timedelta(hours=1)


def _at_most_an_hour(pause: timedelta) -> timedelta:
    return min(pause, _LONGEST_PAUSE)


# below: summaries


def _differs(known: Mapping[str, LineQuantities], summary: OrderSummary) -> bool:
    return any(known.get(line.ref) != line for line in summary.lines)


def _is_outdated(known: statements.KnownOrder, summary: OrderSummary, changed: Collection[str]) -> bool:
    """Whether more changed than a list can say."""
    if known.waits_for != summary.waits_for or (summary.fingerprint and known.fingerprint != summary.fingerprint):
        return True
    ordered = {ref: line.ordered for ref, line in known.lines.items()} if summary.ref in changed else {}
    return bool(ordered) and any(ordered.get(line.ref) != line.ordered for line in summary.lines)


def _insert_new(routing: Routing, summaries: Sequence[OrderSummary], now: datetime) -> int:
    rows = [_new_row(routing, summary, now) for summary in summaries]
    keys = {ref: key for key, ref in insert(rows, ignore_repeats=True, returning=("id", "ref"))}
    uow = UnitOfWork(now)
    people: list[OrderContact] = []
    inserted = [(row, summary) for row, summary in zip(rows, summaries, strict=True) if row.ref in keys]
    for row, summary in inserted:
        row.id = keys[row.ref]
        row.prefetched_lines = _new_lines(row, summary)
        uow.touch(row)
        _apply_initial_triggers(uow, row)
        if summary.order is not None:
            people += contact_rows(row, summary.order)
            _go_on(uow, row, summary.order)
    insert([line for row, _ in inserted for line in row.prefetched_lines], ignore_repeats=True)
    insert(people, ignore_repeats=True)
    uow.write()
    return len(inserted)


def _new_row(routing: Routing, summary: OrderSummary, now: datetime) -> Order:
    columns: dict[str, object] = {
        "placed_at": summary.placed_at,
        "channel": summary.channel[:100],
        "waits_for": summary.waits_for,
        "fingerprint": summary.fingerprint[:100],
        "by_marketplace": bool(summary.lines) and all(line.by_marketplace for line in summary.lines),
    }
    link = routing.link_for((summary.order or summary).channel)
    if summary.order is not None:
        # as it mostly is; the unit of work says it of the others
        columns |= order_columns(summary.order) | deadline_columns(link, summary.order)
        columns |= {"read_at": now, "shop_sync": SyncState.PENDING if link is not None else SyncState.NONE}
    if summary.order is not None and hides_address(summary.order):
        columns |= {"read_at": None, "read_due_at": now + UNTIL_SHOWN}
    row = new_row(
        Order,
        merchant_id=routing.connection.merchant_id,
        connection_id=routing.connection.id,
        link_id=link.id if link is not None else None,
        ref=summary.ref,
        reference=order_reference(routing.connection.connector, routing.connection.fingerprint, summary.ref),
        status=Status.PENDING_CONFIRMATION if columns["waits_for"] else Status.NOT_SHIPPED,
        hold=hold_of(link, summary.placed_at),
        received_at=now,
        changed_at=summary.changed_at,
        **columns,
    )
    know(row, link=link, connection=routing.connection)
    row.outbox = []
    return row


def _new_lines(row: Order, summary: OrderSummary) -> list[Line]:
    """The lines of the whole order where it is there, and whatever else the list shows."""
    whole = summary.order.lines if summary.order is not None else ()
    columns = {line.ref: line_columns(line) for line in whole}
    columns |= {facts.ref: facts_columns(facts) for facts in summary.lines if facts.ref not in columns}
    return [
        new_row(Line, order_id=row.id, position=place, ref=ref, **given)
        for place, (ref, given) in enumerate(columns.items())
    ]


def _apply_initial_triggers(uow: UnitOfWork, row: Order) -> None:
    """What happened to an order before it was first pulled moves it as news would."""
    uow.event(row, "received")
    for fact in initial_triggers(Status(row.status), map(facts_of, row.prefetched_lines)):
        transition_order(uow, row, fact)


def _apply_changes(routing: Routing, changed: Mapping[str, OrderSummary], now: datetime) -> None:
    if not changed:
        return
    uow = UnitOfWork(now)
    for row in orders_to_change(_keys_of(routing, changed)):
        summary = changed[row.ref]
        _merge_lines(uow, row, _as_ordered(row, summary.lines))
        uow.change(row, changed_at=summary.changed_at)
    uow.write()


def _as_ordered(row: Order, lines: Sequence[LineQuantities]) -> Sequence[LineQuantities]:
    """How many were ordered stays as it was read until the order is read again: only then it is compared as a whole."""
    if not row.currency or row.closed_at is not None:
        return lines
    kept = {line.ref: line.ordered for line in row.prefetched_lines}
    return [replace(line, ordered=kept.get(line.ref, line.ordered)) for line in lines]


def _plan_reading(routing: Routing, outdated: Mapping[str, OrderSummary], now: datetime) -> None:
    """What is known of these is of before; closed orders stay as they were."""
    uow = UnitOfWork(now)
    for row in orders_to_change(_keys_of(routing, outdated, Q(read_at__isnull=False, closed_at__isnull=True))):
        uow.change(row, read_at=None, read_due_at=None)
        if outdated[row.ref].fingerprint:
            uow.change(row, fingerprint=outdated[row.ref].fingerprint[:100])
    uow.write()


def _merge_lines(uow: UnitOfWork, row: Order, lines: Sequence[LineQuantities]) -> None:
    """A summary may show some lines only; the others stay as they were known."""
    kept = {line.ref: line for line in row.prefetched_lines}
    before = {ref: facts_of(line) for ref, line in kept.items()}
    now = before | {line.ref: line for line in lines}
    facts = marketplace_triggers(
        Status(row.status), list(before.values()), list(now.values()), confirmed=row.confirmed_at is not None
    )
    # of an order that is cancelled, lines go one by one because we cancel them so
    if row.shop_ref and not facts and row.status != Status.CANCELLED:
        _say_lines_cancelled(uow, row, kept, newly_cancelled(before, lines))
    for line in lines:
        if line.ref in kept and before[line.ref] != line:
            uow.change_line(kept[line.ref], **facts_columns(line))
    for fact in facts:
        transition_order(uow, row, fact)


def _say_lines_cancelled(uow: UnitOfWork, row: Order, kept: Mapping[str, Line], refs: Sequence[str]) -> None:
    if refs:
        names = ", ".join(kept[ref].title or kept[ref].sku or ref for ref in refs if ref in kept)
        uow.problem(row, ProblemKind.LINES_CANCELLED, {"lines": names})


# below: whole orders


def _unread_among(routing: Routing, orders: Sequence[WholeOrder]) -> list[WholeOrder]:
    refs = [order.ref for order in orders]
    rows = Order.objects.filter(connection=routing.connection, ref__in=refs, read_at__isnull=True)
    unread = set(rows.values_list("ref", flat=True))
    return [order for order in orders if order.ref in unread]


def _complete(uow: UnitOfWork, routing: Routing, row: Order, whole: WholeOrder) -> list[Line]:
    """Fill the listed order; lines that the list had not shown come back to be inserted."""
    if not row.currency:
        route(uow, row, routing.link_for(whole.channel), whole.placed_at)
    is_older = row.link is not None and whole.placed_at < row.link.from_at
    if is_older and not row.prefetched_lines and says_not_when_placed(row):
        uow.change(row, hold=Hold.OLDER)
    deadline = deadline_columns(row.link, whole)
    waited = WaitsFor(row.waits_for)
    uow.change(row, **order_columns(whole), **deadline, changed_at=whole.changed_at, read_at=uow.now, read_due_at=None)
    uow.resolve(row, (ProblemKind.ORDER_MISSING, ProblemKind.UNEXPECTED_RESPONSE, ProblemKind.ADDRESS_MISSING))
    if hides_address(whole):
        uow.change(row, read_at=None, read_due_at=uow.now + UNTIL_SHOWN)
    kept = {line.ref: line for line in row.prefetched_lines}
    # first the articles as they are, then what happened to them since the list was read
    for place, line in enumerate(whole.lines):
        if line.ref in kept:
            uow.change_line(kept[line.ref], position=place, **article_columns(line))
    fresh = [
        new_row(Line, order_id=row.id, position=place, ref=line.ref, **line_columns(line))
        for place, line in enumerate(whole.lines)
        if line.ref not in kept
    ]
    _merge_lines(uow, row, [line.quantities for line in whole.lines])
    apply_wait(uow, row, waited)
    _go_on(uow, row, whole)
    return fresh


def _go_on(uow: UnitOfWork, row: Order, whole: WholeOrder) -> None:
    """An order that was read goes on its way to the shop."""
    say_where_it_goes(uow, row, whole.channel)
    if hides_address(whole):
        uow.problem(row, ProblemKind.ADDRESS_MISSING, {"side": row.connection.name})
    elif whole.lines:
        enqueue_intake(uow, row)
    else:
        uow.problem(row, ProblemKind.NO_LINES)
