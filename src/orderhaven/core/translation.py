"""The language in which a sentence is said. English is the message; a catalogue turns it into another language.

Which catalogue counts is a matter of the moment: of the person a page is for, of the mail that is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class Catalogue(Protocol):
    """The part of `gettext.NullTranslations` that is used."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, one: str, more: str, number: int) -> str: ...


class _English:
    def gettext(self, message: str) -> str:
        return message

    def ngettext(self, one: str, more: str, number: int) -> str:
        return one if number == 1 else more


ENGLISH: Catalogue = _English()
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
