"""Taking in what a shop says of its orders: readings, the wait, orders that went away."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.core.carriers import is_article
from orderhaven.core.comparing import compare, leaving
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import CLOSED_THERE, READING_PROBLEMS, Header, Heard, ShopSide, header_of, shop_facts
from orderhaven.core.shop_order import ShopOrder, ShopState, with_numbers_only
from orderhaven.core.status import Fact, Status
from orderhaven.store.connections import Claim, fence
from orderhaven.store.consequences import move_order
from orderhaven.store.holding import hold_if_too_many
from orderhaven.store.ledger import Ledger, orders_to_change
from orderhaven.store.models import SENT, Event, Kind, Line, MessageState, Order, Problem, Side
from orderhaven.store.shapes import facts_of, wanted
from orderhaven.store.sql import orders as statements
from orderhaven.store.sql.loads import moving_orders
from orderhaven.store.sql.orders import OPEN, KnownInShop
from orderhaven.store.unread import keep_unread

_HELD_AT_ONCE = 500
_TELL_WHAT_IT_SAYS = frozenset({Kind.CONFIRM, Kind.CANCEL})
_NOTHING_OPEN = frozenset({Header.SENT, Header.CANCELLED})


def take_readings(claim: Claim, readings: Sequence[ShopOrder], begun_at: datetime, now: datetime) -> int:
    """Apply readings begun at `begun_at`; other people's orders are passed over. Returns how many said something new."""
    by_ref = {reading.shop_ref: with_numbers_only(reading) for reading in readings}
    if not by_ref:
        return 0
    with transaction.atomic():
        fence(claim)
        news = _news(claim.connection_id, by_ref, begun_at)
        rows = moving_orders(list(news))
        ledger = Ledger(now)
        for row in rows:
            take(ledger, row, by_ref[row.shop_ref])
            if news[row.id] and not _was_left_off(row):
                ledger.solve(row, (ProblemKind.SURPRISE,))
            _end_wait(ledger, row, by_ref[row.shop_ref], begun_at)
        hold_if_too_many(ledger, rows, now)
        ledger.write()
    return len(rows)


def not_understood(claim: Claim, causes: Mapping[str, str], side: str, now: datetime) -> None:
    """A Problem on each of our orders whose answer nobody understood, by shop_ref; other people's are passed over.

    Closed orders have one too: the shop may have reopened or cancelled it, or a code came. They are read again until it is over.
    """
    with transaction.atomic():
        fence(claim)
        ledger = Ledger(now)
        ours = Order.objects.filter(link__shop_id=claim.connection_id, shop_ref__in=causes)
        for row in orders_to_change(list(ours.values_list("id", flat=True))):
            ledger.problem(row, ProblemKind.SURPRISE, {"side": side, "cause": causes[row.shop_ref]})
        ledger.write()


def ours_among(connection_id: int, shop_refs: Sequence[str]) -> list[str]:
    """Those of these shop orders that belong to orders of ours."""
    found = Order.objects.filter(shop_ref__in=shop_refs).order_by("id").values_list("shop_ref", "link__shop_id")
    return [shop_ref for shop_ref, shop_id in found if shop_id == connection_id]


