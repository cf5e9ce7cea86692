"""A clock that was a day ahead and is right again: nothing waits until tomorrow, and it is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import DateTimeField, Model

from orderhaven.store.connections import connections
from orderhaven.store.models import Connection, Delivery, DeliveryState, Message, MessageKind, Notification, Order
from orderhaven.store.upkeep import clock_ahead
from tests.sync.conftest import Shift
from tests.sync.test_schedule import _ticks_for

DAY = timedelta(days=1)
MADE, DONE, SHOWN = "only shown", "only whether it stands there counts", "only shown; counts over days may include it"
THEIRS = "the other side says when"
MAKES_NOBODY_WAIT: Mapping[str, str] = {
    # every other time of the schema must be mended
    "Allowance.full_at": "one further ahead than an empty purse needs counts as now",
    "Delivery.finished_at": "it is kept in the log for longer",
    "Event.at": "history is not rewritten; webhooks pass over what lies in the future",
    "Invitation.accepted_at": DONE,
    "Invitation.expires_at": "it is good for longer",
    "Invitation.created_at": MADE,
    "Link.from_at": "a person's own choice, and shown",
    "Message.failing_since": "it counts from now when it lies in the future",
    "Message.finished_at": SHOWN,
    "Notification.notified_at": DONE,
    "Order.changed_at": THEIRS,
    "Order.completed_at": THEIRS,
    "Order.confirmed_at": DONE,
    "Order.deliver_by": THEIRS,
    "Order.expires_at": THEIRS,
    "Order.received_at": SHOWN,
    "Order.placed_at": THEIRS,
    "Order.read_at": DONE,
    "Order.ship_by": THEIRS,
    "Problem.at": MADE,
    "Problem.resolved_at": DONE,
    "ProductLookup.at": MADE,
    "Shipment.confirmed_at": SHOWN,
    "Token.revoked_at": DONE,
    "Token.created_at": MADE,
    "Token.last_used_at": MADE,
    "User.last_login": MADE,
    "User.created_at": MADE,
    "Webhook.created_at": MADE,
    "Webhook.paused_at": DONE,
}
TIMES = {
    f"{model.__name__}.{column.name}"
    for model in apps.get_app_config("store").get_models()
    for column in model._meta.fields
    if isinstance(column, DateTimeField)
}


def ahead(trade: Any, **columns: Any) -> Connection:
    row: Connection = trade.link.marketplace
    Connection.objects.filter(pk=row.pk).update(**columns)
    row.refresh_from_db()
    return row


def test_what_is_due_in_a_far_future_is_due(trade: Shift) -> None:
    now = trade.clock.now()
    row = ahead(trade, pull_at=now + DAY, last_pulled_at=now + DAY, backoff_until=now + DAY)
    assert row.pk not in connections.due(now)

    assert clock_ahead.mend(now) >= 1

    row.refresh_from_db()
    assert (row.pull_at, row.last_pulled_at, row.backoff_until) == (now, now, None)
    assert row.pk in connections.due(now)
    assert clock_ahead.mend(now) == 0


@pytest.mark.parametrize("time", sorted(TIMES - MAKES_NOBODY_WAIT.keys()))
def test_no_time_that_makes_anybody_wait_stays_in_a_far_future(trade: Shift, time: str) -> None:
    name, _, column = time.partition(".")
    now = trade.clock.now()
    row = _row_of(trade, name, column)
    type(row)._default_manager.filter(pk=row.pk).update(**{column: now + 30 * DAY})

    clock_ahead.mend(now)

    row.refresh_from_db()
    assert getattr(row, column) is None or getattr(row, column) <= now + timedelta(hours=3)


def test_what_is_said_to_make_nobody_wait_exists() -> None:
    assert MAKES_NOBODY_WAIT.keys() - TIMES == set()


def _row_of(trade: Shift, name: str, column: str) -> Model:
    """In the state in which something may wait for that column."""
    link, now = trade.link, trade.clock.now()
    match name:
        case "Connection":
            return link.shop if column in ("wait_at", "refresh_at") else link.marketplace
        case "Order":
            order = Order.objects.get(ref=trade.placed())
            Order.objects.filter(pk=order.pk).update(read_at=None)
            return order
        case "Message":
            message = Order.objects.get(ref=trade.placed()).messages.get()
            state = "unconfirmed" if column in ("not_after", "due_at") else "done"
            Message.objects.filter(pk=message.pk).update(state=state, kind=MessageKind.CANCEL)
            return message
        case "Notification":
            over = now if column == "ended_at" else None
            return Notification.objects.create(merchant=link.merchant, kind="problem", about="1", at=now, ended_at=over)
        case "Delivery":
            return Delivery.objects.create(
                merchant=link.merchant,
                channel="webhook",
                kind="problem",
                state=DeliveryState.QUEUED,
                created_at=now,
                due_at=now,
            )
    raise AssertionError(f"{name}.{column} may make somebody wait: see clock_ahead")


def test_one_order_that_could_not_be_read_is_read_again(trade: Shift) -> None:
    """Its next fetch was put off by the clock that was ahead."""
    now = trade.clock.now()
    ref = trade.placed()
    Order.objects.filter(ref=ref).update(read_at=None, read_due_at=now + DAY)

    clock_ahead.mend(now)

    assert Order.objects.get(ref=ref).read_due_at == now


def test_a_failure_is_not_waited_out_in_the_future(trade: Shift) -> None:
    """It failed before the clock jumped, so nothing but the back-off was written by it."""
    now = trade.clock.now()
    row = ahead(
        trade, last_pulled_at=now - DAY, pull_at=now, failing_since=now - DAY, failures=3, backoff_until=now + DAY
    )

    assert clock_ahead.mend(now) == 1

    row.refresh_from_db()
    assert row.backoff_until is None


def test_a_fast_clock_is_not_taken_for_one_that_was_ahead(trade: Shift) -> None:
    """A call that takes half a minute takes hours there, and may still be under way."""
    trade.placed()
    now, until = trade.clock.now(), trade.clock.now() + timedelta(hours=5)
    Message.objects.update(state="in_flight", not_after=until)

    clock_ahead.mend(now, pace=600)

    assert {message.not_after for message in Message.objects.all()} == {until}


def test_a_mail_of_the_future_keeps_no_other_back(trade: Shift) -> None:
    from orderhaven.core.notifications import NotificationKind
    from orderhaven.store.notifications import notifications

    now, merchant = trade.clock.now(), trade.link.merchant
    Delivery.objects.create(
        merchant=merchant, channel="mail", kind=NotificationKind.PROBLEM, state="done", created_at=now + DAY, due_at=now
    )

    assert not notifications._sent_lately(merchant.pk, NotificationKind.PROBLEM, now)


def test_what_is_planned_as_usual_stays(trade: Shift) -> None:
    now = trade.clock.now()
    later, quiet = now + timedelta(minutes=5), now + timedelta(hours=1)  # a shop may wish to be left alone for an hour
    row = ahead(trade, pull_at=later, last_pulled_at=now, backoff_until=quiet, pull_every_s=300)

    assert clock_ahead.mend(now) == 0

    row.refresh_from_db()
    assert (row.pull_at, row.backoff_until) == (later, quiet)


def test_no_wait_is_longer_than_was_agreed(trade: Shift) -> None:
    ref = trade.placed()
    now = trade.clock.now()
    Connection.objects.filter(pk=trade.link.shop_id).update(last_pulled_at=now + DAY, wait_at=now + DAY)
    Order.objects.filter(ref=ref).update(wait_until=now + DAY + timedelta(hours=3))

    clock_ahead.mend(now)

    assert Order.objects.get(ref=ref).wait_until == now + timedelta(seconds=trade.link.wait_s)
    assert Connection.objects.get(pk=trade.link.shop_id).wait_at == now


def test_what_may_have_been_sent_is_looked_for_soon_and_not_too_soon(trade: Shift) -> None:
    trade.placed()
    now = trade.clock.now()
    ahead(trade, last_pulled_at=now + DAY)
    Connection.objects.update(last_pulled_at=now + DAY)
    Message.objects.update(state="unconfirmed", due_at=now + DAY, not_after=now + DAY)

    clock_ahead.mend(now)

    for message in Message.objects.all():
        assert message.due_at == now
        assert now + timedelta(minutes=5) < message.not_after < now + timedelta(minutes=30)


def test_the_ticker_goes_on_after_a_clock_that_was_a_day_ahead(trade: Shift) -> None:
    now = trade.clock.now()
    row = ahead(trade, pull_at=now + DAY, last_pulled_at=now + DAY)

    trade._loop.run_until_complete(_ticks_for(trade, seconds=2))

    row.refresh_from_db()
    assert row.pull_at <= trade.clock.now()


def test_it_is_said_by_doctor_and_by_what_monitoring_asks(trade: Shift) -> None:
    from orderhaven.actions.doctor import Check, _clock

    now = trade.clock.now()
    assert Check("clock", *_clock([trade.link.marketplace], [], now)).is_well
    row = ahead(trade, last_pulled_at=now + DAY)

    check = Check("clock", *_clock([row], [], now))

    assert (check.is_well, row.name in check.sentence) == (False, True)
    assert [one.pk for one in clock_ahead.connections_ahead(now)] == [row.pk]
