"""A postal address with street, number and addition apart, and the ways to and from one street line."""

from __future__ import annotations

import re

from msgspec import Struct

# Where the number stands before the street: "12 bis rue de la Paix". Everywhere else it follows.
_NUMBER_FIRST = frozenset({"FR", "GB", "LU", "IE", "US", "CA", "AU", "NZ", "MC"})
# Where a single letter is written onto the number: "Hauptstr. 5a", "12A High Street".
_LETTER_ATTACHED = _NUMBER_FIRST | {"DE", "AT", "CH"}
# Where "14-22" is one range of numbers; a Dutch "5-2" is number 5, addition 2 (Amsterdam writes floors so).
_RANGE_IS_ADDITION = frozenset({"NL"})
# What is written between a number and an addition that begins with a digit, so that they stay apart.
_BEFORE_DIGIT = {"BE": " bus ", "DE": "/", "AT": "/"}

_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER = re.compile(r"([0-9]{1,6}(?:[-–][0-9]{1,6})?)([^0-9].{0,8})?")
_DUTCH_NUMBER = re.compile(r"([0-9]{1,6})([^0-9].{0,8})?")
_ORDINAL = re.compile(r"[0-9]{1,3}(?:e|de|ste|er|ère|ere|ème|eme|th|st|nd|rd|\.)", re.IGNORECASE)
_WRITTEN_ON = re.compile(r"[-–/]\S|,")
_LONGEST_NUMBER_WORD = 16
_MOST_ADDITION_WORDS = 4

# A number after one of these is part of the addition if a house number stands before it: "5 bus 3".
_LEADING = """
    bus bte boîte boite b box app apt appartement apartment wohnung whg etage verdieping kamer unit flat no nr
    - – / + & t/m
"""
_FOLLOWING = """
    bis ter quater hs huis boven beneden links rechts hoog zwart rood rear achter voor souterrain parterre
    hinterhaus vorderhaus haus stock og eg dg viii xviii
"""
_LEADS_A_NUMBER = frozenset(_LEADING.split())
_ADDITION_WORDS = _LEADS_A_NUMBER | frozenset(_FOLLOWING.split())
_FRENCH_REPEATS = frozenset({"bis", "ter", "quater"})
# Short words that are part of a street's name: "Straat van 12 mei".
_NEVER_ADDITION = frozenset({"mei", "mai", "may", "van", "de", "der", "den", "des", "rue", "la", "le", "les"})


class Address(Struct, frozen=True, kw_only=True):
    """Text the world does not have is "": a pick-up point has no house number, most buyers no company."""

    last_name: str
    street: str
    postcode: str
    city: str
    country: str  # ISO 3166 alpha-2, upper case
    salutation: str = ""  # in the marketplace's words
    first_name: str = ""
    company: str = ""
    vat_number: str = ""
    house_number: str = ""
    addition: str = ""  # "bis", "bus 3", "A"
    extra: str = ""  # what else the carrier must know, in the buyer's words
    region: str = ""  # state or province
    email: str = ""  # often a relay of the marketplace
    phone: str = ""
    pickup_point: str | None = None  # its name; None: goes to the street, not to a pick-up point

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country):
            raise ValueError(f"{self.country!r} is not a country: give its two-letter ISO code, like 'NL'.")

    @property
    def display_name(self) -> str:
        """Whom it goes to: the person, else the company; "" when neither is known."""
        return " ".join(f"{self.first_name} {self.last_name}".split()) or self.company


class StreetParts(Struct, frozen=True):
    """A street line taken apart; what it does not have is ""."""

    street: str
    house_number: str = ""
    addition: str = ""


def address_lines(address: Address) -> tuple[str, str]:
    """For a shop with two address lines: the street line, then extra information and pick-up point.

    The first line is empty only when both are.
    """
    beside = ", ".join(part for part in (address.extra.strip(), (address.pickup_point or "").strip()) if part)
    street = join_street(address)
    return (street, beside) if street else (beside, "")


def join_street(address: Address) -> str:
    """The street line as its country writes it: 'Dorpstraat 12 bis', 'Hauptstr. 5a', '12 rue Haute'."""
    return join_parts(StreetParts(address.street, address.house_number, address.addition), address.country)


