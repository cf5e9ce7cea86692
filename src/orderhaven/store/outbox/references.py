"""What a message bears on the other side: stored when it first begins, and verified by what is stored."""

from orderhaven.core.references import numbered, reference_without_account, shortened
from orderhaven.store.models import Message, MessageKind


def reference_of(message: Message, room: int = 200) -> str:
    """Of a message that has not begun: what it would bear, in a shop that keeps `room` characters."""
    return message.reference or shortened(_composed(message), room)


def reference_of_older_versions(message: Message) -> str:
    """What a version that did not name the account would have created this shop order with."""
    row = message.order
    return numbered(reference_without_account(row.connection.connector, row.ref), message.generation)


def _composed(message: Message) -> str:
    row = message.order
    if message.kind == MessageKind.CREATE:
        return numbered(row.reference, message.generation)
    return f"oh-{row.ref}-{message.kind}-{message.generation}.{message.part}"
