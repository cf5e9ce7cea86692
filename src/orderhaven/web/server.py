"""The web server: waitress, told how long it waits for whom, and which threads do what.

Waitress takes a request up once all of it is here and hands its answer over in its own time, so a slow client costs a socket
and never a thread. What it lacks is a limit to the whole of a request, room for newcomers when every socket is taken, and
threads that are kept for those who must not wait behind others.
"""

from __future__ import annotations

import os
import re
import resource
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from orderhaven.web.listen_address import ListenAddress

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take, in seconds."""

    arrives: float = 20.0  # a request: from its first byte, or from when the connection was made, to its last byte
    taken: float = 20.0  # the next piece of an answer
    # between two requests: a proxy that keeps connections, as Caddy does for 120 s, ends them itself
    idle: float = 130.0
    ends: float = 10.0  # at the end: what is in flight by then is given up


PATIENCE = Patience()
_MOST_SOCKETS = 2000
_LEFT_OF_FILES = 200  # for the database, the log, and answers that wait on disk
_IN_MEMORY = 32 * 1024  # of a request or an answer; the rest waits in a temporary file
_LONGEST_ANSWER = 2**30  # a thread that writes more waits for its reader
_LOOKS_EVERY_S = 1.0
# of an answer; left alone, it takes megabytes that nobody reads, and we take them for read
_KEPT_BY_THE_SYSTEM = 64 * 1024


@dataclass(frozen=True, slots=True)
class Lane:
    """So many threads for these requests, and no others."""

    name: str
    takes: re.Pattern[str]  # the method and the path
    threads: int
    niceness: int = 0


# The first that fits. A thread keeps a connection to the database, so there are few of them.
LANES = (
    Lane("probes", re.compile(r"(GET|HEAD) /(healthz|readyz|metrics)"), 2),
    # a hash takes a tenth of a second of every core there is
    Lane("passwords", re.compile(r"POST /(login|welcome|invitation/[^/]*|me/actions)"), 2, niceness=10),
    # other servers are asked, for up to a minute
    Lane(
        "outside",
        re.compile(
            r"POST /(?!api/)[^/]+/(connections/.*|orders/.*|links.*)"
            r"|(POST|PUT|PATCH) /api/v1/(connectors/.*|connections.*|links.*|adoptions|actions|orders/.*)"
        ),
        8,
    ),
    Lane("pages", re.compile(r"(?s:.*)"), 4),
)


def lane_of(method: str, path: str) -> Lane:
    return next(lane for lane in LANES if lane.takes.fullmatch(f"{method} {path}"))


class Lanes:
    """What waitress calls its dispatcher: each request to the threads of its lane."""

    def __init__(self) -> None:
        self._threads = {lane.name: _Threads(lane) for lane in LANES}

    def add_task(self, channel: RequestChannel) -> None:
        asked = channel.requests[0]
        lane = lane_of(getattr(asked, "command", ""), getattr(asked, "path", ""))  # what is no request has neither
        self._threads[lane.name].add_task(channel)

    def shutdown(self, timeout: float) -> None:
        latest = time.monotonic() + timeout
        for threads in self._threads.values():
            threads.shutdown(timeout=max(latest - time.monotonic(), 0))


class _Threads(ThreadedTaskDispatcher):  # type: ignore[misc]
    def __init__(self, lane: Lane) -> None:
        super().__init__()
        self._niceness = lane.niceness
        self.set_thread_count(lane.threads)

    def handler_thread(self, thread_no: int) -> None:
        if self._niceness and sys.platform == "linux":  # elsewhere it would be the whole process that steps back
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        super().handler_thread(thread_no)


class RequestChannel(HTTPChannel):  # type: ignore[misc]
    """A connection of a client."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._awaits_since: float | None = time.time()  # None: between two requests
        super().__init__(*given, **named)

    def received(self, data: bytes) -> Any:
        if self.request is None and not self.requests:
            self._awaits_since = self._awaits_since or time.time()
        return super().received(data)

    def service(self) -> None:
        super().service()
        self._awaits_since = time.time() if self.request is not None else None

    @property
    def is_worked_on(self) -> bool:
        return bool(self.requests)

    @property
    def is_in_flight(self) -> bool:
        """Something of a request is here, or something of its answer still is."""
        return bool(self.requests or self.request is not None or self.total_outbufs_len)

    def is_overdue(self, now: float, patience: Patience) -> bool:
        if self.is_worked_on:
            return False
        if self.total_outbufs_len:
            return bool(now - self.last_activity > patience.taken)
        if self._awaits_since is not None:
            return bool(now - self._awaits_since > patience.arrives)
        return bool(now - self.last_activity > patience.idle)


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Make it in the main thread and `run` it there; `end` may be called from any thread, and from a signal's handler."""

    channel_class = RequestChannel

    def __init__(
        self, application: Any, place: ListenAddress, largest_body: int, patience: Patience = PATIENCE, most: int = 0
    ) -> None:
        self._ends = False
        self._patience = patience
        self._lanes = Lanes()
        self._most = most or most_sockets()
        self._looks_next = 0.0
        super().__init__(
            application,
            dispatcher=self._lanes,
            host=str(place.host),
            port=place.port,
            ident=None,
            max_request_body_size=largest_body,
            max_request_header_size=32 * 1024,
            inbuf_overflow=_IN_MEMORY,
            outbuf_overflow=_IN_MEMORY,
            outbuf_high_watermark=_LONGEST_ANSWER,
            connection_limit=self._most + 100,  # the last word, which is never reached: see `_make_room`
            backlog=1024,
            clear_untrusted_proxy_headers=False,  # Django reads them itself where a proxy is set up, and only there
            log_socket_errors=False,
        )

    def run(self) -> None:
        """Until `end`; then no connection is taken any more, and those in flight are finished."""
        while not self._ends:
            self._make_room()
            wasyncore.poll2(_LOOKS_EVERY_S, self._map)
        self.accepting = False
        self.del_channel()
        self.socket.close()
        latest = time.monotonic() + self._patience.ends
        while self._close_idle() and time.monotonic() < latest:
            wasyncore.poll2(0.1, self._map)
        self._lanes.shutdown(timeout=max(latest - time.monotonic(), 0))

    def end(self) -> None:
        self._ends = True
        with suppress(OSError, IndexError):  # it has ended already
            self.pull_trigger()

    def set_socket_options(self, conn: socket.socket) -> None:
        super().set_socket_options(conn)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KEPT_BY_THE_SYSTEM)

    def maintenance(self, now: float) -> None:
        """Nothing: waitress calls it within a round. See `_make_room`."""

    def _make_room(self) -> None:
        """Whoever takes too long goes, at once: waitress itself would wait until the client reads.

        Between two rounds of `poll2` alone. Within one, a newcomer is given the number of a socket that was closed, and is then
        closed for what the system says of that number.
        """
        now = time.time()
        if now >= self._looks_next:
            self._looks_next = now + _LOOKS_EVERY_S
            for channel in list(self.active_channels.values()):
                if channel.is_overdue(now, self._patience):
                    channel.handle_close()
        if len(self.active_channels) >= self._most:
            self._let_silent_go()

    def _let_silent_go(self) -> None:
        """Whoever is silent for longest goes: a newcomer is more likely to be somebody."""
        silent = sorted(
            (one for one in self.active_channels.values() if not one.is_worked_on), key=lambda one: one.last_activity
        )
        for channel in silent[: max(self._most // 10, 1)]:
            channel.handle_close()

    def _close_idle(self) -> bool:
        """Whether somebody is still in flight."""
        for channel in list(self.active_channels.values()):
            if not channel.is_in_flight:
                channel.handle_close()
        return bool(self.active_channels)


def most_sockets() -> int:
    """As many as the system lets this process have, after asking for as many as are wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_SOCKETS + _LEFT_OF_FILES  # an answer that waits on disk is a file
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(min(_MOST_SOCKETS, (soft - _LEFT_OF_FILES) // 2), 50)
