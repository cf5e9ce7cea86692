"""A call from outside that asks for a pull soon."""

from collections.abc import Mapping
from datetime import datetime

from orderhaven.connectors import specs, webhook_of
from orderhaven.ports.connector import ConnectorSpec, NudgeVerdict
from orderhaven.store.connections import nudges


def take_in(
    key: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    specs_by_name: Mapping[str, ConnectorSpec] | None = None,
) -> NudgeVerdict:
    """Have the connection of this address pulled soon, if the call is signed. A stranger's key is refused like a wrong sign."""
    row = nudges.of_key(key)
    spec = (specs() if specs_by_name is None else specs_by_name).get(row.connector) if row else None
    if row is None or spec is None or not spec.webhook:
        return NudgeVerdict.REJECTED
    outcome = webhook_of(spec)(headers, body, nudges.secret_of(key))
    if outcome is NudgeVerdict.ACCEPTED:
        nudges.pull_soon(row, now)
    return outcome
