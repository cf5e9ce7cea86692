"""What a shop says of its orders: snapshots applied, and text where a tracking number belongs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from orderhaven.core.carriers import is_article
from orderhaven.core.problems import QUOTED, ProblemKind
from orderhaven.core.shop_order import (
    ShopOrderSnapshot,
    ShopState,
    compare,
    leaving_quantity,
    with_clean_tracking_numbers,
)
from orderhaven.core.status import (
    CLOSED_THERE,
    SNAPSHOT_PROBLEMS,
    Header,
    ShopBaseline,
    Status,
    Trigger,
    Triggers,
    header_of,
    shop_triggers,
)
from orderhaven.store.connections.connections import Claim, fence
from orderhaven.store.models import (
    SENT,
    ContactRole,
    Event,
    Line,
    MessageKind,
    MessageState,
    Order,
    OrderContact,
    Problem,
    Side,
)
from orderhaven.store.orders.conversions import facts_of, wanted
from orderhaven.store.orders.follow_ups import hold_if_too_many, transition_order
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.sql import statements
from orderhaven.store.sql.rows import orders_with_messages
from orderhaven.store.sql.statements import OPEN, KnownInShop

_LONGEST_QUOTE = 200
_NEEDS_NO_NUMBER = frozenset({Status.CANCELLED, Status.MANUAL})


def keep_unread(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot) -> None:
    """Say it once for each text; what a person has settled is not said again while the same text stands there."""
    if not snapshot.unreadable:
        if row.tracking_unreadable:
            uow.change(row, tracking_unreadable=False)
            uow.resolve(row, (ProblemKind.TRACKING_UNREADABLE,))
            _quote_of(row).update(unreadable_tracking="")
        return
    text = "; ".join(dict.fromkeys(one.text for one in snapshot.unreadable if one.text))[:_LONGEST_QUOTE]
    if row.status in _NEEDS_NO_NUMBER or (row.tracking_unreadable and _was_said(row, text)):
        return
    places = ", ".join(dict.fromkeys(one.field for one in snapshot.unreadable if one.field))
    uow.change(row, tracking_unreadable=True)
    _quote_of(row).update(unreadable_tracking=text)
    uow.resolve(row, (ProblemKind.TRACKING_UNREADABLE,))
    uow.problem(row, ProblemKind.TRACKING_UNREADABLE, {"place": places})


def of_orders(kinds: Mapping[int, Collection[ProblemKind]]) -> dict[int, str]:
    """The texts of these orders, by order id, as far as they are not erased. No query where no order has such a Problem."""
    orders = [key for key, has in kinds.items() if ProblemKind.TRACKING_UNREADABLE in has]
    if not orders:
        return {}
    found = OrderContact.objects.filter(order_id__in=orders, role=ContactRole.SHIP_TO)
    return dict(found.values_list("order_id", "unreadable_tracking"))


def with_quote(kind: ProblemKind, values: Mapping[str, str], quote: str) -> Mapping[str, str]:
    return {**values, QUOTED: quote} if kind is ProblemKind.TRACKING_UNREADABLE and quote else values


def _was_said(row: Order, text: str) -> bool:
    """Once the buyer's data is erased nobody knows the text any more, and it is not said again."""
    kept = _quote_of(row).values_list("unreadable_tracking", flat=True).first()
    return kept is None or kept == text


def _quote_of(row: Order) -> QuerySet[OrderContact]:
    return OrderContact.objects.filter(order_id=row.id, role=ContactRole.SHIP_TO)


_HELD_AT_ONCE = 500
_REPORTS_IT = frozenset({MessageKind.CONFIRM, MessageKind.CANCEL})
_NOTHING_OPEN = frozenset({Header.SENT, Header.CANCELLED})


def record_snapshots(claim: Claim, snapshots: Sequence[ShopOrderSnapshot], begun_at: datetime, now: datetime) -> int:
    """Apply snapshots begun at `begun_at`; other people's orders are passed over. Returns how many said something new."""
    by_ref = {snapshot.shop_ref: with_clean_tracking_numbers(snapshot) for snapshot in snapshots}
    if not by_ref:
        return 0
    with transaction.atomic():
        fence(claim)
        news = _changed_since(claim.connection_id, by_ref, begun_at)
        rows = orders_with_messages(list(news))
        uow = UnitOfWork(now)
        for row in rows:
            apply_snapshot(uow, row, by_ref[row.shop_ref])
            if news[row.id] and not _was_left_off(row):
                uow.resolve(row, (ProblemKind.UNEXPECTED_RESPONSE,))
            _end_wait(uow, row, by_ref[row.shop_ref], begun_at)
        hold_if_too_many(uow, rows, now)
        uow.write()
    return len(rows)


