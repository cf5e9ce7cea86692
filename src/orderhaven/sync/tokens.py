"""The short-lived tokens of the connections' sessions, kept between runs."""

from datetime import datetime

from orderhaven.store.connections import connections
from orderhaven.store.sql.execute import StoreExecutor


class StoredTokens:
    """A session's token: read from the store once, and written there with the schedule of the run that fetched it.

    One that a death keeps from being written costs the next process a new one, no more.
    """

    def __init__(self, run_in_store: StoreExecutor, connection_id: int) -> None:
        self._run_in_store = run_in_store
        self._connection_id = connection_id
        self._fetched: tuple[str, datetime] | None = None
        self._is_written = True

    async def get(self) -> tuple[str, datetime] | None:
        return self._fetched or await self._run_in_store(connections.token_of, self._connection_id)

    async def put(self, token: str, ends_at: datetime) -> None:
        self._fetched, self._is_written = (token, ends_at), False

    def to_write(self) -> tuple[str, datetime] | None:
        """What the store does not know yet; it is given once."""
        known, self._is_written = self._is_written, True
        return None if known else self._fetched
