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
from orderhaven.store.hop import Hop
from orderhaven.store.models import Connection


class StoredTokens:
    """A session's token, kept encrypted in the store between processes."""

    def __init__(self, hop: Hop, connection_id: int) -> None:
        self._hop = hop
        self._connection_id = connection_id

    async def get(self) -> tuple[str, datetime] | None:
        return await self._hop(connections.token_of, self._connection_id)

    async def put(self, token: str, ends_at: datetime) -> None:
        await self._hop(connections.keep_token, self._connection_id, token, ends_at)


@dataclass
class Hub:
    clock: Clock
    hop: Hop
    transport: Any
    chance: random.Random = field(default_factory=random.Random)
    declared: Mapping[str, Declaration] = field(default_factory=declarations)
    people_kept_for: timedelta = timedelta(days=30)  # buyers' personal data, after the last closing event
    _open: dict[int, tuple[tuple[str, str], Any]] = field(default_factory=dict)

    def declaration_of(self, row: Connection) -> Declaration:
        return self.declared[row.connector]

    async def connector_of(self, row: Connection) -> Any:
        """The connection's connector, opened once and again when its settings or secrets changed. Raises KeysLost."""
        version = (str(row.settings), row.secrets)
        kept = self._open.get(row.pk)
        if kept is not None and kept[0] == version:
            return kept[1]
        settings = await self.hop(connections.open_settings, row)
        outside = Outside(self.clock, self.transport, StoredTokens(self.hop, row.pk))
        connector = open_connector(self.declaration_of(row), settings, outside)
        if kept is not None:
            await kept[1].close()
        self._open[row.pk] = (version, connector)
        return connector

    async def close(self) -> None:
        for _, connector in self._open.values():
            await connector.close()
        await self.transport.close()
        self.hop.close()
