"""Connections: how they are, a new one by the form its spec gives, pause, poll, other keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import account_setup
from orderhaven.actions.account_setup import ConnectionTrial
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.access import Permission
from orderhaven.core.reasons import translate_reason
from orderhaven.core.translation import _
from orderhaven.ports.connector import ConnectorSpec, Setting, SettingKind, Side
from orderhaven.store.connections import connections
from orderhaven.store.outbox import repeated_rejections
from orderhaven.store.upkeep import health
from orderhaven.web import account
from orderhaven.web.confirmation import way_back
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.words.timeline import actor_words, event_words

_STOPPED = 50  # orders that a connection's page names


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    heartbeat = health.record_heartbeat()
    if request.GET.get("live") == heartbeat:
        return HttpResponse(status=204)
    rows = account_setup.connection_list(request.merchant_context.context)
    specs_by_name = sorted(
        request.merchant_context.context.specs_by_name.values(), key=lambda one: one.title.casefold()
    )
    shown = {
        "rows": rows,
        "marketplaces": [one for one in specs_by_name if one.side is Side.MARKETPLACE],
        "shops": [one for one in specs_by_name if one.side is Side.SHOP],
        "heartbeat": heartbeat,
    }
    return render(request, "connections_live.html" if "live" in request.GET else "connections.html", shown)


@merchant_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MerchantRequest, connector: str) -> HttpResponse:
    """The form of a connector. It is tested with every posting, and saved once the account's own choices are made."""
    request.merchant_context.context.demand(Permission.CONFIGURE)
    spec = request.merchant_context.context.spec(connector)
    name = request.POST.get("name", spec.title).strip()
    if request.method != "POST":
        return render(request, "connection_form.html", _form(spec, {}, name, is_new=True))
    if connections.by_name(request.merchant_context.merchant.pk, name) is not None:
        taken = _("There is a connection '{name}' already. Choose another name.", name=name)
        return _again(request, spec, name, taken, is_new=True)
    return _try_and_save(request, spec, name, is_new=True)


@merchant_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: MerchantRequest, name: str) -> HttpResponse:
    """One connection: how it is, and its settings; posting them tests them before they count."""
    context = request.merchant_context.context
    row = context.connection(name)
    spec = context.spec(row.connector)
    if request.method == "POST":
        context.demand(Permission.CONFIGURE)
        return _try_and_save(request, spec, name, is_new=False)
    return _page(request, name)


def _page(request: MerchantRequest, name: str, called: tuple[str, str] | None = None) -> HttpResponse:
    """With the address and the secret by which the other side may call, when they were asked for: in this answer only."""
    context = request.merchant_context.context
    row = context.connection(name)
    spec = context.spec_of(row)
    heartbeat = health.record_heartbeat()
    if request.GET.get("live") == heartbeat:
        return HttpResponse(status=204)
    [shown] = [one for one in account_setup.connection_list(context) if one.name == name]
    budget = {"poll_floor": spec.limits.poll_floor, "concurrent_calls": spec.limits.concurrent_calls}
    stopped = repeated_rejections.stopped_orders(row.pk, _STOPPED + 1)
    live = {
        "stopped": stopped[:_STOPPED],
        "more_stopped": len(stopped) > _STOPPED,
        "name": name,
        "spec": spec,
        "row": shown,
        "budget": budget,
        "events": _latest(row.pk),
        "heartbeat": heartbeat,
        "called": called,
    }
    if "live" in request.GET:
        return render(request, "connection_live.html", live)
    page = {**_form(spec, row.settings, name, is_new=False), **account.account_card(request, name), **live}
    return render(request, "connection.html", page)


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: MerchantRequest, name: str) -> HttpResponse:
    if request.method != "POST":  # the answer with a secret was shown here, and is loaded again
        return redirect("connection", request.merchant_context.merchant.slug, name)
    context = request.merchant_context.context
    match request.POST.get("act"):
        case "pause":
            account_setup.pause(context, name)
            messages.success(request, _("'{name}' is paused.", name=name))
        case "resume":
            account_setup.resume(context, name)
            messages.success(request, _("'{name}' goes on.", name=name))
        case "poll":
            is_running = account_setup.poll_now(context, name)
            if is_running:
                messages.success(request, _("'{name}' is asked now.", name=name))
            else:
                messages.error(request, _("'{name}' is due now, but no hub runs here that would ask it.", name=name))
        case "read_account":
            messages.success(request, account.read_again(request, name))
        case "choose_codes":
            messages.success(request, account.choose(request, name))
        case "webhook":
            return _page(request, name, account_setup.webhook_address(context, name))
    return redirect(way_back(request))


