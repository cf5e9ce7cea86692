"""`python -m orderhaven.web.serve`: the web server, a process of its own beside the hub, with one worker below it.

Neither outlives whoever started it, however that ended: the end of its standard input ends the server, and the end of the
server ends the worker. Both first finish the requests that are in flight.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from orderhaven import paths
from orderhaven.actions.errors import Impossible
from orderhaven.log import log_as_json
from orderhaven.web.bodies import THREADS
from orderhaven.web.place import demand_free, place_of

log = structlog.get_logger()
ENDS_WITHIN_S = 10  # what is in flight by then is given up
_THEIR_LOG = {  # errors only, and through our own log
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


def main() -> None:
    log_as_json()
    try:
        place = place_of(paths.listen())
        demand_free(place)
    except Impossible as error:
        log.error("web_cannot_start", cause=str(error))
        sys.exit(1)
    server = Granian(
        "orderhaven.web.wsgi:application",
        str(place.host),
        place.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        workers_kill_timeout=ENDS_WITHIN_S,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=_THEIR_LOG,
    )
    _when_input_ends(server.signal_handler_interrupt)
    server.serve(target_loader=application, wrap_loader=False)


def application() -> Any:
    """In the worker, before it takes requests."""
    _end_with_parent()
    log_as_json()
    try:
        from orderhaven.web import journal
        from orderhaven.web.wsgi import application

        import_module("orderhaven.web.urls")  # a page that cannot be loaded is found before it is asked for
    except Exception:  # the edge of the process: what is wrong stands in the log, like everything else
        log.exception("web_cannot_start")
        sys.exit(1)
    journal.quiet_django()
    log.info("web_started", address=paths.web_address())
    return application


def _when_input_ends(end: Callable[[], None]) -> None:
    """Only where it is a pipe that somebody holds: a terminal, or the nothing that systemd gives, says nothing."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        # by the bare number: a lock of sys.stdin, held here, would stop the worker that is forked meanwhile
        while os.read(0, 1):
            pass
        end()

    threading.Thread(target=watch, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(ENDS_WITHIN_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
