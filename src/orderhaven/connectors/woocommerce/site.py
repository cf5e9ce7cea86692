"""Which address a shop has: from what a person typed to the place where its REST API answers, or a
sentence on what to do."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.session import Session, is_web_page
from orderhaven.connectors.woocommerce.auth import PLAIN_HTTP, Nobody, is_loopback
from orderhaven.core.errors import AccountProblem, HubError, WrongAddress
from orderhaven.ports.connector import Limits, Outside

API = "/wp-json/wc/v3"
PERMALINKS_OFF = "its permalinks are off: in WordPress, Settings > Permalinks, choose 'Post name' and save"
_INDEX_WITHOUT_PERMALINKS = "/?rest_route=/"
_INSIDE_WORDPRESS = ("/wp-json", "/wp-admin", "/wp-login.php", "/wp-content", "/index.php")


def site_root(text: str) -> str:
    """The address without blanks, query and slash at its end; https where no scheme is given."""
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"https://{text}")
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))


def fingerprint(home_url: str) -> str:
    """The same for http and https, with and without www: one shop is one shop."""
    parts = urlsplit(home_url.lower())
    return f"woocommerce {parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}"


def refuse_plain_http(root: str) -> None:
    parts = urlsplit(root)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongAddress(root, "that is not a web address; it looks like https://www.example.com")
    if parts.scheme == "http" and not is_loopback(root):
        raise WrongAddress(root, PLAIN_HTTP)


async def explain(root: str, outside: Outside, limits: Limits) -> WrongAddress:
    """Why the API does not answer at `root`, and where it does, if that can be found. Asks without any
    key."""
    for candidate in _candidates(root):
        index = await _index_at(candidate, "/wp-json/", outside, limits)
        if isinstance(index, dict) and "wc/v3" in index.get("namespaces", ()):
            if candidate != root:
                return WrongAddress(root, f"the shop's address is {candidate}; use that")
            break
        if isinstance(index, dict) and "namespaces" in index:
            return WrongAddress(root, "there is a WordPress, but WooCommerce is not switched on or is older than 9.9")
    if isinstance(await _index_at(root, _INDEX_WITHOUT_PERMALINKS, outside, limits), dict):
        return WrongAddress(root, PERMALINKS_OFF)
    return await _first_impression(root, outside, limits)


async def permalinks_are_off(root: str, outside: Outside, limits: Limits) -> bool:
    """Whether WordPress answers here, and at the address that permalinks give its API only a web page.

    Both are asked for: an address that does not answer just now says nothing.
    """
    try:
        response = await _ask(root, "/wp-json/", outside, limits)
    except HubError:
        return False
    return is_web_page(response) and isinstance(await _index_at(root, _INDEX_WITHOUT_PERMALINKS, outside, limits), dict)


def _candidates(root: str) -> list[str]:
    """`root` itself, then without what is inside WordPress, then each folder above it."""
    parts = urlsplit(root)
    path = parts.path
    for inside in _INSIDE_WORDPRESS:
        path = path.partition(inside)[0]
    paths = [parts.path, path]
    while path:
        path = path.rpartition("/")[0]
        paths.append(path)
    return [urlunsplit((parts.scheme, parts.netloc, path, "", "")) for path in dict.fromkeys(paths)]


async def _index_at(root: str, path: str, outside: Outside, limits: Limits) -> Any:
    """WordPress's own index, or None when there is none."""
    try:
        response = await _ask(root, path, outside, limits)
        return msgspec.json.decode(response.body)
    except (HubError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def _first_impression(root: str, outside: Outside, limits: Limits) -> WrongAddress:
    try:
        response = await _ask(root, "/wp-json/", outside, limits)
    except WrongAddress as redirect:
        reason = redirect.values["reason"]
        target = reason.removeprefix("it redirects to ")
        home = target.partition("/wp-json")[0]
        hint = f"; use {home}" if home != target and home.startswith("https://") else ""
        return WrongAddress(root, reason + hint)
    except AccountProblem as problem:
        return WrongAddress(root, f"WordPress's API is shut off there ({problem.values.get('reason', '')})")
    if b"wp-login" in response.body or b'type="password"' in response.body:
        return WrongAddress(root, "it shows a log-in page: let /wp-json/ through, or use the shop's public address")
    if is_web_page(response):
        return WrongAddress(
            root, f"it answers a web page (status {response.status}): no WordPress shop was found there"
        )
    return WrongAddress(root, f"it answers something else than the shop's data (status {response.status})")


async def _ask(root: str, path: str, outside: Outside, limits: Limits) -> Response:
    session = Session("The shop", root, outside, Nobody(), limits)
    return await session.read("GET", path, also=(400, 404))
