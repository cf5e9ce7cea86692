"""One's own account: name, language, password, second factor, and what one wants to be notified of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from zoneinfo import available_timezones

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as otp_login
from django_otp import user_has_device

from orderhaven import catalogues, paths
from orderhaven.actions import notifications, users
from orderhaven.actions.context import ActionContext
from orderhaven.core.access import PERMISSIONS
from orderhaven.core.notifications import NotificationKind
from orderhaven.core.translation import _
from orderhaven.notifications.mail import mail_is_set_up
from orderhaven.store.access import second_factor as factor
from orderhaven.store.connections import merchants
from orderhaven.store.models import User
from orderhaven.web.confirmation import way_back
from orderhaven.web.login_throttle import proof
from orderhaven.web.merchant_context import clock, with_account


@with_account
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, recovery_codes: Sequence[str] = ()) -> HttpResponse:
    """With the codes that were just made: they stand in this answer and nowhere else."""
    person = cast(User, request.user)
    shown = {
        "languages": catalogues.NAMES,
        "zones": sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")),
        "hub_zone": paths.time_zone(),
        "has_second_factor": user_has_device(person),
        "recovery_codes": recovery_codes,
        "preferences": [
            _preferences(person, merchant.pk, merchant.name, PERMISSIONS[role])
            for merchant, role in merchants.of_user(person.pk)
        ],
        "mail_is_set_up": mail_is_set_up(),
    }
    return render(request, "me.html", shown)


@with_account
@sensitive_post_parameters("old", "new", "password")
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    person, given = cast(User, request.user), request.POST
    match given.get("act"):
        case "self":
            users.change_self(
                person, given.get("name", ""), given.get("language", ""), given.get("time_zone", ""), clock().now()
            )
            messages.success(request, _("Saved."))
        case "password":
            users.change_password(person, given.get("old", ""), given.get("new", ""), proof(request), clock().now())
            update_session_auth_hash(request, person)
            messages.success(request, _("Your password is changed. Other sessions of yours have ended."))
        case "notifications":
            _change_preferences(request, person)
            messages.success(request, _("Saved."))
        case "end_second_factor":
            users.end_second_factor(person, given.get("password", ""), proof(request), clock().now())
            messages.success(request, _("The second factor is off."))
    return redirect(way_back(request))


@with_account
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Scan, type the six figures once, and write the recovery codes down."""
    person = cast(User, request.user)
    if user_has_device(person):
        return redirect("me")
    beginning = factor.begin(person)
    page: dict[str, Any] = {"picture": _picture(beginning.address), "secret": beginning.secret}
    if request.method == "POST":
        figures = request.POST.get("code", "").replace(" ", "")
        codes = users.begin_second_factor(person, beginning, figures, clock().now())
        if codes:
            otp_login(request, beginning.device)
            messages.success(request, _("From now on a code of your phone is asked for when you log in."))
            return _page(request, codes)
        page["error"] = _("That code is not right. Look whether the clock of your phone is.")
    return render(request, "second_factor_setup.html", page, status=422 if "error" in page else 200)


def _picture(address: str) -> str:
    """Without a size of its own but with a viewBox, so that a smaller place shows all of it, smaller."""
    drawn: str = segno.make_qr(address, error="m").svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
    return mark_safe(drawn)  # noqa: S308 - drawn here, of what is ours


def _preferences(person: User, merchant_id: int, name: str, permissions: frozenset[Any]) -> dict[str, Any]:
    found = notifications.preferences(_context(person, merchant_id, permissions), person.pk)
    return {
        "merchant_id": merchant_id,
        "merchant": name,
        "kinds": [(kind.value, kind.label, found[kind]) for kind in NotificationKind],
    }


def _change_preferences(request: HttpRequest, person: User) -> None:
    for merchant, role in merchants.of_user(person.pk):
        if request.POST.get("merchant") == str(merchant.pk):
            wanted = {NotificationKind(one) for one in request.POST.getlist("kind") if one in list(NotificationKind)}
            notifications.set_preference(_context(person, merchant.pk, PERMISSIONS[role]), person.pk, wanted)


def _context(person: User, merchant_id: int, permissions: frozenset[Any]) -> ActionContext:
    return ActionContext(person.name, merchant_id, clock(), permissions=permissions)
