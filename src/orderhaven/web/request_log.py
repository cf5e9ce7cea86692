"""What the web process writes into its log: what changed something, failed or took long, and never what was in it.

Of an address only its pattern is written (`<slug:slug>/orders/<str:marketplace>/<path:ref>`): an address may hold an order
number, a name that was searched for, or the secret of an invitation.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger()
_THEIR_ID = re.compile(r"[\w.:-]{8,100}", re.ASCII)
_LONG_S = 2.0


class Journal:
    """Every request has a number, the proxy's if it gave one, which stands in each of its lines and in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        got_request_exception.connect(_note_exception, dispatch_uid="journal")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _THEIR_ID.fullmatch(given) else uuid4().hex
        began = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            _note(request, response.status_code, time.monotonic() - began)
        response.headers["X-Request-ID"] = request_id
        return response


def quiet_django() -> None:
    """Its own lines about requests hold whole addresses; ours stand in their place."""
    for name in ("django.request", "django.security.DisallowedHost", "django.security.csrf"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _note(request: HttpRequest, status: int, took_s: float) -> None:
    if request.method in ("GET", "HEAD") and status < 500 and took_s < _LONG_S:
        return
    say = log.error if status >= 500 else log.info
    say("request", method=request.method, route=_route(request), status=status, ms=round(took_s * 1000))


def _note_exception(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """What nobody expected, with its trace: without local variables, see `orderhaven.log`."""
    log.error("request_failed", route=_route(request) if request is not None else "", exc_info=True)


def _route(request: HttpRequest) -> str:
    found = request.resolver_match
    return found.route if found is not None else "none"
