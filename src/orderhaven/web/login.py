"""Coming in and going out: the first account, log-in, second factor, invitations, language and colours."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as otp_login
from django_otp import user_has_device

from orderhaven import catalogues
from orderhaven.actions import users
from orderhaven.actions.errors import ActionRefused
from orderhaven.core.translation import _
from orderhaven.store.access import credentials
from orderhaven.store.access import second_factor as factor
from orderhaven.store.connections import merchants
from orderhaven.store.models import User
from orderhaven.web.confirmation import is_our_page, way_back
from orderhaven.web.login_throttle import proof, remember
from orderhaven.web.merchant_context import clock, with_account

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_A_YEAR_S = 365 * 86400


@with_account
def home(request: HttpRequest) -> HttpResponse:
    """To the orders of the merchant one works for; of several, one chooses."""
    rows = merchants.of_user(cast(User, request.user).pk)
    if len(rows) == 1:
        return redirect("orders", rows[0][0].slug)
    return render(request, "choose.html", {"merchants": [merchant for merchant, _role in rows]})


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The first account of this hub."""
    if credentials.has_users():
        return redirect("login")
    page: dict[str, Any] = {"code": request.POST.get("code", request.GET.get("code", "")), "given": request.POST}
    if request.method == "POST":
        given = request.POST
        try:
            person = users.first_administrator(
                given.get("code", ""), given.get("email", ""), given.get("name", ""), given.get("password", ""),
                given.get("trade", ""), clock().now(),
            )  # fmt: skip
        except ActionRefused as error:
            page["error"] = str(error)
            return render(request, "welcome.html", page, status=422)
        login(request, person, backend=_BACKEND)
        return remember(request, redirect("home"), person.email)
    return render(request, "welcome.html", page)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    if not credentials.has_users():
        return redirect("welcome")
    page: dict[str, Any] = {"next": _next(request), "email": request.POST.get("email", "")}
    if request.method != "POST":
        return redirect(page["next"]) if request.user.is_authenticated else render(request, "login.html", page)
    email = request.POST.get("email", "").strip().lower()
    person = proof(request)(email, request.POST.get("password", ""))
    if person is None:
        page["error"] = _("Address and password do not belong together.")
        return render(request, "login.html", page, status=422)
    login(request, person, backend=_BACKEND)
    return remember(request, redirect(page["next"]), person.email)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The six figures of the phone, or one of the codes that were written down."""
    if not request.user.is_authenticated or not user_has_device(request.user):
        return redirect("login")
    page: dict[str, Any] = {"next": _next(request)}
    if request.method == "POST":
        code = request.POST.get("code", "").replace(" ", "").lower()
        device = factor.device_that_takes(request.user, code)
        if device is not None:
            otp_login(request, device)
            return redirect(page["next"])
        page["error"] = _("That code is wrong or over. After several wrong ones, wait a little before the next.")
        return render(request, "second_factor.html", page, status=422)
    return render(request, "second_factor.html", page)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    now = clock().now()
    found = users.invitation(secret, now)
    has_account = credentials.of_email(found.email) is not None
    page: dict[str, Any] = {"invitation": found, "has_account": has_account, "name": request.POST.get("name", "")}
    if request.method == "POST":
        try:
            person = users.accept(secret, page["name"], request.POST.get("password", ""), now, proof(request))
        except ActionRefused as error:
            page["error"] = str(error)
            return render(request, "invitation.html", page, status=422)
        login(request, person, backend=_BACKEND)
        return remember(request, redirect("orders", found.merchant.slug), person.email)
    return render(request, "invitation.html", page)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Kept with the account, and in the browser for before the log-in."""
    wanted = request.POST.get("language", "")
    response = redirect(way_back(request))
    if wanted in catalogues.LANGUAGES:
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=wanted)
        _keep(response, "django_language", wanted)
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light, dark, or as the machine has it."""
    response = redirect(way_back(request))
    wanted = request.POST.get("theme", "")
    if wanted in ("light", "dark"):
        _keep(response, "theme", wanted)
    else:
        response.delete_cookie("theme")
    return response


def _keep(response: HttpResponse, cookie: str, value: str) -> None:
    is_https = settings.SESSION_COOKIE_SECURE
    response.set_cookie(cookie, value, max_age=_A_YEAR_S, httponly=True, samesite="Lax", secure=is_https)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", request.GET.get("next", ""))
    return wanted if is_our_page(request, wanted) else reverse("home")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