def join_parts(parts: StreetParts, country: str) -> str:
    street, number = _one_line(parts.street), _one_line(parts.house_number)
    addition = _one_line(parts.addition)
    if country not in _NUMBER_FIRST:
        return _one_line(f"{street} {_join_number(number, addition, country)}")
    if _stands_before_street(addition):
        return _one_line(f"{_join_number(number, addition, country)} {street}")
    return _one_line(f"{number} {street}, {addition}")


def split_street(text: str, country: str) -> StreetParts:
    """Take a street line apart as well as can be told, and never lose a character but white space.

    Where no house number can be told, all of it is the street. A comma stays with the word it follows,
    or, after the number, with the addition: the number itself is digits, or a range of them.
    """
    words = text.split()
    number = _DUTCH_NUMBER if country in _RANGE_IS_ADDITION else _NUMBER
    split = _split_number_first(words) if country in _NUMBER_FIRST else None
    return split or _split_street_first(words, number) or StreetParts(" ".join(words))


def _join_number(number: str, addition: str, country: str) -> str:
    if not number or not addition:
        return number or addition
    if addition[0].isdigit() and not _names_a_floor(addition):
        return f"{number}{_BEFORE_DIGIT.get(country, '-')}{addition}"
    is_letter = len(addition) == 1 and addition.isalpha()
    attached = _WRITTEN_ON.match(addition) or (is_letter and country in _LETTER_ATTACHED)
    return f"{number}{addition}" if attached else f"{number} {addition}"


def _names_a_floor(addition: str) -> bool:
    """'3e verdieping'."""
    first, _, rest = addition.partition(" ")
    return bool(rest) and _ORDINAL.fullmatch(first) is not None


def _split_street_first(words: list[str], number: re.Pattern[str]) -> StreetParts | None:
    """The last word that can be a house number, provided that what follows it can be an addition."""
    earliest = max(len(words) - 1 - _MOST_ADDITION_WORDS, 0)
    for at in range(len(words) - 1, earliest - 1, -1):
        after = words[at + 1 :]
        found = _house_number(words[at], number, is_last=not after)
        if found and not _belongs_to_addition(words, at, number) and all(map(_can_be_addition, after)):
            street, rest = " ".join(words[:at]), " ".join(after)
            return StreetParts(street, found[0], " ".join(part for part in (found[1], rest) if part))
    return None


def _split_number_first(words: list[str]) -> StreetParts | None:
    if len(words) < 2:
        return None
    found = _house_number(words[0], _NUMBER, is_last=False)
    if not found:
        return None
    number, addition = found
    if not addition and len(words) > 2 and _stands_before_street(words[1]):
        return StreetParts(" ".join(words[2:]), number, words[1])
    return StreetParts(" ".join(words[1:]), number, addition)


def _house_number(word: str, number: re.Pattern[str], *, is_last: bool) -> tuple[str, str] | None:
    """Number and what is written onto it: '12', '12bis', '5-2', '14-22', '12,'."""
    if len(word) > _LONGEST_NUMBER_WORD or (not is_last and _ORDINAL.fullmatch(word)):
        return None
    found = number.fullmatch(word)
    if not found:
        return None
    return found[1], found[2] or ""


def _belongs_to_addition(words: list[str], at: int, number: re.Pattern[str]) -> bool:
    """The 3 of '5 bus 3' and of '5 A bus 3'."""
    if at < 2 or words[at - 1].lower().rstrip(".") not in _LEADS_A_NUMBER:
        return False
    if _house_number(words[at - 2], number, is_last=False):
        return True
    further = at > 2 and _can_be_addition(words[at - 2])
    return further and _house_number(words[at - 3], number, is_last=False) is not None


def _can_be_addition(word: str) -> bool:
    plain = word.lower().strip(".,()")
    if plain in _ADDITION_WORDS:
        return True
    if plain in _NEVER_ADDITION:
        return False
    return len(plain) <= (6 if any(c.isdigit() for c in plain) else 3)


def _stands_before_street(addition: str) -> bool:
    plain = addition.rstrip(",")
    if plain.lower() in _FRENCH_REPEATS or plain == "":
        return True
    return plain[0] in "-/" or (len(plain) == 1 and plain.isascii() and plain.isalpha())


def _one_line(text: str) -> str:
    return " ".join(text.split())
