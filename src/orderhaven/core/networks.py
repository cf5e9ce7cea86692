"""Which machines a hub calls for a merchant: those that anybody on the internet could, and whatever networks its operator allows.

A hub may be shared, so an address that one merchant gives must not become a way into the machines of whoever runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from orderhaven.core.translation import _

Network = IPv4Network | IPv6Network
VARIABLE = "ORDERHAVEN_ALLOW_NETWORKS"
PRIVATE = "it leads into a private network"  # as a reason, see core.reasons
PLAIN_HTTP = "plain http can be read on its way"
_IN_USE = IPv6Network("2000::/3")  # all of IPv6 that is routed; what lies outside wraps IPv4, or is for other purposes
_WRAPS_IPV4 = IPv6Network("2002::/16")
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_WORDS = {"loopback": _LOOPBACK}


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """Beside the internet, these networks."""

    allowed: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Whether this IP address may be called."""
        if is_public(address):
            return True
        found = literal(address)
        if found is None:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found.version == one.version and found in one for one in self.allowed)

    def allows_host(self, host: str) -> bool:
        """As far as it can be said of what stands there: what a name stands for is looked at with every call."""
        if is_loopback(host):
            return self.allows_loopback
        return literal(host) is None or self.allows(host)

    @property
    def allows_loopback(self) -> bool:
        return self.allows("127.0.0.1")

    def may_be_read(self, url: str) -> bool:
        """Whether it goes over a network without encryption. It may stay inside the machine where that is allowed."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme != "https" and not (self.allows_loopback and is_loopback(host)) and self != EVERYWHERE

    def objection(self, url: str) -> str:
        """Why this address is not called, in a sentence; "" when it may be."""
        host = urlsplit(url).hostname or ""
        if not self.allows_host(host):
            return private(host)
        if self.may_be_read(url):
            return _("{url} must begin with https: keys and orders must not be read on their way.", url=url)
        return ""


PUBLIC = NetworkPolicy()
LOOPBACK = NetworkPolicy(_LOOPBACK)
EVERYWHERE = NetworkPolicy((IPv4Network("0.0.0.0/0"), IPv6Network("::/0")))


def private(host: str) -> str:
    return _(
        "{host} leads into a private network, which a hub that may be shared does not call. Whoever runs Orderhaven can "
        "allow that network in {variable}.",
        host=host,
        variable=VARIABLE,
    )


def parse_policy(text: str) -> NetworkPolicy:
    """Networks (10.0.0.0/8), addresses, or the word `loopback`, separated by commas. Raises ValueError with what is no network."""
    networks: list[Network] = []
    for word in filter(None, (one.strip() for one in text.split(","))):
        try:
            networks += _WORDS.get(word) or (ip_network(word),)
        except ValueError:
            raise ValueError(word) from None
    return NetworkPolicy(tuple(networks))


def is_public(address: str) -> bool:
    """Whether anybody on the internet could call this IP address."""
    found = literal(address)
    if isinstance(found, IPv6Address):
        return found in _IN_USE and found not in _WRAPS_IPV4 and found.is_global and not found.scope_id
    return found is not None and found.is_global and not found.is_multicast


def is_loopback(host: str) -> bool:
    found = literal(host)
    return host == "localhost" or host.endswith(".localhost") if found is None else found.is_loopback


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that stands there; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
