"""A question on a page of its own, before something is done: it needs no script, and nothing happened yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from orderhaven.web.way_back import is_our_page, way_back
from orderhaven.words.questions import Question

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
