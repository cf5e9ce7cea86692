"""A call from outside that says: hear soon."""

from collections.abc import Mapping
from datetime import datetime

from orderhaven.connectors import declarations, webhook_of
from orderhaven.ports.connector import Declaration
from orderhaven.ports.nudging import Nudge
from orderhaven.store import nudging


def take_in(
    key: str, headers: Mapping[str, str], body: bytes, now: datetime, declared: Mapping[str, Declaration] | None = None
) -> Nudge:
    """Have the connection of this address heard soon, if the call is signed. A stranger's key is refused like a wrong sign."""
    row = nudging.of_key(key)
    declaration = (declarations() if declared is None else declared).get(row.connector) if row else None
    if row is None or declaration is None or not declaration.webhook:
        return Nudge.REFUSED
    verdict = webhook_of(declaration)(headers, body, nudging.secret_of(key))
    if verdict is Nudge.HEARD:
        nudging.hear_soon(row, now)
    return verdict
