"""The sandbox's door: who may come in, exactly as WooCommerce decides it."""

import base64
import binascii
import hmac
from collections import deque
from urllib.parse import parse_qsl, urlsplit

from orderhaven.connectors.kit.http import Request, written
from orderhaven.connectors.woocommerce.auth import signature

_WINDOW_S = 15 * 60
_READS = frozenset({"GET", "HEAD", "OPTIONS"})

KEY = "ck_5a4db0x0000000000000000000000000000000c1"
SECRET = "cs_5a4db0x0000000000000000000000000000000c2"  # noqa: S105 - opens nothing but a sandbox


class Refused(Exception):
    """401 with WooCommerce's code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def wrong(message: str) -> Refused:
    return Refused("woocommerce_rest_authentication_error", message)


class Door:
    def __init__(self) -> None:
        self.key = KEY
        self.secret = SECRET
        self.may_write = True
        self._nonces: set[str] = set()
        self._by_age: deque[tuple[int, str]] = deque()

    def admit(self, request: Request, now: int, home_url: str = "") -> None:
        """Raises Refused."""
        if request.url.startswith("https://"):
            self._basic(request)
        else:
            self._oauth(request, now, home_url)
        if not self.may_write and request.method not in _READS:
            raise wrong("The API key provided does not have write permissions.")

    def _basic(self, request: Request) -> None:
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            key, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            key = secret = ""
        if kind != "Basic" or key != self.key:
            raise self._stranger(request)
        if not hmac.compare_digest(secret, self.secret):
            raise wrong("Consumer secret is invalid.")

    def _oauth(self, request: Request, now: int, home_url: str) -> None:
        pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
        given = dict(pairs)
        if given.get("oauth_consumer_key") != self.key:  # over plain http, Basic is as good as nothing
            raise self._stranger(request)
        if given.get("oauth_signature_method") not in ("HMAC-SHA256",):
            raise wrong("Invalid signature - signature method is invalid.")
        signed = written(pair for pair in pairs if pair[0] != "oauth_signature")
        expected = signature(request.method, _address(request, home_url), signed, self.secret)
        if not hmac.compare_digest(expected, given.get("oauth_signature", "")):
            raise wrong("Invalid signature - provided signature does not match.")
        self._take_nonce(given.get("oauth_timestamp", ""), given.get("oauth_nonce", ""), now)

    def _take_nonce(self, timestamp: str, nonce: str, now: int) -> None:
        if not timestamp.isdecimal() or abs(int(timestamp) - now) > _WINDOW_S:
            raise wrong("Invalid timestamp.")
        if not nonce or nonce in self._nonces:
            raise wrong("Invalid nonce - nonce has already been used.")
        while self._by_age and self._by_age[0][0] < now - _WINDOW_S:
            self._nonces.discard(self._by_age.popleft()[1])
        self._nonces.add(nonce)
        self._by_age.append((now, nonce))

    def _stranger(self, request: Request) -> Refused:
        verb = "view" if request.method in _READS else "create"
        return Refused(f"woocommerce_rest_cannot_{verb}", "Sorry, you cannot list resources.")


def _address(request: Request, home_url: str) -> str:
    """WooCommerce signs its own configured home address, not the one the request came to."""
    address = request.url.partition("?")[0]
    if not home_url:
        return address
    parts = urlsplit(home_url)
    return f"{parts.scheme}://{parts.netloc}{urlsplit(address).path}"
