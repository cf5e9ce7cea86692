"""A word that was searched for: where it may stand, each place with an index of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from orderhaven.core.searching import keys_that_begin_so, search_key
from orderhaven.store import sql
from orderhaven.store.walking import Piece, Walk, all_of, along, has, is_short

_OF_AN_ORDER = {
    "ref": "order_by_ref",
    "shop_number": "order_by_shop_number",
    "shop_ref": "order_by_shop_ref",
    "code": "order_by_code",
}
_OF_A_LINE = {"sku": "line_by_sku", "ean": "line_by_ean"}
_OF_A_PERSON = {"name_key": "person_by_name", "postcode_key": "person_by_postcode"}
_SHORTEST_BEGINNING = 2  # one sign is the beginning of too many names to be worth a list


def places_of(word: str, merchant_id: int, stretch: int, *, by_person: bool) -> Sequence[Walk]:
    """Walks that together reach every order in which the word stands, and perhaps another merchant's."""
    return [
        *(Walk(along("store_order", "o", index), _is(f"o.{column}", word)) for column, index in _OF_AN_ORDER.items()),
        *(
            Walk(along("store_line", "x", index), _is(f"x.{column}", word), key="x.order_id")
            for column, index in _OF_A_LINE.items()
        ),
        *(
            _people(column, index, search_key(word), merchant_id, stretch)
            for column, index in _beginnings(word, by_person)
        ),
    ]


def stands_in_it(word: str, *, by_person: bool) -> Piece:
    """The same, asked of one order."""
    order = _any_of(_is(f"o.{column}", word) for column in _OF_AN_ORDER)
    line = _any_of(_is(f"x.{column}", word) for column in _OF_A_LINE)
    people = [_begins_so(column, search_key(word)) for column, _index in _beginnings(word, by_person)]
    return _any_of([order, has("store_line", line), *([has("store_person", _any_of(people))] if people else [])])


def _is(column: str, word: str) -> Piece:
    """As it was typed, or all in capitals or in small letters: numbers and codes are typed by hand, on phones too."""
    spelled = tuple(dict.fromkeys((word, word.upper(), word.lower())))
    return Piece(f"{column} IN ({sql.marks(spelled)})", spelled)


def _any_of(pieces: Iterable[Piece]) -> Piece:
    pieces = list(pieces)
    text = " OR ".join(one.text for one in pieces)
    return Piece(f"({text})", tuple(value for one in pieces for value in one.given))


# below: people, who are found by how their names begin


def _beginnings(word: str, by_person: bool) -> Sequence[tuple[str, str]]:
    return tuple(_OF_A_PERSON.items()) if by_person and len(search_key(word)) >= _SHORTEST_BEGINNING else ()


def _people(column: str, index: str, key: str, merchant_id: int, stretch: int) -> Walk:
    """Those of too many are not looked up, but met on the way through the orders."""
    walk = Walk(along("store_person", "x", index), _begins_so(column, key), key="x.order_id")
    if is_short(walk, stretch // 2):  # an order may have two people
        return replace(walk, is_short=True)
    return replace(all_of(merchant_id), also=(has("store_person", _begins_so(column, key)),))


def _begins_so(column: str, key: str) -> Piece:
    return Piece(f"x.{column} BETWEEN %s AND %s", keys_that_begin_so(key))
