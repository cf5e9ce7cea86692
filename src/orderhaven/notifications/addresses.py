"""Which addresses may be a webhook."""

from urllib.parse import urlsplit

from orderhaven.core.networks import NetworkPolicy, private
from orderhaven.core.translation import _

LONGEST = 500


def complaint(url: str, reach: NetworkPolicy) -> str:
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
    if reach.may_be_read(url):
        return _("The address must begin with https: what is sent must not be read on its way.")
    return "" if reach.allows_host(host) else private(host)


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url
