"""`python -m orderhaven.web.serve`: the web server, a process of its own beside the hub.

It does not outlive whoever started it, however that ended: the end of its standard input ends it. It first finishes the
requests that are in flight.
"""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

import structlog

from orderhaven import paths
from orderhaven.actions.errors import ActionRefused
from orderhaven.log import log_to_stderr
from orderhaven.web.listen_address import demand_free, parse_address
from orderhaven.web.server import Server

log = structlog.get_logger()


def main() -> None:
    log_to_stderr()
    try:
        place = parse_address(paths.listen())
        demand_free(place)
    except ActionRefused as error:
        log.error("web_cannot_start", cause=str(error))
        sys.exit(1)
    application = _application()
    from django.conf import settings

    # a body that is a little too big is refused by whoever reads it, in words; of others nothing is taken
    server = Server(application, place, largest_body=2 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: server.end())
    _when_input_ends(server.end)
    log.info("web_started", address=paths.web_address())
    server.run()


def _application() -> Any:
    try:
        from orderhaven.web import request_log
        from orderhaven.web.wsgi import application

        import_module("orderhaven.web.urls")  # a page that cannot be loaded is found before it is asked for
    except Exception:  # the edge of the process: what is wrong stands in the log, like everything else
        log.exception("web_cannot_start")
        sys.exit(1)
    request_log.quiet_django()
    for name in ("waitress", "waitress.queue"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return application


def _when_input_ends(end: Callable[[], None]) -> None:
    """Only where it is a pipe that somebody holds: a terminal, or the nothing that systemd gives, says nothing."""
    mode = os.fstat(sys.stdin.fileno()).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return

    def watch() -> None:
        while os.read(0, 1):
            pass
        end()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
