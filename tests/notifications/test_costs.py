"""What looking costs: as many statements for much as for little, and nothing for what is over."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.core.notifications import NotificationKind, WebhookEvent
from orderhaven.core.problems import SENTENCES, ProblemKind
from orderhaven.store.models import Delivery, Event, Order, Problem
from orderhaven.store.notifications import deliveries, notification_scan, notifications, webhook_subscriptions
from orderhaven.testing.clock import START

from .conftest import Office

ZONE = ZoneInfo("Europe/Amsterdam")


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield said
    said += [query["sql"] for query in captured.captured_queries]


def have_problems(office: Office, number: int) -> None:
    """So many orders, each with an open problem, a wish to cancel or a ship-by time that is near."""
    office.trade.passes(minutes=6)
    for _ in range(number):
        office.trade.sells()
    office.trade.passes(minutes=6)
    now = office.trade.clock.now()
    for row in Order.objects.filter(closed_at=None):
        Problem.objects.create(order=row, kind=ProblemKind.NO_LINES, at=now)
        Event.objects.create(order=row, kind="problem", data={"problem": "no_lines"}, at=now, actor="hub")
    Order.objects.filter(closed_at=None).update(ship_by=now + timedelta(hours=1))


def one_day_of_telling(office: Office) -> list[str]:
    """Noted, sent, given to API clients and begun, then over."""
    now = office.trade.clock.now()
    later = now + timedelta(minutes=2)
    with statements() as said:
        notification_scan.scan(now, ZONE)
        notifications.notify(later)
        webhook_subscriptions.fan_out(later)
        deliveries.begin(later, later + timedelta(minutes=3), {}, 100)  # type: ignore[arg-type]
        Problem.objects.update(resolved_at=now)
        Order.objects.update(closed_at=now)
        notification_scan.scan(later, ZONE)
    return said


def test_much_takes_as_many_statements_as_little(office: Office) -> None:
    office.employs("Anna")
    office.employs("Otto")
    office.listens(*WebhookEvent)
    have_problems(office, 2)
    little = one_day_of_telling(office)
    calls = Delivery.objects.filter(channel="webhook").count()
    office.trade.clock.advance(timedelta(days=1))

    have_problems(office, 40)
    much = one_day_of_telling(office)

    assert Delivery.objects.filter(channel="webhook").count() >= calls + 40
    assert Delivery.objects.filter(kind__in=("problem", "late")).count() == 8  # both days, both kinds, both readers
    assert _words(much) == _words(little)
    assert len(much) < len(little) + 40


def _words(said: list[str]) -> list[str]:
    """How each statement begins; rows that go in by the dozen are one, in however many statements."""
    words = [" ".join(one.split(" times: ")[-1].split()[:3]) for one in said]
    return [one for one, before in pairwise([*words, ""]) if not (one == before and one.startswith("INSERT"))]


def test_nothing_new_takes_a_few_statements_and_writes_nothing(office: Office) -> None:
    office.listens()
    office.passes(minutes=1)
    now = office.trade.clock.now()

    with statements() as said:
        notification_scan.scan(now, ZONE)
        notifications.notify(now)
        webhook_subscriptions.fan_out(now)
        deliveries.begin(now, now, {}, 100)  # type: ignore[arg-type]

    asked = [one for one in said if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE")]
    assert (
        len([one for one in asked if not one.lstrip().startswith("SELECT")]) == 1
    )  # one looks whether trouble came back
    assert len(asked) <= 14


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        (NotificationKind.PROBLEM, ["p by one_open_problem_per_kind"]),
        (NotificationKind.CANCELLATION, ["m", "o by order_open_tabs"]),
        (NotificationKind.LATE, ["m", "o by order_open_tabs"]),
    ],
)
def test_what_was_solved_and_closed_is_never_read_through(store: None, kind: NotificationKind, way: list[str]) -> None:
    """From few merchants or open problems to what belongs to each; never from all orders or all problems."""
    watched = notification_scan._watched(START)[kind]

    with connection.cursor() as cursor:
        asked = notification_scan._NEW.format(begins=watched.begins, kind=kind, limit=500)
        cursor.execute(f"EXPLAIN QUERY PLAN {asked}", watched.begins_given)
        plan = [row[3] for row in cursor.fetchall()]

    steps = [re.sub(r"(?:SCAN|SEARCH) (\w)(?: USING INDEX (\w+))?.*", _step, one) for one in plan]
    assert steps[: len(way)] == way


def _step(found: re.Match[str]) -> str:
    return f"{found[1]} by {found[2]}" if found[2] else found[1]


def test_every_value_of_a_sentence_is_known_to_be_ours_or_left_out() -> None:
    from_outside = {"reason", "cause", "url", "quoted"}
    named = {name for sentence in SENTENCES.values() for name in _named_in(sentence)}

    assert named - from_outside - notification_scan.SAFE_VALUES == set()


def _named_in(sentence: str) -> set[str]:
    from string import Formatter

    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
