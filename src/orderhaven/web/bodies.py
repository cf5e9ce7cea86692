"""In front of Django: a request is taken up once all of it is here, so that who sends slowly holds nobody else up.

There are many threads, which cost nothing while they wait, and few requests that are worked on at once.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from http import HTTPStatus
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any

import structlog
from django.conf import settings

log = structlog.get_logger()
Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]
AT_ONCE = 4  # requests that are worked on; SQLite has one writer, and pages take milliseconds
ARRIVING = 32  # bodies; requests without one find room beside them
THREADS = 2 * ARRIVING
_ARRIVES_WITHIN_S = 20.0


class WholeBodies:
    """Nothing is read of a body that is too big: whoever looks at it says so by its length."""

    def __init__(
        self, app: App, *, within_s: float = _ARRIVES_WITHIN_S, arriving: int = ARRIVING, at_once: int = AT_ONCE
    ) -> None:
        self._app = app
        self._within_s = within_s
        self._threads = ThreadPoolExecutor(arriving, thread_name_prefix="bodies")
        self._room = BoundedSemaphore(arriving)
        self._work = ThreadPoolExecutor(at_once, thread_name_prefix="work")  # each keeps a connection to the database

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        length = _length(environ)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            environ["wsgi.input"] = BytesIO()
        elif length and not self._has_arrived(environ, length):
            return _refused(start, HTTPStatus.REQUEST_TIMEOUT)
        return self._work.submit(self._app, environ, start).result()

    def _has_arrived(self, environ: dict[str, Any], length: int) -> bool:
        if not self._room.acquire(blocking=False):
            log.warning("body_refused", cause="no_room")
            return False
        arriving = self._threads.submit(environ["wsgi.input"].read, length)
        arriving.add_done_callback(lambda _: self._room.release())
        body = _in_time(arriving, self._within_s)
        if len(body) < length:
            log.warning("body_refused", cause="not_whole")
            return False
        environ["wsgi.input"] = BytesIO(body)
        return True


# below: how


def _length(environ: dict[str, Any]) -> int:
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def _in_time(arriving: Future[bytes], within_s: float) -> bytes:
    """Once the request is answered, the server ends the reading that still waits."""
    try:
        return arriving.result(within_s)
    except (NotInTime, OSError):
        return b""


def _refused(start: Start, status: HTTPStatus) -> Iterable[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Length", "0"), ("Connection", "close")])
    return [b""]
