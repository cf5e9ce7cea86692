"""What a clock that was ahead wrote: times that lie so far in the future that nothing would happen for hours.

Once the clock is right again, what is due then is due now, and no wait is longer than it was agreed to be. Which columns that
concerns, and why no other makes anybody wait, stands in the test that goes through all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.store.models import (
    Connection,
    Delivery,
    DeliveryState,
    Link,
    Message,
    MessageKind,
    MessageState,
    Notification,
    Order,
)
from orderhaven.store.notifications.deliveries import pause_after

SLACK = timedelta(minutes=1)  # clocks of several workers differ a little
_FARTHEST = timedelta(hours=1)  # as far ahead as anything is put off by itself
_FARTHEST_REREADING = timedelta(days=1)  # a connector says how often, and none says less; an account is read once a day
_CALL_IS_OVER = timedelta(minutes=10)  # whatever was sent by that clock has arrived by then, or never will
_HAPPENED = ("last_pulled_at", "failing_since", "rejected_since", "account_read_at")
_DUE = ("pull_at", "push_at", "refresh_at", "wait_at", "repeated_retry_at", "account_due_at")


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Past these moments lies only what a clock wrote that was ahead."""

    now: datetime
    happened: datetime
    planned: datetime


def connections_ahead(now: datetime) -> list[Connection]:
    """Those that were pulled, or failed, in the future, or are put off for longer than anything ever is."""
    return _connections_ahead(_bounds(now))


def mend(now: datetime, pace: float = 1.0) -> int:
    """Make due what would be due in a far future. How many connections it concerned.

    `pace` says how many seconds of this clock pass in a real one: on a fast clock a call alone takes hours.
    """
    bounds = _bounds(now, pace)
    with transaction.atomic():
        rows = _connections_ahead(bounds)
        for row in rows:
            _mend_connection(row, now)
        _mend_messages(bounds)
        _mend_waits(bounds)
        _mend_orders(rows, bounds)
        _mend_notices(bounds)
    return len(rows)


# below: how


def _bounds(now: datetime, pace: float = 1.0) -> _Bounds:
    return _Bounds(now, now + SLACK * pace, now + (_FARTHEST + SLACK) * pace)


def _connections_ahead(bounds: _Bounds) -> list[Connection]:
    return [row for row in Connection.objects.order_by("id") if _is_ahead(row, bounds)]


def _is_ahead(row: Connection, bounds: _Bounds) -> bool:
    next_pull = bounds.happened + 2 * timedelta(seconds=row.pull_every_s)
    latest = dict.fromkeys(_HAPPENED, bounds.happened) | {
        "pull_at": max(next_pull, bounds.planned),
        "push_at": bounds.planned,
        "repeated_retry_at": bounds.planned,
        "backoff_until": bounds.planned,
        "refresh_at": bounds.planned + _FARTHEST_REREADING,
        "account_due_at": bounds.planned + 1.1 * _FARTHEST_REREADING,
    }
    return any((at := getattr(row, name)) is not None and at > moment for name, moment in latest.items())


def _mend_connection(row: Connection, now: datetime) -> None:
    columns: dict[str, datetime | None] = {name: now for name in (*_DUE, *_HAPPENED) if _is_later(row, name, now)}
    if _is_later(row, "backoff_until", now):
        columns["backoff_until"] = None
    Connection.objects.filter(pk=row.pk).update(**columns)


def _is_later(row: Connection, name: str, now: datetime) -> bool:
    at = getattr(row, name)
    return at is not None and at > now


def _mend_messages(bounds: _Bounds) -> None:
    # by its key, so that the indexes of messages serve
    for key in Connection.objects.values_list("pk", flat=True):
        mine = Message.objects.filter(connection=key)
        waiting = (MessageState.QUEUED, MessageState.UNCONFIRMED, MessageState.PROCESSING)
        mine.filter(state__in=waiting, due_at__gt=bounds.planned).update(due_at=bounds.now)
        unknown = (MessageState.UNCONFIRMED, MessageState.IN_FLIGHT, MessageState.PROCESSING)
        mine.filter(state__in=unknown, not_after__gt=bounds.planned).update(not_after=bounds.now + _CALL_IS_OVER)
        # cancellations of the last hour are counted
        mine.filter(kind=MessageKind.CANCEL, created_at__gt=bounds.happened).update(created_at=bounds.now)


def _mend_waits(bounds: _Bounds) -> None:
    for link in Link.objects.all():
        longest = bounds.now + timedelta(seconds=link.wait_s)
        too_late = bounds.happened + timedelta(seconds=link.wait_s)
        Order.objects.filter(link=link, wait_until__gt=too_late).update(wait_until=longest)
        Connection.objects.filter(pk=link.shop_id, wait_at__gt=too_late).update(wait_at=longest)


def _mend_orders(rows: list[Connection], bounds: _Bounds) -> None:
    unread = Order.objects.filter(read_at__isnull=True)
    unread.filter(connection__in=rows, read_due_at__gt=bounds.now).update(read_due_at=bounds.now)
    unread.filter(read_due_at__gt=bounds.planned).update(read_due_at=bounds.now)
    # what a buyer told us is kept for a time after the closing, and no longer
    Order.objects.filter(closed_at__gt=bounds.happened).update(closed_at=bounds.now)


def _mend_notices(bounds: _Bounds) -> None:
    Notification.objects.filter(notified_at__isnull=True, at__gt=bounds.happened).update(at=bounds.now)
    Notification.objects.filter(ended_at__gt=bounds.happened).update(ended_at=bounds.now)
    late = Delivery.objects.filter(state=DeliveryState.QUEUED)
    late.filter(created_at__gt=bounds.happened).update(due_at=bounds.now, created_at=bounds.now)
    for row in late.filter(due_at__gt=bounds.planned):
        if row.due_at > bounds.happened + pause_after(max(row.attempt, 1)):
            late.filter(pk=row.pk).update(due_at=bounds.now)
