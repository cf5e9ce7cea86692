"""A clock that was a day ahead and is right again: nothing waits until tomorrow, and it is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orderhaven.store import clock_ahead, connections
from orderhaven.store.models import Connection, Message, Order
from tests.sync.conftest import Shift
from tests.sync.test_schedule import _ticks_for

DAY = timedelta(days=1)


def ahead(trade: Any, **columns: Any) -> Connection:
    row: Connection = trade.link.marketplace
    Connection.objects.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()
    return row


def test_what_is_due_in_a_far_future_is_due(trade: Shift) -> None:
    now = trade.clock.now()
    row = ahead(trade, hear_at=now + DAY, heard_at=now + DAY, quiet_until=now + DAY)
    assert row.pk not in connections.due(now)

    assert clock_ahead.mend(now) >= 1

    row.refresh_from_db()
    assert (row.hear_at, row.heard_at, row.quiet_until) == (now, now, None)
    assert row.pk in connections.due(now)
    assert clock_ahead.mend(now) == 0


def test_what_is_planned_as_usual_stays(trade: Shift) -> None:
    now = trade.clock.now()
    later, quiet = now + timedelta(minutes=5), now + timedelta(hours=6)  # a shop may wish to be left alone for hours
    row = ahead(trade, hear_at=later, heard_at=now, quiet_until=quiet, hear_every_s=300)

    assert clock_ahead.mend(now) == 0

    row.refresh_from_db()
    assert (row.hear_at, row.quiet_until) == (later, quiet)


def test_no_wait_is_longer_than_was_agreed(trade: Shift) -> None:
    ref = trade.placed()
    now = trade.clock.now()
    Connection.objects.filter(pk=trade.link.shop_id).update(heard_at=now + DAY, wait_at=now + DAY)
    Order.objects.filter(ref=ref).update(wait_until=now + DAY + timedelta(hours=3))

    clock_ahead.mend(now)

    assert Order.objects.get(ref=ref).wait_until == now + timedelta(seconds=trade.link.wait_s)
    assert Connection.objects.get(pk=trade.link.shop_id).wait_at == now


def test_what_may_have_been_sent_is_looked_for_soon_and_not_too_soon(trade: Shift) -> None:
    trade.placed()
    now = trade.clock.now()
    ahead(trade, heard_at=now + DAY)
    Connection.objects.update(heard_at=now + DAY)
    Message.objects.update(state="unclear", due_at=now + DAY, not_after=now + DAY)

    clock_ahead.mend(now)

    for message in Message.objects.all():
        assert message.due_at == now
        assert now + timedelta(minutes=5) < message.not_after < now + timedelta(minutes=30)


def test_the_ticker_goes_on_after_a_clock_that_was_a_day_ahead(trade: Shift) -> None:
    now = trade.clock.now()
    row = ahead(trade, hear_at=now + DAY, heard_at=now + DAY)

    trade._loop.run_until_complete(_ticks_for(trade, seconds=2))

    row.refresh_from_db()
    assert row.hear_at <= trade.clock.now()


def test_it_is_said_by_doctor_and_by_what_monitoring_asks(trade: Shift) -> None:
    from orderhaven.actions.doctor import _clock

    now = trade.clock.now()
    assert _clock([trade.link.marketplace], [], now).is_well
    row = ahead(trade, heard_at=now + DAY)

    check = _clock([row], [], now)

    assert (check.is_well, row.name in check.sentence) == (False, True)
    assert [one.pk for one in clock_ahead.connections_ahead(now)] == [row.pk]
