"""API clients: their tokens, and the addresses that are called when something happens."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import tokens, webhooks
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission
from orderhaven.core.notifications import WebhookEvent
from orderhaven.core.translation import _
from orderhaven.web.confirmation import way_back
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.words.notifications import answer_words


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    return _page(request)


def _page(request: MerchantRequest, made: Mapping[str, str] | None = None) -> HttpResponse:
    """With a secret that was just made: it stands in this answer and nowhere else."""
    context = request.merchant_context.context.demand(Permission.CONFIGURE)
    shown = {
        "tokens": tokens.token_list(context),
        "scopes": [(permission.value, permission.label) for permission in Permission],
        "made": made,
        "webhooks": webhooks.webhook_list(context),
        "kinds": list(WebhookEvent),
        "log": [(one, answer_words(one.answer)) for one in webhooks.log(context)],
    }
    return render(request, "api_clients.html", shown)


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: MerchantRequest) -> HttpResponse:
    if request.method != "POST":  # the answer with a secret was shown here, and is loaded again
        return redirect("api_clients", request.merchant_context.merchant.slug)
    context, given = request.merchant_context.context, request.POST
    context.demand(Permission.CONFIGURE)
    match given.get("act"):
        case "token":
            secret = tokens.make_token(context, given.get("name", ""), given.getlist("scope"))
            return _page(request, {"kind": "token", "secret": secret})
        case "end_token":
            tokens.end_token(context, _number(given.get("token", "")))
            messages.success(request, _("The token opens nothing any more."))
        case "webhook":
            secret = webhooks.make(context, given.get("url", ""), given.getlist("kind"))
            return _page(request, {"kind": "webhook", "secret": secret})
        case "end_webhook":
            webhooks.end(context, _number(given.get("webhook", "")))
            messages.success(request, _("This address is not called any more."))
        case "pause_webhook":
            webhooks.pause(context, _number(given.get("webhook", "")))
        case "resume_webhook":
            webhooks.resume(context, _number(given.get("webhook", "")))
        case "test_webhook":
            webhooks.send_test(context, _number(given.get("webhook", "")))
            messages.success(request, _("A test call is on its way; the log below will show what came of it."))
    return redirect(way_back(request))


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise action_refused("Say which one is meant.")
    return int(text)
