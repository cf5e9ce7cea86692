"""The guard at the door to the network: names become addresses here, and only those that may be called are handed on.

A connection is made to these and no others, so a name cannot stand for another machine after it was looked at.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from orderhaven.core.reach import Reach

_LOOKUPS_AT_ONCE = 4  # in threads of their own: a name server that hangs must not hold up anything else


class NotReached(OSError):
    """A name that stands for addresses only that may not be called."""


class GuardedResolver(AbstractResolver):
    """Addresses that stand in a URL as such do not come by here: whoever uses this looks at them first."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._threads = ThreadPoolExecutor(_LOOKUPS_AT_ONCE, thread_name_prefix="names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _looked_up, host, port, family)
        allowed = [one for one in found if self._reach.takes(one["host"])]
        if not allowed:
            raise NotReached(host)
        return allowed

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _looked_up(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return [
        ResolveResult(
            hostname=host,
            host=str(address[0]),
            port=port,
            family=one,
            proto=proto,
            flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
        )
        for one, _, proto, _, address in found
    ]
