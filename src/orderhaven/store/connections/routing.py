"""Channels of a marketplace: what they are called, and where their new orders go."""

from collections.abc import Mapping
from dataclasses import dataclass

from orderhaven.store.models import Connection, Link


@dataclass(frozen=True, slots=True)
class Routing:
    """A marketplace connection and its links that do orders, by channel; by None the one for all, which has no other beside it."""

    connection: Connection
    by_channel: Mapping[str | None, Link]

    def link_for(self, channel: str) -> Link | None:
        """None: no link does orders of this channel."""
        return self.by_channel.get(None) or self.by_channel.get(channel)


def channel_name(connection: Connection, channel: str) -> str:
    """As people know it; one that the account does not know is called as it comes."""
    label = connection.channels.get(channel, "")
    return f"{label} ({channel})" if label and label != channel else channel
