"""A person's act on orders: one transaction, in which nobody else writes about them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ProductQuery, ShopState
from orderhaven.core.status import Status, Trigger
from orderhaven.store.models import Event, Hold, Line, Order, Problem, ProductMatch, Shipment
from orderhaven.store.orders.follow_ups import enqueue_intake, transition_order, wait_ends
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.upkeep.versions import ExpectedVersion

_AT_ONCE = 200


@contextmanager
def changing(
    order_ids: Sequence[int], now: datetime, actor: str, expected: ExpectedVersion | None = None
) -> Iterator[tuple[UnitOfWork, list[Order]]]:
    """Orders to change and the unit of work that is written when the block ends well; nothing is, when it raises.

    Raises Changed when one of them is not `expected` any more.
    """
    with transaction.atomic():
        rows = orders_to_change(order_ids, whole=True)
        if expected is not None and expected.key in order_ids:
            expected.demand()
        uow = UnitOfWork(now, actor)
        yield uow, rows
        uow.write()


def accept_what_waits(link_id: int, now: datetime, actor: str) -> None:
    """A link accepts by itself from now on: so it does what came before."""
    waiting = Order.objects.filter(
        link_id=link_id, status=Status.PENDING_CONFIRMATION, waits_for=WaitsFor.OUR_YES, closed_at__isnull=True
    )
    keys = list(waiting.order_by("id").values_list("id", flat=True))
    for start in range(0, len(keys), _AT_ONCE):
        with changing(keys[start : start + _AT_ONCE], now, actor) as (uow, rows):
            for row in rows:
                enqueue_intake(uow, row)


def open_problems(order_id: int) -> frozenset[ProblemKind]:
    kinds = Problem.objects.filter(order_id=order_id, resolved_at__isnull=True).values_list("kind", flat=True)
    return frozenset(map(ProblemKind, kinds))


def take_over(uow: UnitOfWork, row: Order) -> None:
    """From now on a person has it; until when it waited is kept, for when it is given back."""
    kept = {"wait_until": row.wait_until.isoformat()} if row.wait_until is not None else {}
    transition_order(uow, row, Trigger.TAKEN_OVER, **kept)


def go_on_with_the_shop(uow: UnitOfWork, row: Order) -> None:
    """An order that was given back stands where its shop had it: what was shipped with a number is, and a wait ends when it
    would have, also where the buyer asks to cancel. What the shop said meanwhile counts from when it was pulled."""
    if row.status not in (Status.NOT_SHIPPED, Status.CANCELLATION_REQUESTED) or row.shop_state != ShopState.COMPLETED:
        return
    events = Event.objects.filter(order_id=row.pk).order_by("-id")
    taken = events.filter(kind="status", data__trigger=Trigger.TAKEN_OVER).first()
    pulled = events.filter(kind="completed_in_shop").first()
    if taken is None or pulled is None:
        return
    is_news = pulled.pk > taken.pk
    if not is_news and taken.data["from"] not in (Status.WAITING, Status.SHIPPED):
        return  # it stood still for a reason that the next snapshot says again
    if not (row.tracking_number or row.label_number):
        transition_order(uow, row, Trigger.COMPLETED_UNTRACKED)
        kept = "" if is_news else str(taken.data.get("wait_until", ""))
        uow.wait(row, datetime.fromisoformat(kept) if kept else wait_ends(row, pulled.at))
    elif not is_news and taken.data["from"] == Status.SHIPPED:
        transition_order(uow, row, Trigger.COMPLETED_TRACKED)


def messages_with(order_id: int, kinds: Collection[ProblemKind]) -> frozenset[int]:
    """Ids of the order's messages that stand still because of one of these."""
    problems = Problem.objects.filter(order_id=order_id, resolved_at__isnull=True, kind__in=kinds)
    return frozenset(problems.filter(message_id__isnull=False).values_list("message_id", flat=True))


def order_of_shop_order(shop_id: int, shop_ref: str) -> str:
    """The ref of the order that this shop order belongs to; "" when it is nobody's."""
    return Order.objects.filter(link__shop_id=shop_id, shop_ref=shop_ref).values_list("ref", flat=True).first() or ""


def articles_of(order_ids: Sequence[int]) -> list[ProductQuery]:
    """What was ordered in these, each article once."""
    rows = Line.objects.filter(order_id__in=order_ids).order_by("order_id", "position").values_list("sku", "ean")
    return [ProductQuery(sku, ean) for sku, ean in dict.fromkeys(rows)]


def last_shipment(order_id: int) -> Shipment | None:
    """What the marketplace confirmed last; None when it confirmed nothing of ours."""
    return Shipment.objects.filter(order_id=order_id).order_by("-id").first()


def older_orders(link_id: int, limit: int = 200) -> list[int]:
    """Open orders from before the link that still wait for a person's word."""
    rows = Order.objects.filter(link_id=link_id, hold=Hold.OLDER, closed_at__isnull=True)
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def keep_match(shop_id: int, sku: str, product_ref: str) -> None:
    ProductMatch.objects.update_or_create(shop_id=shop_id, sku=sku, defaults={"product_ref": product_ref})


def waiting_for_a_code(connection_id: int, limit: int = 500) -> list[int]:
    """Orders that stand still because their marketplace's account had no code for a carrier or a reason."""
    kinds = (ProblemKind.CARRIER_NOT_LISTED, ProblemKind.REASON_NOT_LISTED)
    problems = Problem.objects.filter(kind__in=kinds, resolved_at__isnull=True, order__connection_id=connection_id)
    return list(problems.order_by("order_id").values_list("order_id", flat=True).distinct()[:limit])


def waiting_for_product(shop_id: int, sku: str, limit: int = 500) -> list[int]:
    """Orders that stand still because the shop has no such article."""
    problems = Problem.objects.filter(kind=ProblemKind.UNKNOWN_PRODUCT, resolved_at__isnull=True, values__sku=sku)
    rows = problems.filter(order__link__shop_id=shop_id).order_by("order_id")
    return list(rows.values_list("order_id", flat=True)[:limit])
