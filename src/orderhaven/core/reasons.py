"""Why something did not work, in the reader's language.

A reason is written down in English where it happens, by a hub that nobody sits at, and read later, by whomever. What it
was made of is found again here. The cause of an UnexpectedResponse is not: it is to be reported as it was said.
"""

import re
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
    "the login does not take this client ID and secret",
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
    "{side} says that {system}'s API is not there",
    "{side} left order {shop_ref} half made ({code})",
    "{side} took it and answered something unreadable: {reason}",
    "a firewall in front of it blocks this order (status {status})",
    "it does not know the consumer key, or its user may not see orders: use a shop manager's key",
    "the consumer secret is wrong or the key lacks a right: {words}",
    "a plug-in or a rule of WordPress opens its REST API to those who are logged in only: {words}",
    "a security plug-in or a firewall closes its REST API: {words}",
    "the key may read but not write ({code}): give it Read/Write and a shop manager as user",
    "these fields of the order are not valid: {fields}",
    "over plain http everybody on the way can read the key and the orders; use its https address",
    "that is not a web address; it looks like {example}",
    "the shop's address is {address}; use that",
    "there is a WordPress, but {system} is not switched on or is older than {version}",
    "{system} must be {version} or newer: older ones cannot tell exactly whether they have an order already; this one is {found}",
    "{system} must be {version} or newer: older ones cannot tell exactly whether they have an order already",
    "its permalinks are off: in WordPress, Settings > Permalinks, choose 'Post name' and save",
    "WordPress's API is shut off there ({reason})",
    "it shows a log-in page: let /wp-json/ through, or use the shop's public address",
    "it answers a web page (status {status}): no WordPress shop was found there",
    "it answers something else than the shop's data (status {status})",
    "The shop computes no taxes: orders are placed with prices as the marketplace states them.",
    "by its settings for prices and taxes it would make the total {total} instead of {expected}",
    "the buyer's e-mail address has more than the {most} characters that it keeps",
    "a part of the address has more than the {most} bytes that it keeps",
    "the order's number has more than the {most} characters that it keeps",
    # of a shop order that does not fit
    "{line} points at no product",
    "{line}: {other} in its place",
    "{line}: {found} instead of {expected}",
    "and {number} more lines",
    "it is in {currency} instead of {expected}",
    "its total is {total} instead of {expected}",
    "it has no total",
    "the shop broke off while it made the order, and left it in status '{status}'",
    "the shop took nothing from stock",
    "the shop took nothing from stock for {articles}: set the order to On hold and back, which takes it, or switch 'Lower the shop's "
    "stock' off for this connection if something else keeps the stock",
    # what fits much stands last
    "it answered {status}",
    "the login answered {status}",
    "{side} answered {status}",
)

_UNIDENTIFIED = TEMPLATES[0]


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
    return tuple((_pattern(template), template) for template in TEMPLATES)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    text = "".join(f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    return re.compile(text, re.DOTALL)