def not_understood(claim: Claim, causes: Mapping[str, str], side: str, now: datetime) -> None:
    """A Problem on each of our orders whose answer nobody understood, by shop_ref; other people's are passed over.

    Closed orders have one too: the shop may have reopened or cancelled it, or a code came. They are read again until it is over.
    """
    with transaction.atomic():
        fence(claim)
        uow = UnitOfWork(now)
        ours = Order.objects.filter(link__shop_id=claim.connection_id, shop_ref__in=causes)
        for row in orders_to_change(list(ours.values_list("id", flat=True))):
            uow.problem(row, ProblemKind.UNEXPECTED_RESPONSE, {"side": side, "cause": causes[row.shop_ref]})
        uow.write()


def ours_among(connection_id: int, shop_refs: Sequence[str]) -> list[str]:
    """Those of these shop orders that belong to orders of ours."""
    found = Order.objects.filter(shop_ref__in=shop_refs).order_by("id").values_list("shop_ref", "link__shop_id")
    return [shop_ref for shop_ref, shop_id in found if shop_id == connection_id]


def open_in_shop(connection_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(order id, shop_ref), in pages by id: orders in the shop that are still open, and those that nobody understood lately."""
    return statements.open_in_shop(connection_id, after, limit)


def expired_waits(connection_id: int, now: datetime, limit: int) -> list[str]:
    """shop_refs of orders whose wait for a code is over and not yet decided."""
    rows = Order.objects.filter(link__shop_id=connection_id, wait_until__lte=now)
    return list(rows.order_by("wait_until").values_list("shop_ref", flat=True)[:limit])


def next_wait(connection_id: int) -> datetime | None:
    return statements.next_wait(connection_id)


def waits_unread(claim: Claim, now: datetime) -> None:
    """The shop cannot be read although waits are over: a Problem holds them until the ship-by margin; then they go bare."""
    with transaction.atomic():
        fence(claim)
        uow = UnitOfWork(now)
        over = Order.objects.filter(link__shop_id=claim.connection_id, wait_until__lte=now)
        keys = list(over.order_by("wait_until").values_list("id", flat=True)[:_HELD_AT_ONCE])
        for row in orders_to_change(keys):
            if now >= hold_until(row):
                uow.resolve(row, (ProblemKind.WAIT_EXTENDED,))
                transition_order(uow, row, Trigger.WAIT_EXPIRED, unread="yes")
            else:
                uow.problem(row, ProblemKind.WAIT_EXTENDED)
        uow.write()


def hold_until(row: Order) -> datetime:
    """How long an order whose wait is over may be held while its shop cannot be read."""
    promised = row.deliver_by if row.ship_by_is_estimated else row.ship_by or row.deliver_by
    margin = timedelta(seconds=row.own_link.ship_by_margin_s)
    waited = row.wait_until or row.received_at
    # a marketplace that names no moment: half a day more than the wait
    return promised - margin if promised is not None else waited + timedelta(hours=12)


def _changed_since(shop_id: int, by_ref: Mapping[str, ShopOrderSnapshot], begun_at: datetime) -> dict[int, bool]:
    """Ids of orders of which the snapshot says something new, and whether nobody understood the one before.

    Repeats of an overlap cost one query and no loading.
    """
    refs = [ref for ref in by_ref if ref]
    known = statements.known_in_shop(shop_id, refs)
    return {one.order_id: bool(one.was_strange) for one in known if _is_news(one, by_ref[one.shop_ref], begun_at)}


def _is_news(known: KnownInShop, snapshot: ShopOrderSnapshot, begun_at: datetime) -> bool:
    return not (
        known.shop_state == snapshot.state
        and known.shop_status == snapshot.shop_status
        and known.label_number == snapshot.label_number
        and (not snapshot.tracking or snapshot.tracking[0].number == known.tracking_number)
        and not (known.tracking_unreadable or snapshot.unreadable or known.was_strange)
        and (known.wait_until is None or begun_at < known.wait_until)
        and (snapshot.state is not ShopState.COMPLETED or known.status not in OPEN or known.status == Status.WAITING)
    )


def apply_snapshot(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot) -> None:
    """One snapshot, `with_clean_tracking_numbers`, of one order: what it shows is kept, what it means moves the order."""
    snapshot = _without_own_products(row, snapshot)
    meaning = shop_triggers(_shop_side(row), snapshot)
    if ProblemKind.QUANTITIES_DIFFER in meaning.problems and _takes_as_agreed(uow, row, snapshot):
        meaning = shop_triggers(_shop_side(row), snapshot)
    _keep(uow, row, snapshot)
    keep_unread(uow, row, snapshot)
    for fact in meaning.triggers:
        transition_order(uow, row, fact)
    _say_problems(uow, row, meaning)


def _was_left_off(row: Order) -> bool:
    """Something that the shop was to be sent waits for a user, who would not hear of it once the Problem is gone."""
    return any(message.side == Side.SHOP and message.state == MessageState.BLOCKED for message in row.outbox)


def _without_own_products(row: Order, snapshot: ShopOrderSnapshot) -> ShopOrderSnapshot:
    """A product's EAN, scanned where the number belongs. The lines are asked for their EANs only where one may be meant."""
    if not any(is_article(each.number) for each in snapshot.tracking):
        return snapshot
    return with_clean_tracking_numbers(
        snapshot, frozenset(Line.objects.filter(order_id=row.id).values_list("ean", flat=True))
    )


def _takes_as_agreed(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot) -> bool:
    """Older versions did not keep with which products an order was adopted: what stands there now is taken for them, once."""
    is_older = not any(line.product_ref for line in row.prefetched_lines)
    if not is_older or not Event.objects.filter(order_id=row.id, kind="adopted").exists():
        return False
    products = compare(_shop_side(row).expected, snapshot.lines, leaving_quantity).products_accepted_as_is()
    for line in row.prefetched_lines:
        uow.change_line(line, product_ref=products.get(line.ref, "")[:100])
    return any(products.values())


def _keep(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot) -> None:
    """What the shop shows now. A code that stood there once is never taken away again."""
    seen: dict[str, object] = {
        "shop_state": str(snapshot.state),
        "shop_status": snapshot.shop_status[:60],
        "shop_number": snapshot.number[:100] or row.shop_number,
        "label_number": snapshot.label_number[:100] or row.label_number,
    }
    if snapshot.tracking:
        first = snapshot.tracking[0]
        seen |= {
            "tracking_number": first.number[:100],
            "carrier_name": first.carrier_name[:200],
            "tracking_url": first.url,
        }
        if first.number != row.tracking_number:
            uow.event(row, "tracking_added", {"tracking_number": first.number})
    if snapshot.state is ShopState.COMPLETED:
        if row.shop_state != ShopState.COMPLETED:
            seen["completed_at"] = snapshot.completed_at or uow.now
            uow.event(row, "completed_in_shop")
    elif snapshot.state is ShopState.OPEN:
        seen["completed_at"] = None
    uow.change(row, **{name: value for name, value in seen.items() if getattr(row, name) != value})


def _end_wait(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot, begun_at: datetime) -> None:
    """A wait ends with a snapshot begun at or after its due time, so a code that came in its last minute goes along."""
    over = row.wait_until is not None and begun_at >= row.wait_until
    if over and row.status == Status.WAITING and snapshot.state is ShopState.COMPLETED:
        transition_order(uow, row, Trigger.WAIT_EXPIRED)


def _say_problems(uow: UnitOfWork, row: Order, meaning: Triggers) -> None:
    uow.resolve(row, SNAPSHOT_PROBLEMS - meaning.problems.keys())
    for kind, values in meaning.problems.items():
        said = Problem.objects.filter(order_id=row.id, kind=kind, resolved_at__isnull=True)
        said.exclude(values=values).update(values=values)  # the shop may show something else by now
        uow.problem(row, kind, values)
    if meaning.problems:
        uow.change(row, wait_until=None)  # a person must look first; once it is right again, the wait runs anew


def _shop_side(row: Order) -> ShopBaseline:
    lines = row.prefetched_lines
    ours = [line for line in lines if not line.by_marketplace] or lines
    return ShopBaseline(
        status=Status(row.status),
        shop_state=row.shop_state,
        tracking_number=row.tracking_number,
        expected=tuple(wanted(line, line.ordered - line.cancelled, line.product_ref) for line in ours),
        synced=row.shop_state in CLOSED_THERE and _is_sent(row),
        confirmed=row.confirmed_at is not None,
    )


def _is_sent(row: Order) -> bool:
    """What the shop said last: by us, or the marketplace's own lines say it."""
    by_us = any(message.kind in _REPORTS_IT and message.state in SENT for message in row.outbox)
    return by_us or header_of(map(facts_of, row.prefetched_lines)) in _NOTHING_OPEN
