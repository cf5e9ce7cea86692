"""What an action raises when it cannot be done."""

from orderhaven.core.language import _


class Impossible(Exception):
    """One whole sentence, or a few: what cannot be done, why, and what to do instead."""


class NotAllowed(Impossible):
    """It could be done, but not by this hand."""


def impossible(sentence: str, /, **values: object) -> Impossible:
    """Its sentence in the language of whoever asked, with the {values} filled in."""
    return Impossible(_(sentence, **values))
