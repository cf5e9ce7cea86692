"""Durations as people write them, there and back."""

import re
from datetime import timedelta

import pytest

from orderhaven.words.days import exact, read


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (40, "40 s"),
        (95, "1 min 35 s"),
        (240, "4 min"),
        (240.0001, "4 min"),
        (5400, "1 h 30 min"),
        (10800, "3 h"),
        (259200, "72 h"),
    ],
)
def test_a_duration_is_said_as_people_write_it_and_read_back(seconds: float, said: str) -> None:
    assert exact(seconds) == said
    assert read(said) == timedelta(seconds=round(seconds))


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("90s", 1.5), ("5m", 5), ("3h", 180), ("2d", 2880), ("1,5 u", 90), ("1 uur 30 minuten", 90), ("2.5 H", 150)],
)
def test_a_duration_is_read_however_it_is_typed(typed: str, minutes: float) -> None:
    assert read(typed) == timedelta(minutes=minutes)


def test_a_number_alone_is_read_where_its_unit_is_known() -> None:
    assert read("1,5", timedelta(hours=1)) == timedelta(minutes=90)


@pytest.mark.parametrize("typed", ["", "x", "-1", "5 weeks", "5", "3h x", "h", "1 h 30", "1e999", "9" * 400 + " d"])
def test_what_is_no_duration_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(typed.strip())):
        read(typed)
