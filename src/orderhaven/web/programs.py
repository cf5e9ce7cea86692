"""Programs: keys to the API, and the addresses that are called when something happens."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import tokens, webhooks
from orderhaven.actions.errors import impossible
from orderhaven.core.access import Power
from orderhaven.core.language import _
from orderhaven.core.notices import HookKind
from orderhaven.web.desk import AtDesk, at_desk
from orderhaven.web.way_back import way_back
from orderhaven.words.notices import answer_words
from orderhaven.words.people import POWER_NAMES


@at_desk
@require_safe
def page(request: AtDesk) -> HttpResponse:
    return _page(request)


def _page(request: AtDesk, made: Mapping[str, str] | None = None) -> HttpResponse:
    """With a secret that was just made: it stands in this answer and nowhere else."""
    by = request.desk.by.demand(Power.SET_UP)
    shown = {
        "tokens": tokens.token_list(by),
        "scopes": [(power.value, _(POWER_NAMES[power])) for power in Power],
        "made": made,
        "webhooks": webhooks.webhook_list(by),
        "kinds": list(HookKind),
        "log": [(one, answer_words(one.answer)) for one in webhooks.log(by)],
    }
    return render(request, "programs.html", shown)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AtDesk) -> HttpResponse:
    if request.method != "POST":  # the answer with a secret was shown here, and is loaded again
        return redirect("programs", request.desk.merchant.slug)
    by, given = request.desk.by, request.POST
    by.demand(Power.SET_UP)
    match given.get("act"):
        case "token":
            secret = tokens.make_token(by, given.get("name", ""), given.getlist("scope"))
            return _page(request, {"kind": "token", "secret": secret})
        case "end_token":
            tokens.end_token(by, _number(given.get("token", "")))
            messages.success(request, _("The token opens nothing any more."))
        case "webhook":
            secret = webhooks.make(by, given.get("url", ""), given.getlist("kind"))
            return _page(request, {"kind": "webhook", "secret": secret})
        case "end_webhook":
            webhooks.end(by, _number(given.get("webhook", "")))
            messages.success(request, _("This address is not called any more."))
        case "pause_webhook":
            webhooks.pause(by, _number(given.get("webhook", "")))
        case "resume_webhook":
            webhooks.resume(by, _number(given.get("webhook", "")))
        case "test_webhook":
            webhooks.send_test(by, _number(given.get("webhook", "")))
            messages.success(request, _("A test call is on its way; its fate will stand in the log below."))
    return redirect(way_back(request))


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise impossible("Say which one is meant.")
    return int(text)
