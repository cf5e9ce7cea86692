"""Orders of a channel that no link names: listed, with a Problem, and created nowhere until a link takes them up."""

from datetime import datetime

from django.db.models import QuerySet

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.connections.routing import channel_name
from orderhaven.store.models import Connection, Hold, Link, Order
from orderhaven.store.orders.conversions import estimated_anew
from orderhaven.store.orders.follow_ups import enqueue_intake
from orderhaven.store.orders.unit_of_work import UnitOfWork, orders_to_change
from orderhaven.store.sql.statements import OPEN

_AT_ONCE = 500


def hold_of(link: Link | None, placed_at: datetime) -> Hold:
    """Why an order is not created by itself once its link is known; not at all where none is."""
    if link is None:
        return Hold.NO_LINK
    return Hold.OLDER if placed_at < link.from_at else Hold.NONE


def route(uow: UnitOfWork, row: Order, link: Link | None, placed_at: datetime) -> None:
    """Give the order to this link; a person's word about it stays."""
    key = link.id if link is not None else None
    if key == row.link_id:
        return
    row.link = link
    uow.change(row, link_id=key)
    if row.hold != Hold.IGNORED:
        uow.change(row, hold=hold_of(link, placed_at))


def say_where_it_goes(uow: UnitOfWork, row: Order, channel: str) -> None:
    """A Problem where that is nowhere, and there is still something to be shipped."""
    if row.hold == Hold.NO_LINK and Status(row.status) in OPEN:
        values = {"side": row.connection.name, "channel": channel_name(row.connection, channel)}
        uow.problem(row, ProblemKind.CHANNEL_NOT_LINKED, values)


def channels_waiting(connection: Connection) -> frozenset[str]:
    """Those of which orders wait for a link."""
    waiting = _waiting(connection.merchant_id, connection.pk)
    return frozenset(waiting.order_by().values_list("channel", flat=True).distinct())


def take_up(link: Link, now: datetime, actor: str) -> None:
    """The orders that waited for a link like this go on; those from before it wait for a person's word."""
    waiting = _waiting(link.merchant_id, link.marketplace_id)
    if link.channels:
        waiting = waiting.filter(channel__in=link.channels)
    while keys := list(waiting.order_by("id").values_list("id", flat=True)[:_AT_ONCE]):
        uow = UnitOfWork(now, actor)
        for row in orders_to_change(keys, whole=True):
            route(uow, row, link, row.placed_at)
            uow.change(row, **estimated_anew(link, row))
            uow.resolve(row, (ProblemKind.CHANNEL_NOT_LINKED,))
            uow.event(row, "link_found", {"link": link.name})
            enqueue_intake(uow, row)
        uow.write()


def _waiting(merchant_id: int, connection_id: int) -> QuerySet[Order]:
    return Order.objects.filter(merchant=merchant_id, connection=connection_id, link=None)
