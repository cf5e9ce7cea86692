"""The web server beside the hub: started, started again when it dies, and ended before the hub."""

import asyncio
import sys
import time
from contextlib import suppress

import structlog

from orderhaven.core.translation import _
from orderhaven.web.listen_address import ListenAddress

log = structlog.get_logger()
_SERVER = (sys.executable, "-m", "orderhaven.web.serve")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_LIVED_WELL_S = 60.0
_LOOKS_EVERY_S = 0.1
_ENDS_WITHIN_S = 15.0  # the server itself gives requests up after ten


async def keep_web_up(stop: asyncio.Event) -> None:
    """Until `stop` is set: then it takes no request any more, finishes those in flight, and is gone.

    Orders go on without it: whatever it dies of is logged, and it is started again after a while.
    """
    pause_s = _FIRST_PAUSE_S
    while not stop.is_set():
        began = time.monotonic()
        cause = await _serve_until(stop)
        if stop.is_set():
            break
        if time.monotonic() - began > _LIVED_WELL_S:
            pause_s = _FIRST_PAUSE_S
        log.error("web_ended", cause=cause, again_in_s=pause_s)
        await _either(stop, pause_s)
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def say_once_it_listens(place: ListenAddress, stop: asyncio.Event, address: str) -> None:
    """Where the first account is made: said when that page answers, not before."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(place.host), str(place.host))  # noqa: S104 - it is asked there
    while not stop.is_set():
        try:
            _reads, writes = await asyncio.open_connection(host, place.port)
        except OSError:
            await _either(stop, _LOOKS_EVERY_S)
            continue
        writes.close()
        log.info("no_user_yet", say=_("Open {address} to make your account.", address=address))
        return


async def _serve_until(stop: asyncio.Event) -> str:
    """What it died of, if it did."""
    try:
        # a session of its own: Ctrl-C in the terminal is for the hub, which ends it in good order
        server = await asyncio.create_subprocess_exec(*_SERVER, stdin=asyncio.subprocess.PIPE, start_new_session=True)
    except OSError as error:
        return str(error)
    died = asyncio.create_task(server.wait())
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([died, asked], return_when=asyncio.FIRST_COMPLETED)
        return f"exit {died.result()}" if died.done() else ""
    finally:
        asked.cancel()
        await _end(server)


async def _end(server: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        server.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(server.wait(), _ENDS_WITHIN_S)
        return
    with suppress(ProcessLookupError):
        server.kill()  # the worker below it sees that, and ends too
    await server.wait()


async def _either(stop: asyncio.Event, pause_s: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause_s)
