"""How many calls one connection has under way, and how many all connections have at one host.

A message is begun only by whoever holds a socket for it: waiting for one is not sending. There is no number over all hosts that a
dead one could use up. Nobody waits for others alone: a connection's first socket is its own and counts at no host, so that each
of many accounts at one host goes on, however many of the others are stuck there. Open at once are therefore, at one host, at most
AT_ONE_HOST and one for each connection; and in all what the connections declare as `concurrent_calls`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar
from types import TracebackType

from orderhaven.core.errors import SafeToRetry

AT_ONE_HOST = 32  # answers within 0.2 s are 160 a second, more than one process has to say


class HostSockets:
    """What the connections of one process have at each host."""

    def __init__(self, at_one_host: int = AT_ONE_HOST) -> None:
        self._at_one_host = at_one_host
        self._hosts: dict[str, _Host] = {}

    def at(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host(self._at_one_host))


class _Host:
    def __init__(self, free: int) -> None:
        self.free = free
        self.waiting: deque[Sockets] = deque()  # each once, and whoever was served goes to the end

    def serve(self) -> None:
        """One has come free."""
        for sockets in tuple(self.waiting):
            if sockets.serve_one():
                return


class Sockets:
    """One connection's. `most`: how many at once; all but the first are its host's as well."""

    def __init__(self, most: int, hosts: HostSockets | None = None) -> None:
        self._most = most
        self._hosts = hosts or HostSockets()
        self._host = _Host(AT_ONE_HOST)  # nobody else's, until a session says where it calls
        self._is_named = False
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def at(self, host: str) -> Sockets:
        """Itself. All its calls count at the host that its first session named: a log-in elsewhere is one now and then."""
        if not self._is_named:
            self._host, self._is_named = self._hosts.at(host), True
        return self

    def one(self) -> _One:
        """`async with` it: the socket that the task holds already, or one of its own, waited for."""
        return _One(self)

    async def take(self, wanted: int, within_s: float) -> list[Socket]:
        """As many as are free now, `wanted` at most; one at least, waited for. Each is given back by leaving it (`with`).

        Raises SafeToRetry when none came free in time.
        """
        try:
            async with asyncio.timeout(within_s):
                await self.take_one()
        except TimeoutError:
            raise SafeToRetry("no connection to it came free in time") from None
        taken = [Socket(self)]
        while len(taken) < wanted and self._take():
            taken.append(Socket(self))
        return taken

    # ------------------------------------------------------------ what the classes of this file tell each other

    async def take_one(self) -> None:
        if self._take():
            return
        if not self._waiting:
            self._host.waiting.append(self)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(turn)
            else:  # it was served in the same moment
                self.give_back()
            raise

    def give_back(self) -> None:
        self._taken -= 1
        if self._taken:
            self._host.free += 1
        if self._host.waiting:
            self._host.serve()

    def serve_one(self) -> bool:
        turn = next((one for one in self._waiting if not one.done()), None)
        if turn is None or not self._take():
            return False
        self._forget(turn)
        if self._waiting:
            self._host.waiting.remove(self)
            self._host.waiting.append(self)
        turn.set_result(None)
        return True

    def _take(self) -> bool:
        if self._taken >= self._most or (self._taken and not self._host.free):
            return False
        if self._taken:
            self._host.free -= 1
        self._taken += 1
        return True

    def _forget(self, turn: asyncio.Future[None]) -> None:
        self._waiting.remove(turn)
        if not self._waiting:
            self._host.waiting.remove(self)


_mine: ContextVar[Socket | None] = ContextVar("socket", default=None)


class Socket:
    """Leave to have one call under way. Inside `with`, whatever the task calls at this connection goes by it, in turns."""

    __slots__ = ("_before", "is_held", "owner", "turn")

    def __init__(self, owner: Sockets) -> None:
        self.owner = owner
        self.turn = asyncio.Lock()
        self.is_held = True

    def __enter__(self) -> Socket:
        self._before = _mine.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _mine.reset(self._before)
        self.is_held = False
        self.owner.give_back()


class _One:
    __slots__ = ("_socket", "_sockets")

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._socket: Socket | None = None  # None: it is somebody else's to give back

    async def __aenter__(self) -> Socket:
        held = _mine.get()
        if held is not None and held.owner is self._sockets and held.is_held:
            return held
        await self._sockets.take_one()
        self._socket = Socket(self._sockets)
        return self._socket.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.__exit__(kind, error, trace)
