"""Check digits of track & trace codes: each function says whether a code of the right shape is consistent."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def s10_holds(code: str) -> bool:
    """UPU S10: two letters, eight digits, the check digit, two letters."""
    return s10_digit(code[2:10]) == code[10]


def s10_digit(serial: str) -> str:
    rest = 11 - sum(w * int(d) for w, d in zip(_S10_WEIGHTS, serial, strict=True)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def mod10_holds(code: str) -> bool:
    """GS1 mod 10 over the whole number: weights 3, 1, 3, 1 ... from the right, the check digit last."""
    return mod10_digit(code[:-1]) == code[-1]


def mod10_digit(serial: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(serial)))
    return str(-total % 10)


def identcode_holds(code: str) -> bool:
    """Deutsche Post Identcode: weights 4, 9, 4, 9 ... from the right, mod 10."""
    total = sum(int(digit) * (4 if place % 2 == 0 else 9) for place, digit in enumerate(reversed(code[:-1])))
    return str(-total % 10) == code[-1]


def mod7_holds(code: str) -> bool:
    """DHL Express waybill: the number before the last digit, mod 7."""
    return int(code[:-1]) % 7 == int(code[-1])


def ups_holds(code: str) -> bool:
    """UPS: mod 10 over what follows `1Z` (or a waybill's letter), every second character doubled.

    Doubling without casting out hides one slip: 0 and 5, 1 and 6 ... look alike in a doubled place.
    """
    body = code[2:] if code.startswith("1Z") else code[1:]
    return ups_digit(body[:-1]) == body[-1]


def ups_digit(serial: str) -> str:
    total = sum(_ups_value(c) * (1 + place % 2) for place, c in enumerate(serial))
    return str(-total % 10)


def mod37_36_holds(code: str) -> bool:
    """ISO 7064 MOD 37,36, the check character last: DPD."""
    return mod37_36_character(code[:-1]) == code[-1]


def mod37_36_character(serial: str) -> str:
    rest = 36
    for character in serial:
        rest = ((rest + _VALUE[character]) % 36 or 36) * 2 % 37
    return _ALPHABET[(37 - rest) % 36]


def fedex12_holds(code: str) -> bool:
    """FedEx Express: weights 3, 1, 7 from the left over eleven digits, mod 11, then mod 10."""
    return _by_weights(code[:-1], (3, 1, 7)) == code[-1]


def fedex34_holds(code: str) -> bool:
    """FedEx's long barcode: weights 1, 7, 3 from the left over the thirteen digits before the last, mod 11, then mod 10."""
    return _by_weights(code[20:-1], (1, 7, 3)) == code[-1]


def _by_weights(serial: str, weights: tuple[int, int, int]) -> str:
    return str(sum(int(digit) * weights[place % 3] for place, digit in enumerate(serial)) % 11 % 10)


def _ups_value(character: str) -> int:
    return int(character) if character.isdigit() else (ord(character) - 3) % 10


def usps_holds(code: str) -> bool:
    """USPS: mod 10 over the number, without `420` and the five or nine digits of the ZIP code before it."""
    return any(code[start] == "9" and mod10_holds(code[start:]) for start in (8, 12))


def fedex_ground_holds(code: str) -> bool:
    """FedEx Ground: mod 10 over the last fifteen digits, whatever stands before them."""
    return mod10_holds(code[-15:])


def smartpost_holds(code: str) -> bool:
    """FedEx SmartPost without the `92` with which its barcode begins: mod 10 over the number with it."""
    return mod10_holds(f"92{code}")


def usps20_holds(code: str) -> bool:
    """USPS with twenty digits: mod 10, in older numbers over the `91` too that its barcode begins with."""
    return mod10_holds(code) or mod10_holds(f"91{code}")


def fedex_astra_holds(code: str) -> bool:
    """FedEx's ASTRA barcode: the twelve digits of the Express number stand before the last four."""
    return fedex12_holds(code[16:28])


def fedex15_holds(code: str) -> bool:
    """FedEx Ground: mod 10. What holds by Luhn's rule as well may be a payment card or a telephone's own number."""
    return mod10_holds(code) and not luhn_holds(code)


def luhn_holds(code: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(code))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
