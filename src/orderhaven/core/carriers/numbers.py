"""The one place that decides whether a text is a tracking number: every reader of a field asks here.

A shop's plug-ins, a marketplace's answer, what a person types, the API and the command line: all the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from orderhaven.core.carriers import everyday
from orderhaven.core.carriers.clean import is_link, pieces_of
from orderhaven.core.carriers.everyday import Everyday
from orderhaven.core.carriers.families import fitting_families

_DIGIT = re.compile(r"[0-9]")
_SHORTEST = 8
_LONGEST = 40
_SIX_DIGITS = re.compile(r"(?:[A-Z]*[0-9]){6}")
_WORD = re.compile(r"[A-Z]{6}")
_WORD_OF_A_SHORT_ONE = re.compile(r"[A-Z]{5}")
_LONG_SHORT = 8  # up to here a word with a number behind it looks like a code ("ORDER123")
_SPOKEN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{3,}(?![0-9A-Za-z])")


class Found(Struct, frozen=True):
    """What a field holds. Nothing of either: it is empty, or says that there is no number."""

    numbers: tuple[str, ...] = ()  # clean: capitals and digits
    unread: tuple[str, ...] = ()  # what stands there and is no number, as it stood
    is_instead: Everyday | None = None  # what the first of those is


NOTHING = Found()


@lru_cache(maxsize=1024)  # the same field is read at each step of its order
def numbers_in(text: str, own_eans: frozenset[str] = frozenset()) -> Found:
    """The tracking numbers of a field, each once, and what in it is none.

    `own_eans` are the EANs of the order's own products: one of them scanned by mistake is no number.
    """
    if text.isascii() and text.isalnum() and _DIGIT.search(text):
        return _of_one(text, own_eans)
    if everyday.is_nothing(text):
        return NOTHING
    whole = everyday.by_look(text)
    if whole is not None:
        return Found((), (text.strip(),), whole)
    numbers: list[str] = []
    unread: list[str] = []
    instead: Everyday | None = None
    for piece, codes in pieces_of(text):
        if everyday.is_nothing(piece):
            continue
        other = _take(piece, codes, own_eans, numbers)
        if other is not None:
            unread.append(piece)
            instead = instead or other
    return Found(tuple(dict.fromkeys(numbers)), tuple(unread), instead)


def what_else(code: str, own_eans: frozenset[str] = frozenset()) -> Everyday | None:
    """What bare capitals and digits are instead of a tracking number; None: they can be one."""
    if len(code) > _LONGEST:
        return Everyday.WORDS
    other = everyday.surely(code)
    if other is not None:
        return other
    if own_eans and everyday.same_article(code, own_eans):
        return Everyday.ARTICLE
    return None if _can_be_one(code) else Everyday.WORDS


def _of_one(text: str, own_eans: frozenset[str]) -> Found:
    """A field as it mostly is: the number and nothing else."""
    code = text.upper()
    other = what_else(code, own_eans)
    return Found((code,)) if other is None else Found((), (text,), other)


def _take(piece: str, codes: tuple[str, ...], own_eans: frozenset[str], numbers: list[str]) -> Everyday | None:
    """Add what is a number; what the piece is instead when none of it is."""
    if not codes:
        return everyday.by_look(piece) or Everyday.WORDS
    others = {code: what_else(code, own_eans) for code in codes}
    good = [code for code, other in others.items() if other is None]
    if is_link(piece):
        # of an address with several candidates ("/orders/12345678/3S...") the one with a carrier's form is meant
        good = [code for code in good if fitting_families(code)][:1] or good[:1]
    elif len(codes) == 1 and good and _SPOKEN.search(piece) and not fitting_families(codes[0]):
        return everyday.by_look(piece) or Everyday.WORDS  # "bel 0612345678" is a sentence, not a code in groups
    numbers += good
    return None if good else next(iter(others.values()))


def _can_be_one(code: str) -> bool:
    if len(code) < _SHORTEST:
        return bool(fitting_families(code))
    if code.isdecimal():
        return True
    if len(code) <= _LONG_SHORT and _WORD_OF_A_SHORT_ONE.search(code):
        return False
    return (_SIX_DIGITS.match(code) is not None and _WORD.search(code) is None) or bool(fitting_families(code))
