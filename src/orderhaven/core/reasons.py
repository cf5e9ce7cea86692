"""Why something did not work, in the reader's language.

A reason is written down in English where it happens, by a hub that nobody sits at, and read later, by whomever. What it
was made of is found again here. The cause of an UnexpectedResponse is not: it is to be reported as it was said.
"""

import re
from collections.abc import Iterable
from functools import cache

from orderhaven.core.translation import _

TEMPLATES = (
    # of any connector
    "The shop",  # what is called {side} below, where it has no name of its own
    "{side} cannot be reached: {reason}",
    "{side} cannot be reached ({error})",
    "{side} did not answer in time",
    "{side} broke off ({error})",
    "not a web address",
    "no such host",
    "nothing listens there",
    "its address or a key holds what no request may",
    "this machine lets Orderhaven open no more connections: raise its limit of open files",
    "there is no way to it from this machine",
    "no encrypted connection could be made",
    "the connection was closed",
    "the answer ended halfway",
    "not what a web server says",
    "its certificate is not valid yet: look at the clocks on both sides",
    "its certificate has expired and must be renewed there",
    "its certificate is for another address: use the one that stands in it",
    "its certificate is signed by an authority that is not trusted here. Whoever runs Orderhaven can name that authority's "
    "certificate in ORDERHAVEN_CA_FILE",
    "its certificate is not valid ({words})",
    "{side} answered more than can be right",
    "{side} answered a web page instead of data",
    "{side} answered something unreadable instead of data",
    "{side} answered a PHP warning and no whole data after it: switch off display_errors there",
    "{side} asks to slow down",
    "{side} wants a fresh token",
    "{side} gives no reason",
    "{side} refuses ({reason})",
    "{side} does not say what became of it",
    "it says nothing of this order",
    "it leads into a private network",
    "plain http can be read on its way",
    "it redirects to {place}; use {address}",
    "it redirects to {place}",
    "status {status}, from a firewall or a security plugin in front of it",
    "status {status}",
    "the time to send this had passed",
    "no connection to it came free in time",
    "the connection is paused or backs off",
    "the connector '{connector}' is not installed any more",
    "an error in Orderhaven",
    "an error in Orderhaven: see the log and report it",
    "{side} does not let this connection in",
    # of a marketplace
    "the list of orders did not keep still while it was read",
    "it takes {most} lines in one request, and this one has {number}",
    "{side} does not show the shipment of order {ref} yet",
    "{side} took it in without saying under which number",
    "{side} took it in, perhaps: {reason}",
    "it cannot be told to {what} an order",
    "it does not say whether it was done",
    "no carrier known here",
    # of a shop
    "{side} answers a web page with status {status} instead of data",
    "{side} answers a web page with status {status}",
    "{side} took it and answered something unreadable: {reason}",
    "the order's number has more than the {most} characters that it keeps",
    # of a shop order that does not fit
    "{line} points at no product",
    "{line}: {other} in its place",
    "{line}: {found} instead of {expected}",
    "and {number} more lines",
    "it is in {currency} instead of {expected}",
    "its total is {total} instead of {expected}",
    "it has no total",
    "the shop took nothing from stock",
)
FITS_MUCH = ("{side} answered {status}",)  # looked at last

_UNIDENTIFIED = TEMPLATES[0]
_of_connectors: dict[str, None] = {}  # templates, in the order in which they came


def add_reasons(templates: Iterable[str]) -> None:
    """What errors of a connector say beside these: `ConnectorSpec.error_reasons`, from when the connector is found."""
    _of_connectors.update(dict.fromkeys(templates))
    _patterns.cache_clear()


def templates() -> tuple[str, ...]:
    """In the order in which they are tried: the first that fits is it."""
    return (*TEMPLATES, *_of_connectors, *FITS_MUCH)


def translate_reason(reason: str) -> str:
    """As it was written down, if it is none of these: most of those are the other side's own words."""
    for pattern, template in _patterns():
        found = pattern.fullmatch(reason)
        if found:
            return _(template, **{name: translate_reason(word) for name, word in found.groupdict().items()})
    return reason


def name_connection(reason: str, name: str) -> str:
    """The same, where the connection's own name is known: people may have several shops."""
    return f"{name}{reason.removeprefix(_UNIDENTIFIED)}" if reason.startswith(f"{_UNIDENTIFIED} ") else reason


def is_known(reason: str) -> bool:
    return any(pattern.fullmatch(reason) for pattern, _template in _patterns())


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(template), template) for template in templates())


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(text, re.DOTALL)
