"""Pictures of figures: axes in round numbers, and rectangles where the numbers say."""

from itertools import pairwise

import pytest

from orderhaven.web.charts import Bar, Column, Span, bars, nice_top, round_time, spans, stacked, ticks


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 4), (1, 4), (4, 4), (5, 5), (6, 10), (11, 20), (33, 40), (41, 50), (99, 100), (101, 200), (12345, 20000)],
)
def test_an_axis_ends_at_the_first_round_number(highest: int, top: int) -> None:
    assert nice_top(highest) == top


@pytest.mark.parametrize("top", [4, 5, 10, 20, 40, 50, 100, 400])
def test_ticks_are_whole_and_evenly_spaced(top: int) -> None:
    found = ticks(top)

    assert (found[0], found[-1]) == (0, top)
    assert len({after - before for before, after in pairwise(found)}) == 1


def test_columns_stand_on_each_other_and_are_as_high_as_their_values() -> None:
    picture = stacked("Orders", ["a", "b"], [Column("1", (2, 6)), Column("2", (4, 0))])

    first, second, third = picture.blocks
    assert second.height == pytest.approx(3 * first.height, abs=0.2)
    assert second.y + second.height == pytest.approx(first.y, abs=0.2)
    assert third.height == pytest.approx(2 * first.height, abs=0.2)
    assert first.y + first.height == pytest.approx(picture.lines[0], abs=0.2)
    assert [block.says for block in picture.blocks] == ["1: 2 a", "1: 6 b", "2: 4 a"]


def test_no_more_names_stand_below_the_columns_than_can_be_read() -> None:
    picture = stacked("Orders", ["a"], [Column(str(number), (number,)) for number in range(100)])

    assert len(picture.labels) <= 12


def test_the_longest_bar_fills_its_room_and_the_others_their_share() -> None:
    picture = bars("Problems", [Bar("x", 10, "/x"), Bar("y", 5, "/y")])

    long, short = picture.rows
    assert short.bar.width == pytest.approx(long.bar.width / 2, abs=0.2)
    assert long.bar.width == picture.width


def test_what_stands_beside_a_picture_of_rows_stands_within_it() -> None:
    picture = bars("Problems", [Bar("x", 10, "/x")])

    [row] = picture.rows
    assert row.name.x >= 0
    assert row.says.x <= picture.width  # where it ends


def test_the_newest_column_is_always_named() -> None:
    picture = stacked("Orders", ["a"], [Column(str(number), (number,)) for number in range(24)])

    assert picture.labels[-1].words == "23"


def test_a_mark_stands_at_the_half_of_all() -> None:
    [row] = spans("Times", [Span("to shop", 30.0, 60.0, "30 s", "60 s")], str).rows

    assert row.mark == pytest.approx(row.bar.x + row.bar.width / 2, abs=0.2)


@pytest.mark.parametrize(
    ("longest_s", "end_s", "step_s"),
    [
        (0, 1, 1), (3.2, 4, 1), (42, 45, 15), (60, 60, 15), (61, 120, 60), (240, 240, 60), (11_220, 14_400, 3_600),
        (3 * 86_400, 3 * 86_400, 86_400), (30 * 86_400, 32 * 86_400, 8 * 86_400),
    ],
)  # fmt: skip
def test_an_axis_of_time_ends_at_a_length_that_people_count_in(longest_s: float, end_s: int, step_s: int) -> None:
    assert round_time(longest_s) == (end_s, step_s)


def test_an_axis_of_time_says_its_steps() -> None:
    picture = spans("Times", [Span("to shop", 30.0, 60.0, "30 s", "60 s")], lambda seconds: f"{seconds} s")

    assert [mark.words for mark in picture.marks] == ["0", "15 s", "30 s", "45 s", "60 s"]
    assert len(picture.lines) == len(picture.marks)


def test_nothing_to_draw_is_no_error() -> None:
    assert stacked("Orders", [], []).blocks == ()
    assert bars("Problems", []).rows == ()
    assert spans("Times", [Span("none", 0, 0, "0 s", "0 s")], str).rows
