"""Joining a running trade: older orders are created in the shop, adopted or ignored; and one that went away is created again."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.actions.orders import shown
from orderhaven.actions.probing import ask_of
from orderhaven.core.access import Permission
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.shop_order import (
    THROWN_AWAY,
    Comparison,
    ExpectedLine,
    ProductQuery,
    ShopOrderSnapshot,
    ShopState,
    compare,
    leaving_quantity,
    with_clean_tracking_numbers,
)
from orderhaven.core.status import Status
from orderhaven.core.translation import _
from orderhaven.ports.shop import Shop
from orderhaven.store.listing.filters import FoundOrder
from orderhaven.store.models import STARTED, Hold, Line, Link, MessageKind, Order
from orderhaven.store.orders.changes import articles_of, changing, older_orders, open_problems, order_of_shop_order
from orderhaven.store.orders.conversions import wanted
from orderhaven.store.orders.follow_ups import enqueue_intake
from orderhaven.store.orders.shop_snapshots import apply_snapshot
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.outbox.commands import matches_said
from orderhaven.store.upkeep.versions import ExpectedVersion

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
class AdoptionResult:
    """What became of one pair. `sentence` says why it was not adopted; "" when it was."""

    ref: str
    shop_ref: str
    sentence: str


@requires(Permission.WRITE)
def adopt(
    context: ActionContext,
    ref: str,
    shop_ref: str,
    *,
    although_it_differs: bool = False,
    expected: ExpectedVersion | None = None,
) -> None:
    """Take shop order `shop_ref` (the shop's own key) for this order, instead of creating one. Raises ActionRefused."""
    found = context.order(ref)
    link = context.link_of(found)
    seen = _look(context, link, [(found, shop_ref.strip())])
    _adopt(context, found, seen, shop_ref.strip(), although_it_differs, expected)


@requires(Permission.WRITE)
def adopt_all(
    context: ActionContext, pairs: Sequence[tuple[str, str]], *, although_they_differ: bool = False
) -> list[AdoptionResult]:
    """Adopt many: (ref, shop order). What cannot be adopted says why and holds nothing up.

    Raises ActionRefused when a shop cannot be asked.
    """
    done: list[AdoptionResult] = []
    wanted: dict[Link, list[tuple[FoundOrder, str]]] = {}
    for ref, shop_ref in pairs:
        try:
            found = context.order(ref)
            link = context.link_of(found)
        except ActionRefused as error:
            done.append(AdoptionResult(ref, shop_ref, str(error)))
        else:
            wanted.setdefault(link, []).append((found, shop_ref.strip()))
    for link, some in wanted.items():
        done += _adopt_of_link(context, link, some, although_they_differ)
    return done


def pairs_in(text: str) -> list[tuple[str, str]]:
    """Lines of `order,shop order`, with comma, semicolon or tab; headings may stand on top. Raises ActionRefused."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(StringIO(text.lstrip("\ufeff")), delimiter=separator) if any(row)]
    for number, row in enumerate(rows, start=1):
        if len(row) < 2 or not row[0].strip() or not row[1].strip():
            raise action_refused(
                "Line {number} does not name an order and a shop order: {line}", number=number, line=separator.join(row)
            )
    pairs = [(row[0].strip(), row[1].strip()) for row in rows]
    return pairs[1:] if pairs and not any(sign.isdigit() for sign in pairs[0][1]) else pairs


@requires(Permission.WRITE)
def create(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Create in the shop an order that was held because it is older than its link, or that was ignored. Raises ActionRefused."""
    found = context.order(ref)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        _demand_not_in_shop(row)
        context.link_of(found)
        if not row.hold:
            raise action_refused(
                "Order {ref} is not held back: it is '{status}' and created in the shop by itself.",
                ref=row.ref,
                status=shown(row),
            )
        _place(uow, row)


@requires(Permission.WRITE)
def create_older(context: ActionContext, marketplace: str) -> int:
    """Create in the shop every open order from before the link. How many."""
    return _older(context, marketplace, _place)


@requires(Permission.WRITE)
def ignore(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Never create this order in the shop; it is listed and what happens to it is written down. Raises ActionRefused."""
    found = context.order(ref)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        _demand_not_in_shop(row)
        if row.hold == Hold.IGNORED:
            raise action_refused("Order {ref} is ignored already. It can still be created.", ref=row.ref)
        _leave(uow, row)


@requires(Permission.WRITE)
def ignore_older(context: ActionContext, marketplace: str) -> int:
    return _older(context, marketplace, _leave)


@requires(Permission.WRITE)
def recreate(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Make a new shop order where the old one was deleted or trashed, or bears this order's number and is another. Raises
    ActionRefused."""
    found = context.order(ref)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        problems = open_problems(row.pk)
        gone = row.shop_ref and (row.shop_state in THROWN_AWAY or ProblemKind.SHOP_ORDER_GONE in problems)
        if not gone and ProblemKind.REFERENCE_TAKEN not in problems:
            raise action_refused("The shop order of order {ref} is not gone, so it is not created again.", ref=row.ref)
        if row.status != Status.NOT_SHIPPED:
            raise action_refused(
                "Order {ref} is '{status}': only one that is still to be shipped is created again.",
                ref=row.ref,
                status=shown(row),
            )
        _demand_not_on_its_way(row)
        before = row.shop_number or row.shop_ref
        uow.change(
            row, hold=Hold.NONE, shop_ref="", shop_number="", shop_state="", shop_status="", completed_at=None, tracking_number="",
            tracking_unreadable=False, carrier_name="", tracking_url="", label_number="",
        )  # fmt: skip
        for line in row.lines.all():
            uow.change_line(line, in_shop=0, product_ref="")
        uow.withdraw_unsent(row, (MessageKind.CREATE,))
        uow.resolve(row, _OF_THE_OLD_SHOP_ORDER)
        uow.event(row, *(("recreate_requested", {"instead_of": before}) if before else ("create_requested",)))
        uow.enqueue(row, MessageKind.CREATE, again=True)


_OF_THE_OLD_SHOP_ORDER = (
    ProblemKind.SHOP_ORDER_GONE, ProblemKind.QUANTITIES_DIFFER, ProblemKind.TRACKING_UNREADABLE, ProblemKind.REFERENCE_TAKEN,
)  # fmt: skip


# below: adopting


def _adopt_of_link(
    context: ActionContext, link: Link, some: Sequence[tuple[FoundOrder, str]], force: bool
) -> list[AdoptionResult]:
    done = []
    step = context.spec_of(link.shop).limits.orders_per_lookup
    for start in range(0, len(some), step):
        part = some[start : start + step]
        seen = _look(context, link, part)
        for found, shop_ref in part:
            why = ""
            try:
                _adopt(context, found, seen, shop_ref, force)
            except ActionRefused as error:
                why = str(error)
            done.append(AdoptionResult(found.ref, shop_ref, why))
    return done


@dataclass(frozen=True, slots=True)
class _Lookup:
    """What the shop says: its orders by their keys, and its products for what was ordered."""

    snapshots: Mapping[str, ShopOrderSnapshot]
    products: Mapping[ProductQuery, str]


def _look(context: ActionContext, link: Link, pairs: Sequence[tuple[FoundOrder, str]]) -> _Lookup:
    wanted = articles_of([found.order_id for found, _ in pairs])
    named = matches_said(link.shop_id, wanted)
    rest = [article for article in wanted if article not in named]
    shop_refs = tuple(dict.fromkeys(shop_ref for _, shop_ref in pairs))

    async def question(shop: Shop) -> _Lookup:
        return _Lookup(await shop.read(shop_refs), {**await shop.find_products(rest), **named})

    return ask_of(context, link.shop, question)


def _adopt(
    context: ActionContext,
    found: FoundOrder,
    seen: _Lookup,
    shop_ref: str,
    force: bool,
    expected: ExpectedVersion | None = None,
) -> None:
    differs, snapshot = "", seen.snapshots[shop_ref]
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        _demand_adoptable(row, snapshot)
        compared = compare(_wanted(row, seen.products), snapshot.lines, leaving_quantity)
        differs = "" if force else _difference(row, snapshot, compared)
        if differs:
            values = {"shop_ref": snapshot.number or snapshot.shop_ref, "reason": differs}
            uow.problem(row, ProblemKind.ADOPTED_DIFFERS, values)
        else:
            _take_over(uow, row, snapshot, compared.products_accepted_as_is())
    if differs:
        raise ActionRefused(
            sentence(ProblemKind.ADOPTED_DIFFERS, values)
            + " "
            + _("If it is the right one all the same, say that you take it although it differs.")
        )


def _demand_adoptable(row: Order, snapshot: ShopOrderSnapshot) -> None:
    number = snapshot.number or snapshot.shop_ref
    if row.status not in _ALIVE:
        raise action_refused(
            "Order {ref} is '{status}': there is nothing to adopt a shop order for.", ref=row.ref, status=shown(row)
        )
    if row.read_at is None:
        raise action_refused("Order {ref} was listed and is not read yet. Try again in a minute.", ref=row.ref)
    if row.shop_ref and row.shop_state not in THROWN_AWAY:
        raise _in_shop_already(row)
    _demand_not_on_its_way(row)
    if snapshot.state is ShopState.GONE:
        raise action_refused(
            "The shop has no order {shop_ref}. Give the shop's own key of it, as in its address.",
            shop_ref=snapshot.shop_ref,
        )
    if snapshot.state is ShopState.TRASHED:
        raise action_refused(
            "Shop order {number} is in the trash. Put it back first, or create order {ref} in the shop.",
            number=number,
            ref=row.ref,
        )
    if snapshot.state is ShopState.CANCELLED:
        raise action_refused(
            "Shop order {number} is cancelled. Reopen it first, or create order {ref} in the shop.",
            number=number,
            ref=row.ref,
        )
    taken_by = order_of_shop_order(row.own_link.shop_id, snapshot.shop_ref)
    if taken_by and taken_by != row.ref:
        raise action_refused("Shop order {number} belongs to order {ref} already.", number=number, ref=taken_by)


def _wanted(row: Order, products: Mapping[ProductQuery, str]) -> list[ExpectedLine]:
    return [
        wanted(line, _to_ship(line), products.get(ProductQuery(line.sku, line.ean), ""))
        for line in _ours(row)
        if _to_ship(line)
    ]


def _difference(row: Order, snapshot: ShopOrderSnapshot, compared: Comparison) -> str:
    """A reason, as `core.reasons` says it: it is written down."""
    if compared.differences:
        return compared.reason
    whole = all(line.cancelled == 0 and not line.by_marketplace for line in row.lines.all())
    if whole and snapshot.total is not None and snapshot.total.currency != row.currency:
        return f"it is in {snapshot.total.currency} instead of {row.currency}"
    if whole and snapshot.total is not None and snapshot.total.amount != row.total:
        return f"its total is {snapshot.total} instead of {row.total.normalize():f} {row.currency}"
    return ""


def _take_over(uow: UnitOfWork, row: Order, snapshot: ShopOrderSnapshot, products: Mapping[str, str]) -> None:
    uow.withdraw_unsent(row, (MessageKind.CREATE,))
    uow.resolve(row, open_problems(row.pk))
    uow.change(row, hold=Hold.NONE, shop_ref=snapshot.shop_ref, shop_number=snapshot.number, shop_state="")
    for line in _ours(row):
        uow.change_line(line, in_shop=_to_ship(line), product_ref=products.get(line.ref, "")[:100])
    uow.event(row, "adopted", {"shop_ref": snapshot.shop_ref, "number": snapshot.number})
    uow.touch(row)
    enqueue_intake(uow, row)
    apply_snapshot(uow, row, with_clean_tracking_numbers(snapshot))


def _ours(row: Order) -> list[Line]:
    lines = list(row.lines.all())
    return [line for line in lines if not line.by_marketplace] or lines


def _to_ship(line: Line) -> int:
    return line.ordered - line.cancelled


# below: creating and ignoring


def _demand_not_in_shop(row: Order) -> None:
    if row.shop_ref:
        raise _in_shop_already(row)
    _demand_not_on_its_way(row)


def _in_shop_already(row: Order) -> ActionRefused:
    number = row.shop_number or row.shop_ref
    return action_refused("Order {ref} stands in the shop already, as {number}.", ref=row.ref, number=number)


def _demand_not_on_its_way(row: Order) -> None:
    if any(message.kind == MessageKind.CREATE and message.state in STARTED for message in row.outbox):
        raise action_refused(
            "Order {ref} is being created in the shop at this moment. Look again in a minute.", ref=row.ref
        )


def _place(uow: UnitOfWork, row: Order) -> None:
    uow.change(row, hold=Hold.NONE)
    uow.resolve(row, (ProblemKind.ADOPTED_DIFFERS,))
    uow.event(row, "create_requested")
    enqueue_intake(uow, row)


def _leave(uow: UnitOfWork, row: Order) -> None:
    uow.withdraw_unsent(row, (MessageKind.CREATE,))
    uow.change(row, hold=Hold.IGNORED)
    uow.resolve(row, (ProblemKind.ADOPTED_DIFFERS, ProblemKind.UNKNOWN_PRODUCT, ProblemKind.CHANNEL_NOT_LINKED))
    uow.event(row, "ignored")


def _older(context: ActionContext, marketplace: str, act: Callable[[UnitOfWork, Order], None]) -> int:
    link = context.link(marketplace)
    count = 0
    while some := older_orders(link.pk):
        with changing(some, context.clock.now(), context.actor) as (uow, rows):
            for row in rows:
                act(uow, row)
        count += len(some)
    return count
