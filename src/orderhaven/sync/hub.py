"""What every cycle shares: time, the way into the store, the network, and connectors that stay open between cycles."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orderhaven.connectors import declarations, open_connector
from orderhaven.ports.clock import Clock
from orderhaven.ports.connector import Declaration, Outside
from orderhaven.store import connections
from orderhaven.store.models import Connection
from orderhaven.store.sql.hop import Hop


class StoredTokens:
    """A session's token: read from the store once, and written there with the schedule of the cycle that fetched it.

    One that a death keeps from being written costs the next process a new one, no more.
    """

    def __init__(self, hop: Hop, connection_id: int) -> None:
        self._hop = hop
        self._connection_id = connection_id
        self._fetched: tuple[str, datetime] | None = None
        self._is_written = True

    async def get(self) -> tuple[str, datetime] | None:
        return self._fetched or await self._hop(connections.token_of, self._connection_id)

    async def put(self, token: str, ends_at: datetime) -> None:
        self._fetched, self._is_written = (token, ends_at), False

    def to_write(self) -> tuple[str, datetime] | None:
        """What the store does not know yet; it is given once."""
        known, self._is_written = self._is_written, True
        return None if known else self._fetched


@dataclass(frozen=True, slots=True)
class _Opened:
    version: tuple[str, str, bool]  # settings, secrets and network it was opened with
    connector: Any
    tokens: StoredTokens


@dataclass
class Hub:
    clock: Clock
    hop: Hop
    transport: Any
    chance: random.Random = field(default_factory=random.Random)
    declared: Mapping[str, Declaration] = field(default_factory=declarations)
    as_before: Any = None  # the network of connections that were made before networks had to be allowed
    people_kept_for: timedelta = timedelta(days=30)  # buyers' personal data, after the last closing event
    times_per_message: dict[int, timedelta] = field(default_factory=dict)  # connection -> how long one took last
    _open: dict[int, _Opened] = field(default_factory=dict)

    def declaration_of(self, row: Connection) -> Declaration:
        return self.declared[row.connector]

    async def connector_of(self, row: Connection) -> Any:
        """The connection's connector, opened once and again when its settings or secrets changed. Raises KeysLost."""
        version = (str(row.settings), row.secrets, row.keeps_network)
        kept = self._open.get(row.pk)
        if kept is not None and kept.version == version:
            return kept.connector
        settings = await self.hop(connections.open_settings, row)
        tokens = StoredTokens(self.hop, row.pk)
        network = (row.keeps_network and self.as_before) or self.transport
        connector = open_connector(self.declaration_of(row), settings, Outside(self.clock, network, tokens))
        if kept is not None:
            await kept.connector.close()
        self._open[row.pk] = _Opened(version, connector, tokens)
        return connector

    def token_to_write(self, row: Connection) -> tuple[str, datetime] | None:
        opened = self._open.get(row.pk)
        return opened.tokens.to_write() if opened else None

    async def close(self) -> None:
        for opened in self._open.values():
            await opened.connector.close()
        await self.transport.close()
        if self.as_before is not None:
            await self.as_before.close()
        self.hop.close()
