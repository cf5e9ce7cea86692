"""What an action raises when it cannot be done."""


class Impossible(Exception):
    """One whole sentence, or a few: what cannot be done, why, and what to do instead."""


class NotAllowed(Impossible):
    """It could be done, but not by this hand."""
