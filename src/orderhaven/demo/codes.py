"""Track & trace codes as carriers hand them out: made up, of the right shape, with check digits that hold."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orderhaven.core.carriers import Carrier, checks

_LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"


@dataclass(frozen=True, slots=True)
class Code:
    """What a merchant notes in the shop, and the carrier that it means."""

    text: str
    carrier: Carrier
    carrier_word: str = ""  # what the shop calls the carrier; "" where the code must speak for itself


def make_code(chance: random.Random) -> Code:
    carrier = chance.choice(tuple(_MAKERS))
    # a GLS number looks like anybody's: shops that ship with GLS say so
    says_so = carrier is Carrier.GLS or chance.random() < 0.3
    return Code(_MAKERS[carrier](chance), carrier, carrier.display_name if says_so else "")


def label_number(chance: random.Random) -> str:
    """A label bought at the marketplace."""
    return f"b5d5d5b2-{_digits(chance, 4)}-4f1c-{_digits(chance, 4)}-{_digits(chance, 12)}"


def _dpd(chance: random.Random) -> str:
    """Only a letter as check character makes fifteen characters surely DPD's."""
    while True:
        serial = f"0{chance.randrange(1, 10)}{_digits(chance, 12)}"
        if (check := checks.mod37_36_character(serial)).isalpha():
            return serial + check


def _ups(chance: random.Random) -> str:
    body = f"{_letters(chance, 2)}{_digits(chance, 4)}{_digits(chance, 9)}"
    return f"1Z{body}{checks.ups_digit(body)}"


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _letters(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(_LETTERS, k=count))


_MAKERS: Mapping[Carrier, Callable[[random.Random], str]] = {
    Carrier.POSTNL: lambda chance: f"3S{_letters(chance, 4)}{_digits(chance, chance.choice((7, 9)))}",
    Carrier.DHL_ECOMMERCE_NL: lambda chance: f"JVGL{_digits(chance, 16)}",
    Carrier.DPD: _dpd,
    Carrier.UPS: _ups,
    Carrier.BPOST: lambda chance: f"3232{_digits(chance, 20)}",
    Carrier.GLS: lambda chance: f"{_letters(chance, 4)}{_digits(chance, 4)}",
}
