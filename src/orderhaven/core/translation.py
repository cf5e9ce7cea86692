"""The language in which a sentence is said. English is the message; a catalogue turns it into another language.

Which catalogue counts is a matter of the moment: of the person a page is for, of the mail that is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from gettext import NullTranslations
from typing import Self, TypeAlias

Catalogue: TypeAlias = NullTranslations
ENGLISH = Catalogue()
_spoken: ContextVar[Catalogue] = ContextVar("catalogue", default=ENGLISH)


@contextmanager
def current_catalogue(catalogue: Catalogue) -> Iterator[None]:
    """Say everything within the block in this language."""
    before = _spoken.set(catalogue)
    try:
        yield
    finally:
        _spoken.reset(before)


def use_catalogue(catalogue: Catalogue) -> None:
    """From now on, in this context."""
    _spoken.set(catalogue)


def _(message: str, /, **values: object) -> str:
    """The sentence, with its {values} filled in."""
    text = _spoken.get().gettext(message) if message else ""
    return text.format(**values) if values else text


def n_(one: str, more: str, number: int, /, **values: object) -> str:
    """The same for a number of things, which the sentence may name as {number}."""
    return _spoken.get().ngettext(one, more, number).format(number=number, **values)


class NamedEnum(StrEnum):
    """Words of ours, each with what people read for it."""

    english: str

    def __new__(cls, value: str, english: str = "") -> Self:
        word = str.__new__(cls, value)
        word._value_ = value
        word.english = english
        return word

    @property
    def label(self) -> str:
        return _(self.english)
