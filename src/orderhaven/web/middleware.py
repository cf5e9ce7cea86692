"""What happens around every page: what it may load, in which language, and how an error is said."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.contrib import messages
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation

from orderhaven import catalogues, paths
from orderhaven.actions.errors import ActionRefused, PermissionDenied
from orderhaven.core.translation import current_catalogue
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.listing.pages import BadCursor
from orderhaven.store.upkeep.doctor import database_trouble, was_made_meanwhile
from orderhaven.web.confirmation import way_back
from orderhaven.web.errors import asked_to_wait, bad_request, error_page
from orderhaven.web.login_throttle import TooManyAttempts

log = structlog.get_logger()
Next = Callable[[HttpRequest], HttpResponse]
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_LANGUAGE_COOKIE = "django_language"


class ContentPolicy:
    """Nothing comes from another host, and no script stands in a page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "no-store")  # pages hold names and addresses, files hold the trade
        return response


class UserLanguage:
    """Language and time zone of whoever reads: as they chose, else as their browser asks, else as the hub has it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = request.user
        chosen = getattr(person, "language", "") or translation.get_language_from_request(request)
        language = chosen if chosen in catalogues.LANGUAGES else "en"
        zone = getattr(person, "time_zone", "") or paths.time_zone()
        with (
            translation.override(language),
            timezone.override(ZoneInfo(zone)),
            current_catalogue(catalogues.catalogue(language)),
        ):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


class SessionEnds:
    """A session ends twelve hours after it was last used by hand, and a week after the log-in.

    A page that updates itself does not keep it alive.
    """

    _WRITES_EVERY = timedelta(hours=1)
    _LONGEST = timedelta(days=7)

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = datetime.now(UTC)
            began = datetime.fromisoformat(request.session.setdefault("began_at", now.isoformat()))
            used = datetime.fromisoformat(request.session.setdefault("used_at", now.isoformat()))
            if now - began > self._LONGEST:
                request.session.flush()
                return redirect("login")
            if now - used > self._WRITES_EVERY and "live" not in request.GET:
                request.session["used_at"] = now.isoformat()
        return self.get_response(request)


class FriendlyErrors:
    """What an action refuses is said where the person stands; what nobody expected is logged, and said without its trace."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Next, *_: Any) -> HttpResponse | None:
        """No word has a NUL in it, and not every database keeps one. The API says so of its own; a list is narrowed by none."""
        if request.path.startswith("/api/"):
            return None
        takes_forms = not getattr(view, "csrf_exempt", False)
        posted = [value for _name, values in request.POST.lists() for value in values] if takes_forms else []
        return bad_request(request) if any("\x00" in word for word in (request.path, *posted)) else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if request.path.startswith("/api/"):
            return None
        match error:
            case TooManyAttempts():
                return asked_to_wait(request, error.seconds)
            case PermissionDenied():
                return error_page(request, 403, str(error))
            case ActionRefused() | KeysLost():
                return _said_where_they_stand(request, str(error))
            case IntegrityError() if sentence := was_made_meanwhile(error):
                return _said_where_they_stand(request, sentence)
            case BadCursor():
                return error_page(request, 400, str(error))
            case OperationalError() | InterfaceError() if sentence := database_trouble(error, in_full=False):
                log.error("database_failure", cause=str(error))
                return error_page(request, 503, sentence)
        return None


def _said_where_they_stand(request: HttpRequest, sentence: str) -> HttpResponse:
    if request.method in ("GET", "HEAD"):
        return error_page(request, 404, sentence)
    messages.error(request, sentence)
    return redirect(way_back(request))
