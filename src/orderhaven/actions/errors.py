"""What an action raises when it cannot be done."""

from orderhaven.core.translation import _


class ActionRefused(Exception):
    """One whole sentence, or a few: what cannot be done, why, and what to do instead."""


class PermissionDenied(ActionRefused):
    """It could be done, but not by this hand."""


def action_refused(sentence: str, /, **values: object) -> ActionRefused:
    """Its sentence in the language of whoever asked, with the {values} filled in."""
    return ActionRefused(_(sentence, **values))
