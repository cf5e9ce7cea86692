"""A postal address with street, number and addition apart, and the way to one street line."""

from __future__ import annotations

import re

from msgspec import Struct

# Where the number stands before the street: "12 bis rue de la Paix". Everywhere else it follows.
_NUMBER_FIRST = frozenset({"FR", "GB", "LU", "IE", "US", "CA", "AU", "NZ", "MC"})
# Where a single letter is written onto the number: "Hauptstr. 5a", "12A High Street".
_LETTER_ATTACHED = _NUMBER_FIRST | {"DE", "AT", "CH"}
# What is written between a number and an addition that begins with a digit, so that they stay apart.
_BEFORE_DIGIT = {"BE": " bus ", "DE": "/", "AT": "/"}

_COUNTRY = re.compile(r"[A-Z]{2}")
_ORDINAL = re.compile(r"[0-9]{1,3}(?:e|de|ste|er|ère|ere|ème|eme|th|st|nd|rd|\.)", re.IGNORECASE)
_WRITTEN_ON = re.compile(r"[-–/]\S|,")

_FRENCH_REPEATS = frozenset({"bis", "ter", "quater"})


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


def address_lines(address: Address) -> tuple[str, str]:
    """For a shop with two address lines: the street line, then extra information and pick-up point.

    The first line is empty only when both are.
    """
    beside = ", ".join(part for part in (address.extra.strip(), (address.pickup_point or "").strip()) if part)
    street = join_street(address)
    return (street, beside) if street else (beside, "")


def join_street(address: Address) -> str:
    """The street line as its country writes it: 'Dorpstraat 12 bis', 'Hauptstr. 5a', '12 rue Haute'."""
    street, number, country = _one_line(address.street), _one_line(address.house_number), address.country
    addition = _one_line(address.addition)
    if country not in _NUMBER_FIRST:
        return _one_line(f"{street} {_join_number(number, addition, country)}")
    if _stands_before_street(addition):
        return _one_line(f"{_join_number(number, addition, country)} {street}")
    return _one_line(f"{number} {street}, {addition}")


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


def _stands_before_street(addition: str) -> bool:
    plain = addition.rstrip(",")
    if plain.lower() in _FRENCH_REPEATS or plain == "":
        return True
    return plain[0] in "-/" or (len(plain) == 1 and plain.isascii() and plain.isalpha())


def _one_line(text: str) -> str:
    return " ".join(text.split())
