"""How a request proves whose it is: Basic over https, OAuth 1.0a (one-legged, HMAC-SHA256) over plain http
on this machine."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from orderhaven.connectors.kit.http import Request, percent_encoded, written
from orderhaven.connectors.kit.session import Auth
from orderhaven.core.errors import WrongAddress
from orderhaven.ports.clock import Clock

_encoded_address = lru_cache(maxsize=256)(percent_encoded)  # an API has few

PLAIN_HTTP = "over plain http everybody on the way can read the key and the orders; use its https address"


def auth_for(url: str, key: str, secret: str, clock: Clock) -> Auth:
    """WooCommerce refuses Basic over plain http, and over https has no need for signatures."""
    return Basic(key, secret) if urlsplit(url).scheme == "https" else OAuth(url, key, secret, clock)


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Basic:
    def __init__(self, key: str, secret: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()

    async def sign(self, request: Request) -> Request:
        headers = {**request.headers, "Authorization": self._header}
        return Request(request.method, request.url, headers, request.body)

    async def renew(self, refused: Request) -> bool:
        return False


class Nobody:
    """For questions that need no key, and at addresses that may not be the shop's."""

    async def sign(self, request: Request) -> Request:
        return request

    async def renew(self, refused: Request) -> bool:
        return False


class OAuth:
    """Signs in the query, because some servers drop the Authorization header before PHP sees it."""

    def __init__(self, url: str, key: str, secret: str, clock: Clock) -> None:
        self._url = url
        self._who = written([("oauth_consumer_key", key), ("oauth_signature_method", "HMAC-SHA256")])
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
        parameters = [*written(asked), *self._who, f"oauth_nonce={nonce}", f"oauth_timestamp={timestamp}"]
        proof = percent_encoded(signature(request.method, address, parameters, self._secret))
        url = f"{address}?{'&'.join(parameters)}&oauth_signature={proof}"
        return Request(request.method, url, request.headers, request.body)


def signature(method: str, address: str, parameters: Iterable[str], secret: str) -> str:
    """RFC 5849, 3.4: method, address and sorted parameters (as `kit.http.written` gives them).

    The key ends in '&' because there is no token.
    """
    # by name first: "=" sorts after some characters with which a longer name goes on
    ordered = "&".join(sorted(parameters, key=lambda pair: pair.split("=", 1)))
    # escaped once already, so there is nothing else in it to escape
    again = ordered.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    base = f"{method.upper()}&{_encoded_address(address)}&{again}"
    digest = hmac.digest(f"{secret}&".encode(), base.encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()
