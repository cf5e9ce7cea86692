"""What is wrong with the shape of an answer, in words: it is read by people, and some of them report it."""

import re
from typing import Any

_KINDS = {
    "str": "text", "int": "a number", "float": "a number", "decimal": "a number", "bool": "yes or no", "null": "nothing",
    "NoneType": "nothing", "list": "a list", "tuple": "a list", "array": "a list", "dict": "an object", "object": "an object",
    "datetime": "a moment", "date": "a day",
}  # fmt: skip
_OF_A_KIND = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<found>[^`]+)`(?: - at `\$(?P<place>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`(?: - at `\$(?P<place>.*)`)?")


def kind_of(value: Any) -> str:
    return _KINDS.get(type(value).__name__, "something else")


def in_words(said: str) -> str:
    """Of msgspec's own words for it; any others stay as they are."""
    if found := _OF_A_KIND.fullmatch(said):
        return f"{_named(found['place'])} is {_kind(found['found'])} instead of {_kind(found['wanted'])}"
    if found := _MISSING.fullmatch(said):
        within = f" in {found['place'].lstrip('.')}" if found["place"] else ""
        return f"{found['name']} is missing{within}"
    return said


def _named(place: str | None) -> str:
    return (place or "").lstrip(".") or "it"


def _kind(words: str) -> str:
    return " or ".join(dict.fromkeys(_KINDS.get(word.strip(), word.strip()) for word in words.split("|")))
