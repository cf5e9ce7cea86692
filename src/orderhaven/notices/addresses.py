"""Which addresses a hub calls for a merchant: only such as anybody on the internet could, never the hub's own network.

A hub may be shared, so an address that one merchant gives must not become a way into the machines of whoever runs it.
"""

import os
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from orderhaven.core.language import _

LONGEST = 500
_IN_USE = IPv6Network("2000::/3")  # all of IPv6 that is routed; what lies outside wraps IPv4, or is for other purposes
_WRAPS_IPV4 = IPv6Network("2002::/16")


def local_is_allowed() -> bool:
    """ORDERHAVEN_ALLOW_LOCAL_WEBHOOKS: on a hub of one's own, whose programs stand beside it."""
    return os.environ.get("ORDERHAVEN_ALLOW_LOCAL_WEBHOOKS", "") == "1"


def complaint(url: str, *, local: bool) -> str:
    """Why an address is not called, in a sentence; "" when it may be. What its name stands for is looked at with every call."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _("This is no web address. Give one as https://example.com/orders.")
    if parts.scheme not in ("http", "https") or not host or port == 0 or not _is_plain(url):
        return _("This is no web address. Give one as https://example.com/orders.")
    if len(url) > LONGEST:
        return _("The address is longer than {number} characters.", number=LONGEST)
    if parts.username is not None or parts.password is not None:
        return _("Leave name and password out of the address: every call is signed.")
    return _complaint_of_host(parts, host, local)


def is_public(address: str) -> bool:
    """Whether anybody on the internet could call this IP address."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return found in _IN_USE and found not in _WRAPS_IPV4 and found.is_global and not found.scope_id
    return found.is_global and not found.is_multicast


def is_loopback(host: str) -> bool:
    found = _literal(host)
    return host == "localhost" if found is None else found.is_loopback


def _complaint_of_host(parts: SplitResult, host: str, local: bool) -> str:
    if parts.scheme == "http" and not (local and is_loopback(host)):
        return _("The address must begin with https: what is told must not be read on its way.")
    if local:
        return ""
    literal = _literal(host)
    if host == "localhost" or (literal is not None and not is_public(str(literal))):
        return _("{host} lies in a private network, which a hub that may be shared does not call.", host=host)
    return ""


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that stands there; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url
