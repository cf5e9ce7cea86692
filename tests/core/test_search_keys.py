"""Keys by which people are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.order import LONGEST_KEY, key_prefixes, search_key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Jansen", "jansen"),
        ("de Müller-Øst", "demulleru000f8st"),
        ("1234 ab", "1234ab"),
        ("O'Neill", "oneill"),
        ("Straße", "strasse"),
        ("Brand™", "brandtm"),
        ("王", "u0738b"),
        ("%_ -", ""),
        ("📦", ""),
    ],
)
def test_case_accents_spaces_and_signs_make_no_difference(text: str, key: str) -> None:
    assert key == search_key(text)


@given(st.text(max_size=200))
def test_a_key_sorts_alike_everywhere(text: str) -> None:
    key = search_key(text)

    assert len(key) <= LONGEST_KEY
    assert set(key) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


@given(st.text(max_size=30), st.text("abcdefghijklmnopqrstuvwxy0123456789", max_size=8))
def test_what_begins_so_lies_between(text: str, more: str) -> None:
    key = search_key(text)
    first, last = key_prefixes(key)

    assert first <= key + more <= last
