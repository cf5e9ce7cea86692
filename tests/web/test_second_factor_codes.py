"""The codes of a second factor: figures from a phone, and what is written down for the day without it."""

from base64 import b32decode
from datetime import UTC, datetime

import pytest
from django_otp.oath import totp

from orderhaven.store.access import credentials, second_factor
from orderhaven.store.models import User


@pytest.fixture
def person(store: None) -> User:
    return credentials.create_user("somebody@example.com", "Somebody", "several words without sense", datetime.now(UTC))


def test_a_code_on_paper_is_taken_right_after_many_log_ins_by_phone(person: User) -> None:
    beginning = second_factor.begin(person)
    on_paper = second_factor.confirm(person, beginning, figures(beginning.secret, -1))
    for step in (0, 1):
        assert second_factor.device_that_takes(person, figures(beginning.secret, step))

    taken = second_factor.device_that_takes(person, on_paper[0])

    assert taken is not None


def test_each_code_is_taken_once(person: User) -> None:
    beginning = second_factor.begin(person)
    on_paper = second_factor.confirm(person, beginning, figures(beginning.secret, -1))
    assert second_factor.device_that_takes(person, on_paper[0])

    assert second_factor.device_that_takes(person, on_paper[0]) is None


def test_a_factor_that_is_not_confirmed_takes_nothing(person: User) -> None:
    beginning = second_factor.begin(person)

    assert second_factor.device_that_takes(person, figures(beginning.secret)) is None


def figures(secret: str, steps_ahead: int = 0) -> str:
    """As the phone shows them, a step of half a minute earlier or later."""
    key = b32decode(secret + "=" * (-len(secret) % 8))
    return f"{totp(key, drift=steps_ahead):06d}"
