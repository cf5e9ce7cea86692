"""How a command is cut where a marketplace takes no more of it in one request."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from orderhaven.core.parts import cut_in_parts


@pytest.mark.parametrize(
    ("lines", "pieces", "parts"),
    [
        (2, None, [{"a": 2, "b": 1}, {"c": 3}]),
        (1, None, [{"a": 2}, {"b": 1}, {"c": 3}]),
        (9, 1, [{"a": 1}, {"a": 1}, {"b": 1}, {"c": 1}, {"c": 1}, {"c": 1}]),
        (9, 2, [{"a": 2}, {"b": 1, "c": 1}, {"c": 2}]),
        (1, 2, [{"a": 2}, {"b": 1}, {"c": 2}, {"c": 1}]),
        (9, 9, [{"a": 2, "b": 1, "c": 3}]),
    ],
)
def test_no_part_has_more_than_one_request_takes(lines: int, pieces: int | None, parts: list[dict[str, int]]) -> None:
    assert cut_in_parts({"a": 2, "b": 1, "c": 3}, lines, pieces) == parts


@given(
    some.dictionaries(some.sampled_from("abcdefgh"), some.integers(1, 9)),
    some.integers(1, 9),
    some.none() | some.integers(1, 9),
)
def test_the_parts_together_are_the_whole(quantities: dict[str, int], lines: int, pieces: int | None) -> None:
    parts = cut_in_parts(quantities, lines, pieces)

    assert {ref: sum(part.get(ref, 0) for part in parts) for ref in quantities} == quantities
    assert all(part and len(part) <= lines and sum(part.values()) <= (pieces or 99) for part in parts)
