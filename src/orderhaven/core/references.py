"""The references under which another system finds what is ours: composed once, stored, and never composed again."""

from hashlib import sha256

_ACCOUNT = 6  # characters: two accounts of one connector may give two orders the same number
_HASH = 8


def order_reference(connector: str, fingerprint: str, ref: str) -> str:
    """Of an order in a shop: names connector, account and order, and is the same from every hub that has this account."""
    account = sha256(fingerprint.encode()).hexdigest()[:_ACCOUNT]
    return f"{connector}-{account}-{ref}"


def reference_without_account(connector: str, ref: str) -> str:
    """As versions composed it that did not name the account: shop orders that they created bear it for ever."""
    return f"{connector}-{ref}"


def order_ref_in(reference: str) -> str:
    """The marketplace's number in one that `order_reference` made, with its count where `numbered` put one; "" in any other."""
    parts = reference.split("-", 2)
    return parts[2] if len(parts) == 3 else ""


def numbered(reference: str, generation: int) -> str:
    """Of an order that is created again on a person's word: how often it was before tells the two apart."""
    return f"{reference}-{generation + 1}" if generation else reference


def shortened(reference: str, room: int) -> str:
    """The same in a shop that keeps no more than `room` characters; still exact, by a hash of the whole."""
    if len(reference) <= room:
        return reference
    return f"{reference[: room - _HASH - 1]}-{sha256(reference.encode()).hexdigest()[:_HASH]}"
