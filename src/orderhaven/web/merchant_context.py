"""Who sits where: a person, at work for one merchant, with what their role may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django_otp import user_has_device

from orderhaven.actions.context import ActionContext
from orderhaven.core.access import PERMISSIONS, Permission, Role
from orderhaven.ports.connector import Clock, clock_of_the_environment
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.store.models import Merchant, User

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class MerchantContext:
    merchant: Merchant
    role: Role
    context: ActionContext
    others: tuple[Merchant, ...]  # for whom this person works as well

    @property
    def may_write(self) -> bool:
        return Permission.WRITE in self.context.permissions

    @property
    def may_configure(self) -> bool:
        return Permission.CONFIGURE in self.context.permissions


class MerchantRequest(HttpRequest):
    """A request of somebody who works for the merchant that its address names."""

    merchant_context: MerchantContext
    user: User


def clock() -> Clock:
    return clock_of_the_environment()


def with_account(view: View) -> View:
    """Whoever is not in yet goes to the log-in, or past the second factor, and comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, *given: Any, **named: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if not credentials.has_users():
                return redirect("welcome")
            return _sent_to("login", request)
        if user_has_device(request.user) and not cast(Any, request.user).is_verified():
            return _sent_to("second_factor", request)
        return view(request, *given, **named)

    return guarded


def merchant_required(view: View) -> View:
    """The address names the merchant; for anybody else's it is as if there were none."""

    @with_account
    @wraps(view)
    def seated(request: HttpRequest, slug: str, *given: Any, **named: Any) -> HttpResponseBase:
        at = cast(MerchantRequest, request)
        at.merchant_context = merchant_context_of(at.user, slug)
        return view(at, *given, **named)

    return seated


def merchant_context_of(person: User, slug: str) -> MerchantContext:
    """Raises Http404."""
    rows = merchants.of_user(person.pk)
    for merchant, role in rows:
        if merchant.slug == slug:
            context = ActionContext(person.name, merchant.pk, clock(), permissions=PERMISSIONS[role])
            return MerchantContext(merchant, role, context, tuple(one for one, _ in rows if one.pk != merchant.pk))
    raise Http404


def _sent_to(name: str, request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)  # a page that updates itself: let the browser load it anew
        response.headers["HX-Refresh"] = "true"
        return response
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect(f"{reverse(name)}?{urlencode({'next': back})}")