# below: forms


def _try_and_save(request: MerchantRequest, spec: ConnectorSpec, name: str, *, is_new: bool) -> HttpResponse:
    given = _given(spec, request)
    try:
        trial = account_setup.try_account(request.merchant_context.context, spec.name, name, given)
        to_choose = _to_choose(trial)
        if is_new and to_choose and request.POST.get("chosen") != "yes":
            page = _form(spec, request.POST, name, is_new=True)
            return render(request, "connection_form.html", {**page, "trial": trial, "choices": to_choose})
        saved = account_setup.save(request.merchant_context.context, trial)
    except ActionRefused as error:
        return _again(request, spec, name, str(error), is_new=is_new)
    for remark in trial.account.remarks:
        messages.success(request, translate_reason(remark))
    title = spec.title if is_new else name
    messages.success(request, _("{title} answers as {account}: saved.", title=title, account=saved.account.name))
    return redirect("connections", request.merchant_context.merchant.slug)


def _again(request: MerchantRequest, spec: ConnectorSpec, name: str, error: str, *, is_new: bool) -> HttpResponse:
    page = _form(spec, request.POST, name, is_new=is_new)
    return render(request, "connection_form.html", {**page, "error": error}, status=422)


def _given(spec: ConnectorSpec, request: MerchantRequest) -> dict[str, str]:
    """What was filled in; an empty secret of a connection that exists stays as it is."""
    given = {}
    for setting in spec.settings:
        if setting.key not in request.POST:
            continue
        value = (
            ",".join(request.POST.getlist(setting.key))
            if setting.kind is SettingKind.LIST
            else request.POST[setting.key]
        )
        if value or not setting.secret:
            given[setting.key] = value
    return given


def _to_choose(trial: ConnectionTrial) -> list[dict[str, Any]]:
    """What the account itself offers a choice of, with what would be taken."""
    return [
        {
            "setting": setting,
            "offered": [(word, word in trial.settings[setting.key].split(",")) for word in offered],
            "is_many": setting.kind is SettingKind.LIST,
        }
        for setting in trial.spec.settings
        if (offered := trial.account.choices.get(setting.key, ()))
    ]


def _form(spec: ConnectorSpec, given: Mapping[str, Any], name: str, *, is_new: bool) -> dict[str, Any]:
    fields = [_field(setting, given, is_new) for setting in spec.settings]
    return {
        "spec": spec,
        "name": name,
        "is_new": is_new,
        "limitations": _(spec.limitations),
        "fields": [field for field in fields if field["is_needed"]],
        "more_fields": [field for field in fields if not field["is_needed"]],
    }


def _field(setting: Setting, given: Mapping[str, Any], is_new: bool) -> dict[str, Any]:
    value = "" if setting.secret and not is_new else str(given.get(setting.key, setting.default or ""))
    return {
        "setting": setting,
        "label": _(setting.label),
        "help": _(setting.help),
        "value": value,
        "is_needed": setting.default is None,
        "is_required": setting.default is None and (is_new or not setting.secret),
        "kind": "password" if setting.secret else setting.kind,
    }


def _latest(connection_id: int) -> list[dict[str, Any]]:
    return [
        {"at": one.at, "who": actor_words(one.actor), "what": event_words(one.kind, one.data)}
        for one in connections.latest_events(connection_id)
    ]
