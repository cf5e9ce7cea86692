"""The page that asks before something is done, and the way back from it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from orderhaven.words.confirmations import Question


def is_ours(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


def is_our_page(request: HttpRequest, path: str) -> bool:
    """A path here, not the name of a site, nor that of a route."""
    return path.startswith("/") and is_ours(request, path)


def way_back(request: HttpRequest, otherwise: str = "/") -> str:
    """The page that a form was on; `otherwise` when the browser does not say, or names another site."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not came_from or not is_ours(request, came_from):
        return otherwise
    parts = urlsplit(came_from)
    back = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return back if is_our_page(request, back) else otherwise


_OURS = ("csrfmiddlewaretoken", "asked", "back")


def is_asked(request: HttpRequest) -> bool:
    """Whether the question was answered with yes."""
    return request.POST.get("asked") == "yes"


def ask(request: HttpRequest, question: Question, otherwise: str) -> HttpResponse:
    """What was posted goes along with the yes, and so does the page to come back to: `otherwise` when the browser does not say."""
    back = way_back(request, otherwise)
    given = [(name, value) for name, values in request.POST.lists() if name not in _OURS for value in values]
    return render(request, "ask.html", {"question": question, "given": [*given, ("back", back)], "back": back})


def back_from(request: HttpRequest) -> str:
    """The page that the form was on, also when a question stood between."""
    back = request.POST.get("back", "")
    return back if is_our_page(request, back) else way_back(request)
