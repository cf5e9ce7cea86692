"""The same on SQLite and PostgreSQL: noted, told, sent, over, forgotten."""

from collections import Counter
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orderhaven.core.access import Role
from orderhaven.core.notices import HookKind, NoticeKind
from orderhaven.store import deliveries, hooks, notices, noticing
from orderhaven.store.deliveries import Fate
from orderhaven.store.models import (
    Connection,
    Delivery,
    Event,
    Link,
    Membership,
    Merchant,
    Notice,
    Order,
    Problem,
    User,
)
from orderhaven.testing.clock import START

ZONE = ZoneInfo("Europe/Amsterdam")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def order(any_store: None) -> Order:
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel")
    there, here = (
        Connection.objects.create(merchant=merchant, connector="reference", role=role, name=role, fingerprint=role)
        for role in ("marketplace", "shop")
    )
    link = Link.objects.create(merchant=merchant, marketplace=there, shop=here, from_at=START)
    anna = User.objects.create(email="anna@example.com", name="Anna", made_at=START)
    Membership.objects.create(user=anna, merchant=merchant, role=Role.OPERATOR)
    moments = dict.fromkeys(("placed_at", "heard_at", "changed_at"), START)
    return Order.objects.create(merchant=merchant, link=link, ref="4711", status="not_shipped", **moments)


def told(kind: NoticeKind) -> int:
    return Delivery.objects.filter(kind=kind).count()


def test_a_problem_is_noted_told_and_forgotten(order: Order) -> None:
    problem = Problem.objects.create(order=order, kind="no_lines", at=START)

    noticing.look(START, ZONE)
    assert notices.tell(START + MINUTE / 2) == 0
    assert notices.tell(START + MINUTE) == 1
    assert notices.tell(START + 30 * MINUTE) == 0
    Problem.objects.filter(pk=problem.pk).update(solved_at=START)
    noticing.look(START + 31 * MINUTE, ZONE)

    assert told(NoticeKind.PROBLEM) == 1
    assert not Notice.objects.filter(kind=NoticeKind.PROBLEM).exists()


def test_a_connection_is_told_and_its_all_clear_too(order: Order) -> None:
    shop = Connection.objects.filter(role="shop")
    shop.update(failing_since=START, failures=3, last_error="the shop answered 503")
    noticing.look(START + 4 * MINUTE, ZONE)
    assert not Notice.objects.filter(kind=NoticeKind.CONNECTION).exists()

    noticing.look(START + 5 * MINUTE, ZONE)
    notices.tell(START + 6 * MINUTE)
    shop.update(failing_since=None, failures=0)
    noticing.look(START + 8 * MINUTE, ZONE)
    notices.tell(START + 9 * MINUTE)
    assert told(NoticeKind.CONNECTION) == 1  # not within a quarter of an hour
    notices.tell(START + 21 * MINUTE)

    assert told(NoticeKind.CONNECTION) == 2
    assert not Notice.objects.filter(kind=NoticeKind.CONNECTION).exists()


def test_a_wish_to_cancel_and_a_late_order_are_told_as_long_as_they_are_so(order: Order) -> None:
    Order.objects.update(status="cancellation_requested")
    noticing.look(START, ZONE)
    Order.objects.update(status="not_shipped", ship_by=START + timedelta(hours=4))
    noticing.look(START + MINUTE, ZONE)
    assert set(Notice.objects.values_list("kind", flat=True)) == {NoticeKind.LATE, NoticeKind.DIGEST}
    notices.tell(START + 2 * MINUTE)
    Order.objects.update(closed_at=START)
    noticing.look(START + 3 * MINUTE, ZONE)

    assert (told(NoticeKind.CANCELLATION), told(NoticeKind.LATE)) == (0, 1)
    assert set(Notice.objects.values_list("kind", flat=True)) == {NoticeKind.DIGEST}


def test_an_event_becomes_a_call_that_is_begun_once_and_finished_once(order: Order) -> None:
    hooks.make(order.merchant_id, "https://example.com/a", [HookKind.ORDER_HEARD], START, "anna")
    Event.objects.create(order=order, at=START, actor="hub", kind="heard")

    assert hooks.fan_out(START + 2 * MINUTE) == 1
    assert hooks.fan_out(START + 2 * MINUTE) == 0
    [call] = deliveries.begin(START + 2 * MINUTE, START + 5 * MINUTE, Counter(), 10)
    assert deliveries.begin(START + 3 * MINUTE, START + 6 * MINUTE, Counter(), 10) == []
    [again] = deliveries.begin(START + 5 * MINUTE, START + 8 * MINUTE, Counter(), 10)

    assert deliveries.name_of(again) == deliveries.name_of(call)
    deliveries.finish(call, Fate.LATER, "of an attempt that was lost", START + 5 * MINUTE)
    assert (Delivery.objects.get().due_at, Delivery.objects.get().answer) == (START + 8 * MINUTE, "")
    assert deliveries.finish(again, Fate.DONE, "204", START + 6 * MINUTE) == "done"
    assert Delivery.objects.get().answer == "204"


def test_a_few_to_each_address_leave_room_for_the_others(order: Order) -> None:
    for name in ("a", "b"):
        hooks.make(order.merchant_id, f"https://example.com/{name}", [HookKind.ORDER_HEARD], START, "anna")
    for _ in range(10):
        Event.objects.create(order=order, at=START, actor="hub", kind="heard")
    hooks.fan_out(START + 2 * MINUTE)
    assert Delivery.objects.count() == 20
    first = hooks.of_merchant(order.merchant_id)[0].pk

    begun = deliveries.begin(START + 2 * MINUTE, START + 5 * MINUTE, Counter({first: 3}), 100)

    assert Counter(call.webhook_id == first for call in begun) == {True: 1, False: 4}
