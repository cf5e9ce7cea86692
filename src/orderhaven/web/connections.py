"""Connections: how they are, a new one by the form its declaration gives, pause, poll, other keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import connecting
from orderhaven.actions.connecting import Trial
from orderhaven.actions.errors import Impossible
from orderhaven.core.access import Power
from orderhaven.core.language import _
from orderhaven.core.reasons import said
from orderhaven.ports.connector import Declaration, Kind, Role, Setting
from orderhaven.store import alike, connections, pulse
from orderhaven.web.desk import AtDesk, at_desk
from orderhaven.web.way_back import way_back
from orderhaven.words.timeline import actor_words, event_words

_STOPPED = 50  # orders that a connection's page names


@at_desk
@require_safe
def page(request: AtDesk) -> HttpResponse:
    beat = pulse.beat()
    if request.GET.get("live") == beat:
        return HttpResponse(status=204)
    rows = connecting.connection_list(request.desk.by)
    declared = sorted(request.desk.by.declared.values(), key=lambda one: one.title.casefold())
    shown = {
        "rows": rows,
        "marketplaces": [one for one in declared if one.role is Role.MARKETPLACE],
        "shops": [one for one in declared if one.role is Role.SHOP],
        "beat": beat,
    }
    return render(request, "connections_live.html" if "live" in request.GET else "connections.html", shown)


@at_desk
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AtDesk, connector: str) -> HttpResponse:
    """The form of a connector. It is tested with every posting, and saved once the account's own choices are made."""
    request.desk.by.demand(Power.SET_UP)
    declaration = request.desk.by.declaration(connector)
    name = request.POST.get("name", declaration.title).strip()
    if request.method != "POST":
        return render(request, "connection_form.html", _form(declaration, {}, name, is_new=True))
    if connections.by_name(request.desk.merchant.pk, name) is not None:
        taken = _("There is a connection '{name}' already. Choose another name.", name=name)
        return _again(request, declaration, name, taken, is_new=True)
    return _try_and_save(request, declaration, name, is_new=True)


@at_desk
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: AtDesk, name: str) -> HttpResponse:
    """One connection: how it is, and its settings; posting them tests them before they count."""
    by = request.desk.by
    row = by.connection(name)
    declaration = by.declaration(row.connector)
    if request.method == "POST":
        by.demand(Power.SET_UP)
        return _try_and_save(request, declaration, name, is_new=False)
    return _page(request, name)


def _page(request: AtDesk, name: str, called: tuple[str, str] | None = None) -> HttpResponse:
    """With the address and the secret by which the other side may call, when they were asked for: in this answer only."""
    by = request.desk.by
    row = by.connection(name)
    declaration = by.declaration(row.connector)
    beat = pulse.beat()
    if request.GET.get("live") == beat:
        return HttpResponse(status=204)
    [shown] = [one for one in connecting.connection_list(by) if one.name == name]
    budget = {"poll_floor": declaration.limits.poll_floor, "calls_at_once": declaration.limits.calls_at_once}
    stopped = alike.stopped_orders(row.pk, _STOPPED + 1)
    live = {
        "stopped": stopped[:_STOPPED],
        "more_stopped": len(stopped) > _STOPPED,
        "name": name,
        "declaration": declaration,
        "row": shown,
        "budget": budget,
        "events": _latest(row.pk),
        "beat": beat,
        "called": called,
    }
    if "live" in request.GET:
        return render(request, "connection_live.html", live)
    return render(request, "connection.html", {**_form(declaration, row.settings, name, is_new=False), **live})


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AtDesk, name: str) -> HttpResponse:
    if request.method != "POST":  # the answer with a secret was shown here, and is loaded again
        return redirect("connection", request.desk.merchant.slug, name)
    by = request.desk.by
    match request.POST.get("act"):
        case "pause":
            connecting.pause(by, name)
            messages.success(request, _("'{name}' is paused.", name=name))
        case "resume":
            connecting.resume(by, name)
            messages.success(request, _("'{name}' goes on.", name=name))
        case "poll":
            is_running = connecting.poll_now(by, name)
            if is_running:
                messages.success(request, _("'{name}' is asked now.", name=name))
            else:
                messages.error(request, _("'{name}' is due now, but no hub runs here that would ask it.", name=name))
        case "webhook":
            return _page(request, name, connecting.webhook_address(by, name))
    return redirect(way_back(request))


# below: forms


def _try_and_save(request: AtDesk, declaration: Declaration, name: str, *, is_new: bool) -> HttpResponse:
    given = _given(declaration, request)
    try:
        trial = connecting.try_account(request.desk.by, declaration.name, name, given)
        to_choose = _to_choose(trial)
        if is_new and to_choose and request.POST.get("chosen") != "yes":
            page = _form(declaration, request.POST, name, is_new=True)
            return render(request, "connection_form.html", {**page, "trial": trial, "choices": to_choose})
        saved = connecting.save(request.desk.by, trial)
    except Impossible as error:
        return _again(request, declaration, name, str(error), is_new=is_new)
    for remark in trial.account.remarks:
        messages.success(request, said(remark))
    account = saved.account.name
    messages.success(request, _("{title} answers as {account}: saved.", title=declaration.title, account=account))
    return redirect("connections", request.desk.merchant.slug)


def _again(request: AtDesk, declaration: Declaration, name: str, error: str, *, is_new: bool) -> HttpResponse:
    page = _form(declaration, request.POST, name, is_new=is_new)
    return render(request, "connection_form.html", {**page, "error": error}, status=422)


def _given(declaration: Declaration, request: AtDesk) -> dict[str, str]:
    """What was filled in; an empty secret of a connection that exists stays as it is."""
    given = {}
    for setting in declaration.settings:
        if setting.key not in request.POST:
            continue
        value = ",".join(request.POST.getlist(setting.key)) if setting.kind is Kind.LIST else request.POST[setting.key]
        if value or not setting.secret:
            given[setting.key] = value
    return given


def _to_choose(trial: Trial) -> list[dict[str, Any]]:
    """What the account itself offers a choice of, with what would be taken."""
    return [
        {
            "setting": setting,
            "offered": [(word, word in trial.settings[setting.key].split(",")) for word in offered],
            "is_many": setting.kind is Kind.LIST,
        }
        for setting in trial.declaration.settings
        if (offered := trial.account.choices.get(setting.key, ()))
    ]


def _form(declaration: Declaration, given: Mapping[str, Any], name: str, *, is_new: bool) -> dict[str, Any]:
    fields = [_field(setting, given, is_new) for setting in declaration.settings]
    return {
        "declaration": declaration,
        "name": name,
        "is_new": is_new,
        "honest": _(declaration.honest),
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
