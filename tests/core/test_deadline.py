"""By when an order must leave, estimated from the day on which it must arrive. Times are Amsterdam's."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from orderhaven.core.order import Dispatch, estimated_ship_by

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
USUAL = Dispatch(AMSTERDAM)
SATURDAYS_TOO = Dispatch(AMSTERDAM, working_days=frozenset({1, 2, 3, 4, 5, 6}))
EASTER_MONDAY = Dispatch(AMSTERDAM, free_days=frozenset({date(2026, 4, 6)}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


@pytest.mark.parametrize(
    ("arrives", "leaves", "dispatch"),
    [
        pytest.param("2026-03-04", "2026-03-03 17:00", USUAL, id="the day before"),
        pytest.param("2026-03-07", "2026-03-06 17:00", USUAL, id="a Saturday: on Friday"),
        pytest.param("2026-03-09", "2026-03-06 17:00", USUAL, id="a Monday: nothing leaves on Sunday, nor on Saturday"),
        pytest.param("2026-03-09", "2026-03-07 17:00", SATURDAYS_TOO, id="a Monday, where Saturday is worked"),
        pytest.param("2026-04-07", "2026-04-03 17:00", EASTER_MONDAY, id="after a free day and a weekend"),
        pytest.param("2026-03-06", "2026-03-04 17:00", Dispatch(AMSTERDAM, transit_days=2), id="two days on the way"),
        pytest.param("2026-03-04", "2026-03-04 09:30", Dispatch(AMSTERDAM, 0, cut_off=time(9, 30)), id="the same day"),
        pytest.param("2026-03-30", "2026-03-27 17:00", USUAL, id="over the change to summer time"),
    ],
)
def test_it_is_the_last_cut_off_from_which_it_arrives_in_time(arrives: str, leaves: str, dispatch: Dispatch) -> None:
    end_of_day = at(f"{arrives} 23:59:59")

    assert at(leaves) == estimated_ship_by(end_of_day, at("2026-03-01 12:00"), dispatch)


@pytest.mark.parametrize(
    ("placed", "leaves"),
    [
        pytest.param("2026-03-03 22:00", "2026-03-04 17:00", id="in the evening, to be there tomorrow"),
        pytest.param("2026-03-06 18:00", "2026-03-09 17:00", id="on Friday after the cut-off"),
        pytest.param("2026-03-04 08:00", "2026-03-04 17:00", id="on the day itself"),
    ],
)
def test_an_order_that_comes_too_late_leaves_at_the_first_cut_off_after_it(placed: str, leaves: str) -> None:
    arrives = at(f"{placed[:10]} 23:59:59")

    assert at(leaves) == estimated_ship_by(arrives, at(placed), USUAL)


def test_a_year_without_a_working_day_ends() -> None:
    closed = Dispatch(AMSTERDAM, working_days=frozenset())

    assert at("2026-03-03 17:00") == estimated_ship_by(at("2026-03-04 12:00"), at("2026-03-01 12:00"), closed)
