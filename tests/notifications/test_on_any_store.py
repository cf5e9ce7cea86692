"""The same on SQLite and PostgreSQL: noted, queued, sent, over, forgotten."""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orderhaven.core.access import Role
from orderhaven.core.notifications import NotificationKind, WebhookEvent
from orderhaven.store.models import (
    Connection,
    Delivery,
    Event,
    Link,
    Membership,
    Merchant,
    Notification,
    Order,
    Problem,
    User,
)
from orderhaven.store.notifications import deliveries, notification_scan, notifications, webhook_subscriptions
from orderhaven.store.notifications.deliveries import DeliveryResult
from orderhaven.testing.clock import START

ZONE = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(any_store: None) -> Order:
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    there, here = (
        Connection.objects.create(merchant=merchant, connector="reference", side=role, name=role, fingerprint=role)
        for role in ("marketplace", "shop")
    )
    link = Link.objects.create(merchant=merchant, name="bol NL", marketplace=there, shop=here, from_at=START)
    anna = User.objects.create(email="anna@example.com", name="Anna", created_at=START)
    Membership.objects.create(user=anna, merchant=merchant, role=Role.OPERATOR)
    moments = dict.fromkeys(("placed_at", "received_at", "changed_at"), START)
    return Order.objects.create(
        merchant=merchant, connection=link.marketplace, link=link, ref="4711", status="not_shipped", **moments
    )


def told(kind: NotificationKind) -> int:
    return Delivery.objects.filter(kind=kind).count()


def test_a_problem_is_noted_reported_and_forgotten(order: Order) -> None:
    problem = Problem.objects.create(order=order, kind="no_lines", at=START)

    notification_scan.scan(START, ZONE)
    assert notifications.notify(START + MINUTE / 2) == 0
    assert notifications.notify(START + MINUTE) == 1
    assert notifications.notify(START + 30 * MINUTE) == 0
    Problem.objects.filter(pk=problem.pk).update(resolved_at=START)
    notification_scan.scan(START + 31 * MINUTE, ZONE)

    assert told(NotificationKind.PROBLEM) == 1
    assert not Notification.objects.filter(kind=NotificationKind.PROBLEM).exists()


def test_a_connection_is_reported_and_its_all_clear_too(order: Order) -> None:
    shop = Connection.objects.filter(side="shop")
    shop.update(failing_since=START, failures=3, last_error="the shop answered 503")
    notification_scan.scan(START + 4 * MINUTE, ZONE)
    assert not Notification.objects.filter(kind=NotificationKind.CONNECTION).exists()

    notification_scan.scan(START + 5 * MINUTE, ZONE)
    notifications.notify(START + 6 * MINUTE)
    shop.update(failing_since=None, failures=0)
    notification_scan.scan(START + 8 * MINUTE, ZONE)
    notifications.notify(START + 9 * MINUTE)
    assert told(NotificationKind.CONNECTION) == 1  # not within a quarter of an hour
    notifications.notify(START + 21 * MINUTE)

    assert told(NotificationKind.CONNECTION) == 2
    assert not Notification.objects.filter(kind=NotificationKind.CONNECTION).exists()


def test_a_cancellation_request_and_a_late_order_are_reported_as_long_as_they_are_so(order: Order) -> None:
    Order.objects.update(status="cancellation_requested")
    notification_scan.scan(START, ZONE)
    Order.objects.update(status="not_shipped", ship_by=START + timedelta(hours=4))
    notification_scan.scan(START + MINUTE, ZONE)
    assert set(Notification.objects.values_list("kind", flat=True)) == {NotificationKind.LATE, NotificationKind.DIGEST}
    notifications.notify(START + 2 * MINUTE)
    Order.objects.update(closed_at=START)
    notification_scan.scan(START + 3 * MINUTE, ZONE)

    assert (told(NotificationKind.CANCELLATION), told(NotificationKind.LATE)) == (0, 1)
    assert set(Notification.objects.values_list("kind", flat=True)) == {NotificationKind.DIGEST}


def test_an_event_becomes_a_call_that_is_begun_once_and_finished_once(order: Order) -> None:
    webhook_subscriptions.create_webhook(
        order.merchant_id, "https://example.com/a", [WebhookEvent.ORDER_RECEIVED], START, "anna"
    )
    Event.objects.create(order=order, at=START, actor="hub", kind="received")

    assert webhook_subscriptions.fan_out(START + 2 * MINUTE) == 1
    assert webhook_subscriptions.fan_out(START + 2 * MINUTE) == 0
    [call] = deliveries.begin(START + 2 * MINUTE, START + 5 * MINUTE, Counter(), 10)
    assert deliveries.begin(START + 3 * MINUTE, START + 6 * MINUTE, Counter(), 10) == []
    [again] = deliveries.begin(START + 5 * MINUTE, START + 8 * MINUTE, Counter(), 10)

    assert deliveries.name_of(again) == deliveries.name_of(call)
    deliveries.finish(call, DeliveryResult.LATER, "of an attempt that was lost", START + 5 * MINUTE)
    assert (Delivery.objects.get().due_at, Delivery.objects.get().answer) == (START + 8 * MINUTE, "")
    assert deliveries.finish(again, DeliveryResult.DONE, "204", START + 6 * MINUTE) == "done"
    assert Delivery.objects.get().answer == "204"


def test_a_few_to_each_address_leave_room_for_the_others(order: Order) -> None:
    for name in ("a", "b"):
        webhook_subscriptions.create_webhook(
            order.merchant_id, f"https://example.com/{name}", [WebhookEvent.ORDER_RECEIVED], START, "anna"
        )
    for _ in range(10):
        Event.objects.create(order=order, at=START, actor="hub", kind="received")
    webhook_subscriptions.fan_out(START + 2 * MINUTE)
    assert Delivery.objects.count() == 20
    first = webhook_subscriptions.of_merchant(order.merchant_id)[0].pk

    begun = deliveries.begin(START + 2 * MINUTE, START + 5 * MINUTE, Counter({first: 3}), 100)

    assert Counter(call.webhook_id == first for call in begun) == {True: 1, False: 4}
