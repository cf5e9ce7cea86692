"""What stands in a mail and on the page about webhooks."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderhaven.core.notifications import NotificationKind, WebhookEvent
from orderhaven.core.problems import ProblemKind
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.templates import NotificationContext
from orderhaven.notifications.webhook_calls import body_of, headers_of
from orderhaven.testing.clock import START
from orderhaven.words.notifications import answer_words, write

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "webhooks.md"


def news(
    kind: NotificationKind, *items: dict[str, Any], over: list[dict[str, Any]] | None = None, more: int = 0
) -> NotificationContext:
    facts = {"items": list(items), "more": more, "over": over or []}
    return NotificationContext(kind, facts, START, "Wolkenwinkel", "wolkenwinkel", "en", ZoneInfo("Europe/Amsterdam"))


def problem(kind: str, **values: str) -> dict[str, Any]:
    return {"marketplace": "bol NL", "ref": "A/1", "problem": kind, "values": values}


@pytest.mark.parametrize("kind", ProblemKind)
def test_every_problem_has_a_sentence(kind: ProblemKind) -> None:
    letter = write(news(NotificationKind.PROBLEM, problem(kind)))

    assert letter.subject == "Wolkenwinkel: a problem with an order"
    assert "/orders/bol%20NL/A%2F1" in letter.text


def test_the_other_sides_own_words_are_not_mailed() -> None:
    letter = write(news(NotificationKind.PROBLEM, problem("rejected", side="bol NL")))

    assert "bol NL rejects it: see there." in letter.text


def test_a_problem_of_a_later_version_is_shown_by_its_order() -> None:
    letter = write(news(NotificationKind.PROBLEM, problem("eaten_by_the_dog")))

    assert "bol NL A/1" in letter.text


def test_trouble_and_all_clear_stand_in_one_mail_when_they_come_together() -> None:
    trouble = {
        "connection": "bol NL",
        "problem": "",
        "values": {},
        "reason": "bol answered 503",
        "since": START.isoformat(),
    }
    over = {**trouble, "connection": "Webshop"}

    letter = write(news(NotificationKind.CONNECTION, trouble, over=[over]))

    assert letter.subject == "Wolkenwinkel: 'bol NL' cannot be used"
    assert "since 2 March 10:00 (bol answered 503)" in letter.text
    assert "'Webshop' works again." in letter.text


def test_a_servers_own_answer_stays_as_it_was_and_ours_are_known() -> None:
    ours = [value for name, value in vars(delivery_answers).items() if name.isupper()]

    assert answer_words("550 no such box") == "550 no such box"
    assert ours
    assert [answer_words(one) for one in ours] == ours


def test_a_call_passes_the_check_that_the_page_shows() -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(example, shown)
    check = shown["is_from_orderhaven"]
    body = body_of("1-2", "order.received", {"event": 1})
    secret, other = "whsec_b3JkZXJoYXZlbg==", "whsec_c29tZWJvZHk="
    headers = headers_of("1-2", secret, body, datetime.now(UTC))
    late = headers_of("1-2", secret, body, START)

    assert check(secret, headers, body)
    assert not check(other, headers, body)
    assert not check(secret, headers, body + b" ")
    assert not check(secret, late, body)


def test_the_page_names_every_kind() -> None:
    page = PAGE.read_text("utf-8")

    assert [] == [kind for kind in WebhookEvent if f"| `{kind}` |" not in page]
