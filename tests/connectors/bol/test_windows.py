"""Which lists a pull asks for."""

from datetime import UTC, date, datetime, timedelta

from orderhaven.connectors.bol.pulling import OPEN, Window, windows_since

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)


def test_the_first_pull_asks_for_everything_open() -> None:
    assert windows_since(None, NOW, OVERLAP) == (OPEN,)
    assert OPEN.query(2) == {"page": "2", "fulfilment-method": "ALL", "status": "OPEN"}


def test_a_later_pull_asks_for_whole_minutes_with_the_overlap() -> None:
    (window,) = windows_since(NOW - timedelta(minutes=5, seconds=1), NOW, OVERLAP)

    assert window == Window(minutes=17)
    assert window.query(1) == {
        "page": "1",
        "fulfilment-method": "ALL",
        "status": "ALL",
        "change-interval-minute": "17",
    }


def test_an_interval_is_never_longer_than_bol_takes() -> None:
    assert windows_since(NOW - timedelta(minutes=49), NOW, OVERLAP) == (Window(minutes=60),)
    assert windows_since(NOW - timedelta(minutes=50), NOW, OVERLAP) == (Window(day=date(2026, 3, 2)),)


def test_after_a_longer_gap_each_day_is_asked_for_oldest_first() -> None:
    windows = windows_since(NOW - timedelta(days=2), NOW, OVERLAP)

    assert [window.day for window in windows] == [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)]
    assert windows[0].query(1)["latest-change-date"] == "2026-02-28"


def test_days_are_taken_as_utc_and_as_dutch_days() -> None:
    now = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past one on 2 July in the Netherlands

    windows = windows_since(now - timedelta(minutes=55), now, OVERLAP)

    assert [window.day for window in windows] == [date(2026, 7, 1), date(2026, 7, 2)]


def test_beyond_the_history_what_is_open_comes_as_well() -> None:
    windows = windows_since(NOW - timedelta(days=400), NOW, OVERLAP)

    assert windows[0] == OPEN
    assert (windows[1].day, windows[-1].day) == (date(2025, 12, 4), date(2026, 3, 2))
