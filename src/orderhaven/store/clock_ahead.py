"""What a clock that was ahead wrote: times that lie so far in the future that nothing would happen for hours.

Once the clock is right again, what is due then is due now, and no wait is longer than it was agreed to be.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.store.models import Connection, Delivery, DeliveryState, Link, Message, MessageState, Order

SLACK = timedelta(minutes=1)  # clocks of several workers differ a little
_LEAST_AHEAD = timedelta(hours=1)
_CALL_IS_OVER = timedelta(minutes=10)  # whatever was sent by that clock has arrived by then, or never will


def connections_ahead(now: datetime) -> list[Connection]:
    """Those that were heard, or failed, in the future, or are not due before long after their next time."""
    return [row for row in Connection.objects.order_by("id") if _is_ahead(row, now)]


def mend(now: datetime) -> int:
    """Make due what would be due in a far future. How many connections it concerned."""
    rows = connections_ahead(now)
    for row in rows:
        with transaction.atomic():
            _mend_connection(row, now)
            _mend_messages(row, now)
            _mend_waits(row, now)
    if rows:
        late = Delivery.objects.filter(state=DeliveryState.DUE, made_at__gt=now + SLACK)
        late.update(due_at=now, made_at=now)
    return len(rows)


# below: how


def _is_ahead(row: Connection, now: datetime) -> bool:
    happened = (row.heard_at, row.failing_since, row.refused_since)
    if any(at is not None and at > now + SLACK for at in happened):
        return True
    planned = max(2 * timedelta(seconds=row.hear_every_s), _LEAST_AHEAD)
    return row.hear_at is not None and row.hear_at > now + planned


def _mend_connection(row: Connection, now: datetime) -> None:
    due = ("hear_at", "tell_at", "reread_at", "wait_at", "alike_again_at")
    happened = ("heard_at", "failing_since", "refused_since")
    columns: dict[str, datetime | None] = {name: now for name in (*due, *happened) if _is_later(row, name, now)}
    if _is_later(row, "quiet_until", now):
        columns["quiet_until"] = None
    Connection.objects.filter(pk=row.pk).update(**columns)


def _is_later(row: Connection, name: str, now: datetime) -> bool:
    at = getattr(row, name)
    return at is not None and at > now


def _mend_messages(row: Connection, now: datetime) -> None:
    mine = Message.objects.filter(connection=row)
    ahead = now + _LEAST_AHEAD
    waiting = (MessageState.DUE, MessageState.UNCLEAR, MessageState.AWAITING)
    mine.filter(state__in=waiting, due_at__gt=ahead).update(due_at=now)
    unknown = (MessageState.UNCLEAR, MessageState.SENDING)
    mine.filter(state__in=unknown, not_after__gt=ahead).update(not_after=now + _CALL_IS_OVER)


def _mend_waits(row: Connection, now: datetime) -> None:
    for link in _links_of(row):
        longest = now + timedelta(seconds=link.wait_s)
        Order.objects.filter(link=link, wait_until__gt=longest).update(wait_until=longest)


def _links_of(row: Connection) -> Iterator[Link]:
    yield from Link.objects.filter(shop=row)