def open_in_shop(connection_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(order id, shop_ref), in pages by id: placed orders that are still open, and those that nobody understood lately."""
    return statements.open_in_shop(connection_id, after, limit)


def waits_over(connection_id: int, now: datetime, limit: int) -> list[str]:
    """shop_refs of orders whose wait for a code is over and not yet decided."""
    rows = Order.objects.filter(link__shop_id=connection_id, wait_until__lte=now)
    return list(rows.order_by("wait_until").values_list("shop_ref", flat=True)[:limit])


def next_wait(connection_id: int) -> datetime | None:
    return statements.next_wait(connection_id)


def waits_unread(claim: Claim, now: datetime) -> None:
    """The shop cannot be read although waits are over: a Problem holds them until the ship-by margin; then they go bare."""
    with transaction.atomic():
        fence(claim)
        ledger = Ledger(now)
        over = Order.objects.filter(link__shop_id=claim.connection_id, wait_until__lte=now)
        keys = list(over.order_by("wait_until").values_list("id", flat=True)[:_HELD_AT_ONCE])
        for row in orders_to_change(keys):
            if now >= hold_until(row):
                ledger.solve(row, (ProblemKind.WAIT_HELD,))
                move_order(ledger, row, Fact.WAIT_OVER, unread="yes")
            else:
                ledger.problem(row, ProblemKind.WAIT_HELD)
        ledger.write()


def hold_until(row: Order) -> datetime:
    """How long an order whose wait is over may be held while its shop cannot be read."""
    promised = row.deliver_by if row.ship_by_is_estimated else row.ship_by or row.deliver_by
    margin = timedelta(seconds=row.link.ship_by_margin_s)
    waited = row.wait_until or row.heard_at
    # a marketplace that names no moment: half a day more than the wait
    return promised - margin if promised is not None else waited + timedelta(hours=12)


def _news(shop_id: int, by_ref: Mapping[str, ShopOrder], begun_at: datetime) -> dict[int, bool]:
    """Ids of orders of which the reading says something new, and whether nobody understood the one before.

    Repeats of an overlap cost one query and no loading.
    """
    refs = [ref for ref in by_ref if ref]
    known = statements.known_in_shop(shop_id, refs)
    return {one.order_id: bool(one.was_strange) for one in known if _is_news(one, by_ref[one.shop_ref], begun_at)}


def _is_news(known: KnownInShop, reading: ShopOrder, begun_at: datetime) -> bool:
    return not (
        known.state == reading.state
        and known.word == reading.status_word
        and known.label == reading.label
        and (not reading.codes or reading.codes[0].code == known.code)
        and not (known.number_unread or reading.unread or known.was_strange)
        and (known.wait_until is None or begun_at < known.wait_until)
        and (reading.state is not ShopState.COMPLETED or known.status not in OPEN or known.status == Status.WAITING)
    )


def take(ledger: Ledger, row: Order, reading: ShopOrder) -> None:
    """One reading, `with_numbers_only`, of one order: what it shows is kept, what it means moves the order."""
    reading = _without_own_products(row, reading)
    heard = shop_facts(_shop_side(row), reading)
    if ProblemKind.QUANTITIES_DIFFER in heard.problems and _takes_as_agreed(ledger, row, reading):
        heard = shop_facts(_shop_side(row), reading)
    _keep(ledger, row, reading)
    keep_unread(ledger, row, reading)
    for fact in heard.facts:
        move_order(ledger, row, fact)
    _say_problems(ledger, row, heard)


def _was_left_off(row: Order) -> bool:
    """Something that the shop was to be told waits for a person, who would not hear of it once the Problem is gone."""
    return any(message.side == Side.SHOP and message.state == MessageState.PARKED for message in row.outbox)


def _without_own_products(row: Order, reading: ShopOrder) -> ShopOrder:
    """A product's EAN, scanned where the number belongs. The lines are asked for their EANs only where one may be meant."""
    if not any(is_article(each.code) for each in reading.codes):
        return reading
    return with_numbers_only(reading, frozenset(Line.objects.filter(order_id=row.id).values_list("ean", flat=True)))


def _takes_as_agreed(ledger: Ledger, row: Order, reading: ShopOrder) -> bool:
    """Older versions did not keep with which products an order was adopted: what stands there now is taken for them, once."""
    is_older = not any(line.product_ref for line in row.kept_lines)
    if not is_older or not Event.objects.filter(order_id=row.id, kind="adopted").exists():
        return False
    products = compare(_shop_side(row).wanted, reading.lines, leaving).taken_as_it_is()
    for line in row.kept_lines:
        ledger.change_line(line, product_ref=products.get(line.ref, "")[:100])
    return any(products.values())


def _keep(ledger: Ledger, row: Order, reading: ShopOrder) -> None:
    """What the shop shows now. A code that stood there once is never taken away again."""
    seen: dict[str, object] = {
        "shop_state": str(reading.state),
        "shop_word": reading.status_word[:60],
        "shop_number": reading.number[:100] or row.shop_number,
        "label": reading.label[:100] or row.label,
    }
    if reading.codes:
        first = reading.codes[0]
        seen |= {"code": first.code[:100], "carrier_word": first.carrier_word[:200], "code_url": first.url}
        if first.code != row.code:
            ledger.event(row, "code", {"code": first.code})
    if reading.state is ShopState.COMPLETED:
        if row.shop_state != ShopState.COMPLETED:
            seen["completed_at"] = reading.completed_at or ledger.now
            ledger.event(row, "completed_in_shop")
    elif reading.state is ShopState.OPEN:
        seen["completed_at"] = None
    ledger.change(row, **{name: value for name, value in seen.items() if getattr(row, name) != value})


def _end_wait(ledger: Ledger, row: Order, reading: ShopOrder, begun_at: datetime) -> None:
    """A wait ends with a reading begun at or after its due time, so a code that came in its last minute goes along."""
    over = row.wait_until is not None and begun_at >= row.wait_until
    if over and row.status == Status.WAITING and reading.state is ShopState.COMPLETED:
        move_order(ledger, row, Fact.WAIT_OVER)


def _say_problems(ledger: Ledger, row: Order, heard: Heard) -> None:
    ledger.solve(row, READING_PROBLEMS - heard.problems.keys())
    for kind, values in heard.problems.items():
        said = Problem.objects.filter(order_id=row.id, kind=kind, solved_at__isnull=True)
        said.exclude(values=values).update(values=values)  # the shop may show something else by now
        ledger.problem(row, kind, values)
    if heard.problems:
        ledger.change(row, wait_until=None)  # a person must look first; once it is right again, the wait runs anew


def _shop_side(row: Order) -> ShopSide:
    lines = row.kept_lines
    ours = [line for line in lines if not line.by_marketplace] or lines
    return ShopSide(
        status=Status(row.status),
        state=row.shop_state,
        code=row.code,
        wanted=tuple(wanted(line, line.ordered - line.cancelled, line.product_ref) for line in ours),
        told=row.shop_state in CLOSED_THERE and _is_told(row),
        confirmed=row.confirmed_at is not None,
    )


def _is_told(row: Order) -> bool:
    """What the shop said last: by us, or the marketplace's own lines say it."""
    told = any(message.kind in _TELL_WHAT_IT_SAYS and message.state in SENT for message in row.outbox)
    return told or header_of(map(facts_of, row.kept_lines)) in _NOTHING_OPEN
