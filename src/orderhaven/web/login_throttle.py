"""Passwords that are typed: how many wrong ones are taken, from where and for whom, and who is asked to wait.

A stranger who tries many passwords is slowed down, and so is everybody who tries many for one account from many places. Neither
locks its owner out: a browser that was in that account before has tries of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from orderhaven.actions import users
from orderhaven.store.access import allowances, credentials
from orderhaven.store.access.allowances import Allowances
from orderhaven.store.models import User
from orderhaven.web.merchant_context import clock

_EACH = timedelta(seconds=12)
_OF_A_PLACE, _OF_A_BROWSER, _OF_AN_ACCOUNT = 5, 5, 10  # wrong ones at once; then five a minute
_NOTED_EVERY = timedelta(hours=1)
_COOKIE, _SALT = "known", "orderhaven.known"
_COOKIE_LASTS_S = 365 * 86400
_ACCOUNTS_OF_A_BROWSER = 5
_LONGEST = 254
_NETWORK_OF_ONE = 64  # bits: whoever has one address of IPv6 has as many as they like, all in one network


class TooManyAttempts(Exception):
    """Wrong passwords: the next one is not even looked at before this time is over."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.seconds = max(ceil(wait.total_seconds()), 1)


def proof(request: HttpRequest) -> users.Prove:
    """Every password that is typed goes by here, wherever it is asked for. Raises TooMany."""

    def prove(email: str, password: str) -> User | None:
        email = email.strip().lower()[:_LONGEST]
        purses = _purses(request, email)
        wait = allowances.take(purses, clock().now())
        if wait:
            _note_once(email)
            raise TooManyAttempts(wait)
        person = authenticate(request, username=email, password=password)
        if person is not None:
            allowances.give_back(purses)
        return person

    return prove


def remember(request: HttpRequest, response: HttpResponse, email: str) -> HttpResponse:
    """That this browser was in this account: it opens nothing, and has tries of its own."""
    name, known = _known(request)
    kept = [_mark(email), *(one for one in known if one != _mark(email))][:_ACCOUNTS_OF_A_BROWSER]
    response.set_signed_cookie(
        _COOKIE, ":".join((name, *kept)), salt=_SALT, max_age=_COOKIE_LASTS_S, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def from_where(request: HttpRequest) -> str:
    """At which address they are counted; "" when nobody says.

    The hub itself speaks plain http. So where people come by https a proxy stands in front, which would be everybody's
    address: then it is the last one that it says, the only one that it saw itself.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return _counted_at(forwarded.rpartition(",")[2]) or _counted_at(request.META.get("REMOTE_ADDR", ""))


def _purses(request: HttpRequest, email: str) -> Collection[Allowances]:
    name, known = _known(request)
    if _mark(email) in known:
        return [Allowances(("browser", name, email), _OF_A_BROWSER, _EACH)]
    return [
        Allowances(("place", from_where(request)), _OF_A_PLACE, _EACH),
        Allowances(("account", email), _OF_AN_ACCOUNT, _EACH),
    ]


def _known(request: HttpRequest) -> tuple[str, list[str]]:
    """This browser's name, and the marks of the accounts that it was in."""
    kept = request.get_signed_cookie(_COOKIE, "", salt=_SALT, max_age=_COOKIE_LASTS_S) or ""
    name, *known = kept.split(":")
    return name or secrets.token_urlsafe(12), known


def _mark(email: str) -> str:
    return salted_hmac(_SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:20]


def _note_once(email: str) -> None:
    """For the journal of those whom the person works for: once an hour, however many come."""
    person = credentials.of_email(email)
    now = clock().now()
    if person is not None and not allowances.take([Allowances(("note", email), 1, _NOTED_EVERY)], now):
        credentials.note_of_person(person, now, "account_locked", {}, actor="hub")


def _counted_at(text: str) -> str:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((int(found), _NETWORK_OF_ONE), strict=False).network_address)
    return str(found)
