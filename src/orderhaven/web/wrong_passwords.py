"""Wrong passwords, as django-axes counts them: whose account is tried, from where, and what is kept of it."""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.http import HttpRequest

from orderhaven.store import access
from orderhaven.web.desk import clock

_LONGEST = 254
_NETWORK_OF_ONE = 64  # bits: whoever has one address of IPv6 has as many as they like, all in one network


class WrongPasswords(AxesDatabaseHandler):  # type: ignore[misc]
    """The path is not kept: it may hold the secret of an invitation. An account that is closed stands in the journal."""

    def user_login_failed(self, sender: Any, credentials: dict[str, Any], request: Any = None, **more: Any) -> None:
        if request is not None:
            request.axes_path_info = ""
        super().user_login_failed(sender, credentials, request, **more)
        if getattr(request, "axes_failures_since_start", None) == settings.AXES_FAILURE_LIMIT:
            _note_closed(whose_account(request, credentials))


def whose_account(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """For whom passwords are tried, on whatever page and however the address is written."""
    # cut to what can be kept: no account is so long
    given = {str(name): value for name, value in (credentials or {}).items()}  # names of axes are lazy
    return (given.get("username") or given.get("email") or request.POST.get("email", "")).strip().lower()[:_LONGEST]


def from_where(request: HttpRequest) -> str | None:
    """At which address they are counted; None when nobody says.

    The hub itself speaks plain http. So where people come by https a proxy stands in front, which would be everybody's
    address: then it is the last one that it says, the only one that it saw itself.
    """
    told = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return _counted_at(told.rpartition(",")[2]) or _counted_at(request.META.get("REMOTE_ADDR", ""))


def _note_closed(email: str) -> None:
    person = access.of_email(email)
    if person is not None:
        access.note_of_person(person, clock().now(), "closed", {}, actor="hub")


def _counted_at(text: str) -> str | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Network((int(found), _NETWORK_OF_ONE), strict=False).network_address)
    return str(found)
