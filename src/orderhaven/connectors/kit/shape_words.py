"""What is wrong with the shape of an answer, in words: it is read by people, and some of them report it.

They name the field and what was expected there, never what stands in it: that may be somebody's name or telephone number.
"""

import re
from typing import Any

_KINDS = {
    "str": "text", "int": "a number", "float": "a number", "decimal": "a number", "bool": "yes or no", "null": "nothing",
    "NoneType": "nothing", "list": "a list", "tuple": "a list", "array": "a list", "dict": "an object", "object": "an object",
    "datetime": "a moment", "date": "a day", "string": "a number",
}  # fmt: skip
_OF_A_KIND = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<found>[^`]+)`(?: - at `\$(?P<place>.*)`)?")
_OUT_OF_BOUNDS = re.compile(
    r"Expected `(?P<wanted>\w+)`(?P<bounds> (?:of length )?[<>]=? -?[0-9.]+)(?: - at `\$(?P<place>.*)`)?"
)
_INVALID = re.compile(
    r"Invalid (?P<wanted>RFC3339 encoded datetime|RFC3339 encoded date|decimal string)(?: - at `\$(?P<place>.*)`)?"
)
# of the others some quote the value
_ANY_OTHER = re.compile(r".*? - at `\$(?P<place>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`(?: - at `\$(?P<place>.*)`)?")


def kind_of(value: Any) -> str:
    return _KINDS.get(type(value).__name__, "something else")


def in_words(said: str) -> str:
    """Of msgspec's own words for it."""
    if found := _OF_A_KIND.fullmatch(said):
        return f"{_named(found['place'])} is {_kind(found['found'])} instead of {_kind(found['wanted'])}"
    if found := _MISSING.fullmatch(said):
        within = f" in {found['place'].lstrip('.')}" if found["place"] else ""
        return f"{found['name']} is missing{within}"
    if found := _OUT_OF_BOUNDS.fullmatch(said):
        return f"{_named(found['place'])} should be {_kind(found['wanted'])}{found['bounds']}"
    if found := _INVALID.fullmatch(said):
        return f"{_named(found['place'])} should be {_kind(found['wanted'].split()[-1])}"
    found = _ANY_OTHER.fullmatch(said)
    return f"{_named(found['place'] if found else '')} cannot be read"


def _named(place: str | None) -> str:
    return (place or "").lstrip(".") or "it"


def _kind(words: str) -> str:
    return " or ".join(dict.fromkeys(_KINDS.get(word.strip(), word.strip()) for word in words.split("|")))
