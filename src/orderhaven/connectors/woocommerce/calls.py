"""Calls to WooCommerce: how requests are signed, where the site answers, and how an answer is read."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import msgspec

from orderhaven.connectors.kit.auth import Auth, HeaderKeys, basic
from orderhaven.connectors.kit.http import Request, Response, encode_query, percent_encoded
from orderhaven.connectors.kit.rows import MalformedRow, RowsOf
from orderhaven.connectors.kit.session import NotData, Session, decode, is_web_page
from orderhaven.connectors.woocommerce.responses import (
    REFUSALS,
    SIDE,
    RouteMissing,
    error_of_command,
    may_not_write,
    raise_read_refused,
    refusal_in,
    refuses_the_key,
)
from orderhaven.core.errors import AccountProblem, HubError, OutcomeUnknown, UnexpectedResponse, WrongAddress
from orderhaven.ports.connector import Clock, ConnectorContext, Limits

_encoded_address = lru_cache(maxsize=256)(percent_encoded)  # an API has few

PLAIN_HTTP = "over plain http everybody on the way can read the key and the orders; use its https address"


def auth_for(url: str, key: str, secret: str, clock: Clock) -> Auth:
    """WooCommerce refuses Basic over plain http, and over https has no need for signatures."""
    return HeaderKeys(basic(key, secret)) if urlsplit(url).scheme == "https" else OAuth(url, key, secret, clock)


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class OAuth:
    """Signs in the query, because some servers drop the Authorization header before PHP sees it."""

    def __init__(self, url: str, key: str, secret: str, clock: Clock) -> None:
        self._url = url
        self._who = encode_query([("oauth_consumer_key", key), ("oauth_signature_method", "HMAC-SHA256")])
        self._secret = secret
        self._clock = clock

    async def sign(self, request: Request) -> Request:
        """Raises WrongAddress, before anything is sent, when the way leads over a network."""
        if not is_loopback(request.url.partition("?")[0]):
            raise WrongAddress(self._url, PLAIN_HTTP)
        nonce = secrets.token_hex(16)  # a nonce that came before is refused, so a repeated read needs a new one
        return self.signed(request, nonce, int(self._clock.now().timestamp()))

    async def renew(self, refused: Request) -> bool:
        return False

    def signed(self, request: Request, nonce: str, timestamp: int) -> Request:
        address, _, query = request.url.partition("?")
        asked = [pair for pair in parse_qsl(query, keep_blank_values=True) if not pair[0].startswith("oauth_")]
        parameters = [*encode_query(asked), *self._who, f"oauth_nonce={nonce}", f"oauth_timestamp={timestamp}"]
        proof = percent_encoded(signature(request.method, address, parameters, self._secret))
        url = f"{address}?{'&'.join(parameters)}&oauth_signature={proof}"
        return Request(request.method, url, request.headers, request.body)


def signature(method: str, address: str, parameters: Iterable[str], secret: str) -> str:
    """RFC 5849, 3.4: method, address and sorted parameters (as `kit.http.encode_query` gives them).

    The key ends in '&' because there is no token.
    """
    # by name first: "=" sorts after some characters with which a longer name goes on
    ordered = "&".join(sorted(parameters, key=lambda pair: pair.split("=", 1)))
    # escaped once already, so there is nothing else in it to escape
    again = ordered.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    base = f"{method.upper()}&{_encoded_address(address)}&{again}"
    digest = hmac.digest(f"{secret}&".encode(), base.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


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


async def explain(root: str, context: ConnectorContext, limits: Limits) -> WrongAddress:
    """Why the API does not answer at `root`, and where it does, if that can be found. Asks without any
    key."""
    for candidate in _candidates(root):
        index = await _index_at(candidate, "/wp-json/", context, limits)
        if isinstance(index, dict) and "wc/v3" in index.get("namespaces", ()):
            if candidate != root:
                return WrongAddress(root, f"the shop's address is {candidate}; use that")
            break
        if isinstance(index, dict) and "namespaces" in index:
            return WrongAddress(root, "there is a WordPress, but WooCommerce is not switched on or is older than 9.9")
    if isinstance(await _index_at(root, _INDEX_WITHOUT_PERMALINKS, context, limits), dict):
        return WrongAddress(root, PERMALINKS_OFF)
    return await _first_impression(root, context, limits)


async def permalinks_are_off(root: str, context: ConnectorContext, limits: Limits) -> bool:
    """Whether WordPress answers here, and at the address that permalinks give its API only a web page.

    Both are asked for: an address that does not answer just now says nothing.
    """
    try:
        response = await _ask(root, "/wp-json/", context, limits)
    except HubError:
        return False
    return is_web_page(response) and isinstance(await _index_at(root, _INDEX_WITHOUT_PERMALINKS, context, limits), dict)


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


async def _index_at(root: str, path: str, context: ConnectorContext, limits: Limits) -> Any:
    """WordPress's own index, or None when there is none."""
    try:
        response = await _ask(root, path, context, limits)
        return msgspec.json.decode(response.body)
    except (HubError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def _first_impression(root: str, context: ConnectorContext, limits: Limits) -> WrongAddress:
    try:
        response = await _ask(root, "/wp-json/", context, limits)
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


async def _ask(root: str, path: str, context: ConnectorContext, limits: Limits) -> Response:
    session = Session("The shop", root, context, HeaderKeys({}), limits)  # it needs no key, and may not be the shop's
    return await session.read("GET", path, also=(400, 404))


T = TypeVar("T", bound=msgspec.Struct)
A = TypeVar("A")  # any answer

PER_PAGE = 100  # the most that WooCommerce gives


class Calls:
    """`permalinks_are_off` is asked only where a web page came: then nothing that was sent has reached WooCommerce."""

    def __init__(self, session: Session, permalinks_are_off: Callable[[], Awaitable[bool]]) -> None:
        self._session = session
        self._permalinks_are_off = permalinks_are_off

    async def ask(self, path: str, query: Mapping[str, str] | None = None, *, method: str = "GET") -> Response:
        """Any answer, refusals included."""
        body = b"{}" if method == "POST" else b""
        headers = {"Content-Type": "application/json"} if body else {}
        response = await self._session.read(method, path, query=query, headers=headers, body=body, also=REFUSALS)
        await self._demand_permalinks(response)
        return response

    async def get(self, path: str, shape: type[A], query: Mapping[str, str] | None = None) -> A:
        """Raises AuthRejected, NotThere, UnexpectedResponse, and what `Session.read` raises."""
        found = await self.get_unless("", path, shape, query)
        assert found is not None  # noqa: S101 - no refusal has an empty code
        return found

    async def get_unless(
        self, code: str, path: str, shape: type[A], query: Mapping[str, str] | None = None
    ) -> A | None:
        """The same, and None when they refuse with 404 and exactly this code."""
        response = await self.ask(path, query)
        refusal = refusal_in(response) if response.status == 404 else None
        if refusal is not None and refusal.code == code:
            return None
        if response.status != 200:
            raise_read_refused(response)
        return decode(response, shape, SIDE)

    async def pages(self, path: str, shape: type[T], query: Mapping[str, str]) -> AsyncIterator[list[T]]:
        """Page after page, to the first one that is not full. A row that its list shows bent is read by itself.

        Raises UnexpectedResponse where that is bent too, or the row does not say which it is.
        """
        page, full = 1, True
        while full:
            asked = {**query, "per_page": str(PER_PAGE), "page": str(page)}
            response = await self.ask(path, asked)
            if response.status != 200:
                raise_read_refused(response)
            rows = _rows_of(shape).read(response, SIDE)
            yield [*rows.good, *[await self._read(path, one, shape, query) for one in rows.malformed]]
            page, full = page + 1, len(rows) == PER_PAGE

    async def _read(self, path: str, row: MalformedRow, shape: type[T], query: Mapping[str, str]) -> T:
        if not row.ref.isdecimal():
            raise UnexpectedResponse(row.cause)
        fields = {name: value for name, value in query.items() if name == "_fields"}
        return await self.get(f"{path}/{row.ref}", shape, fields)

    async def send(
        self,
        method: str,
        path: str,
        body: Any,
        shape: type[T],
        not_after: datetime,
        *,
        shop_ref: str = "",
        currency: str = "",
    ) -> T:
        """One request. An answer that cannot be read leaves it unknown: it was most likely done.

        Not so a web page while permalinks are off: the home page stands in for every address then, and nothing was done.
        """
        headers = {"Content-Type": "application/json"}
        data = msgspec.json.encode(body)
        response = await self._session.send(
            method, path, not_after=not_after, headers=headers, body=data, also=(200, *REFUSALS)
        )
        await self._demand_permalinks(response)
        if response.status >= 400:
            refusal = refuses_the_key(response)
            if refusal is not None and await self._may_only_read():
                raise may_not_write(refusal)
            raise error_of_command(response, shop_ref=shop_ref, currency=currency)
        try:
            return decode(response, shape, SIDE)
        except (NotData, UnexpectedResponse) as error:
            raise OutcomeUnknown(f"{SIDE} took it and answered something unreadable: {error.cause}") from None

    async def _may_only_read(self) -> bool:
        """The shop says in its own language why it refuses a key, so what the key may do is tried. An empty batch changes nothing.

        Refused a second time, and answered when asked: that is no hiccup.
        """
        try:
            again = await self.ask("/orders/batch", method="POST")
            asked = await self.ask("/orders", {"per_page": "1", "_fields": "id"})
        except HubError:
            return False
        return refuses_the_key(again) is not None and asked.status == 200

    async def _demand_permalinks(self, response: Response) -> None:
        if response.status in (200, 404) and is_web_page(response) and await self._permalinks_are_off():
            raise RouteMissing(f"{SIDE} cannot be reached ({PERMALINKS_OFF})")


@cache
def _rows_of(shape: type[T]) -> RowsOf[T]:
    return RowsOf(shape, "id")
