"""Errors as pages: what happened and what to do, never a trace."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from orderhaven import catalogues
from orderhaven.api.errors import error_response
from orderhaven.core.translation import _, current_catalogue, n_

_TITLES = {
    400: "That address makes no sense here",
    403: "You may not do this",
    404: "There is nothing here",
    429: "Too many tries",
    500: "Something went wrong in Orderhaven",
    503: "Orderhaven cannot be used just now",
}


def error_page(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    language = translation.get_language() or "en"
    with current_catalogue(catalogues.catalogue(language)):
        page = {"title": _(_TITLES[status]), "sentence": sentence, "status": status}
    return HttpResponse(render_to_string("error.html", page, request), status=status)


_FOR_PROGRAMS = {400: "unreadable", 404: "not-found", 500: "broken"}


def _in_their_language(request: HttpRequest, status: int, message: str) -> HttpResponse:
    """Some errors come before, or after, the language was set, and before the API was reached."""
    language = translation.get_language_from_request(request)
    with translation.override(language), current_catalogue(catalogues.catalogue(language)):
        if request.path.startswith("/api/") and status in _FOR_PROGRAMS:
            return error_response(_FOR_PROGRAMS[status])
        return error_page(request, status, _(message))


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _in_their_language(request, 400, "Go back and try again from the page you came from.")


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _in_their_language(request, 403, "Ask an administrator.")


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _in_their_language(request, 404, "The page is gone, or it never was, or it is not yours to see.")


def broken(request: HttpRequest) -> HttpResponse:
    return _in_their_language(
        request, 500, "It is written in the log. Nothing that was promised is lost. Try again; if it stays, report it."
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _in_their_language(request, 403, "This page was open for too long. Go back, reload it, and send it again.")


def asked_to_wait(request: HttpRequest, seconds: int) -> HttpResponse:
    sentence = n_(
        "Too many wrong passwords. Wait {number} second, then try again.",
        "Too many wrong passwords. Wait {number} seconds, then try again.",
        seconds,
    )
    response = error_page(request, 429, sentence)
    response.headers["Retry-After"] = str(seconds)
    return response
