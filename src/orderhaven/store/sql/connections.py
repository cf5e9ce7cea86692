"""Statements about connections: whose cycle it is, what is due, when it is due next."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from orderhaven.store.models import Connection
from orderhaven.store.sql.execute import change, rows
from orderhaven.store.sql.rows import returned
from orderhaven.store.sql.writes import set_columns

# loop_ratio: 6 for 100 orders; idle_ratio: 2. One statement, so that of two cycles none takes the other's epoch for its own
_RAISE_EPOCH = "UPDATE store_connection SET epoch = epoch + 1 WHERE id = %s"


def raise_epoch(connection_id: int) -> Connection | None:
    """The connection as it stands then; None when it is gone."""
    return next(iter(returned(Connection, _RAISE_EPOCH, [connection_id])), None)


# loop_ratio: 21 for 100 orders; idle_ratio: 2.2
_EPOCH = "SELECT epoch, alike_count FROM store_connection WHERE id = %s"
_AND_HOLD = " FOR SHARE"  # on PostgreSQL; on SQLite a transaction is the only writer anyway


def held_epoch(connection_id: int) -> tuple[int, int] | None:
    """The epoch, which stays until the end of the transaction, and how many orders in a row met one refusal; None: it is gone."""
    lock = _AND_HOLD if connection.features.has_select_for_update else ""
    return next(((epoch, alike) for epoch, alike in rows(_EPOCH + lock, [connection_id])), None)


# loop_ratio: 7 for 100 orders; idle_ratio: 2
_DUE = """
SELECT id FROM store_connection
WHERE (state = 'active' AND (hear_at <= %s OR tell_at <= %s OR reread_at <= %s)
    AND (quiet_until IS NULL OR quiet_until <= %s)) OR wait_at <= %s
ORDER BY id LIMIT %s
"""


def due(now: datetime, limit: int) -> list[int]:
    """Connections with something to do. A wait ends on a connection in trouble too: then by the clock alone."""
    return [key for (key,) in rows(_DUE, [now] * 5 + [limit])]


# loop_ratio: 3 for 100 orders
_NUDGE_TELL = "UPDATE store_connection SET tell_at = %s WHERE id = %s AND (tell_at IS NULL OR tell_at > %s)"


def nudge_tell(connection_id: int, now: datetime) -> None:
    """Telling is due now, if it was not before."""
    change(_NUDGE_TELL, [now, connection_id, now])


# loop_ratio: 9 for 100 orders; idle_ratio: 2.2
_IN_EPOCH = "id = %s AND epoch = %s"


def set_in_epoch(connection_id: int, epoch: int, columns: Mapping[str, object]) -> bool:
    """Compare and set. Whether the epoch was still this one."""
    return set_columns(Connection, columns, _IN_EPOCH, [connection_id, epoch]) > 0
