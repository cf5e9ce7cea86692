"""The sandbox's door: who may come in, exactly as WooCommerce decides it."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from orderhaven.connectors.kit.http import Request, encode_query, percent_encoded
from orderhaven.connectors.woocommerce.sandbox_query import Query, query_of

_WINDOW_S = 15 * 60
_READS = frozenset({"GET", "HEAD"})
_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_PARAMETERS = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_IN_HEADER = re.compile(r'(oauth_[a-z_-]*)=(?:"([^"]*)"|([^,]*))')

KEY = "ck_5a4db0x0000000000000000000000000000000c1"
SECRET = "cs_5a4db0x0000000000000000000000000000000c2"  # noqa: S105 - opens nothing but a sandbox


class Rights(StrEnum):
    """What a key may do. That of a customer belongs to a user who may not manage the shop."""

    READ_WRITE = "read_write"
    READ_ONLY = "read_only"
    WRITE_ONLY = "write_only"
    CUSTOMER = "customer"


class Visitor(StrEnum):
    NOBODY = "nobody"
    CUSTOMER = "customer"
    MANAGER = "manager"


@dataclass(frozen=True)
class Key:
    key: str
    secret: str
    rights: Rights

    @property
    def visitor(self) -> Visitor:
        return Visitor.CUSTOMER if self.rights is Rights.CUSTOMER else Visitor.MANAGER


class Unauthorised(Exception):
    """401 with WooCommerce's code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def wrong(message: str) -> Unauthorised:
    return Unauthorised("woocommerce_rest_authentication_error", message)


class Door:
    """`key` and `secret` open it; `rights` says what for. There may be more keys beside them.

    `on_its_way` is how long a request may be under way on this clock: on a fast one, a busy machine makes more of it than
    the quarter of an hour that a signature lasts.
    """

    def __init__(self, on_its_way: timedelta = timedelta(0)) -> None:
        self._lasts_s = max(_WINDOW_S, on_its_way.total_seconds())
        self.key = KEY
        self.secret = SECRET
        self.rights = Rights.READ_WRITE
        self.words: Mapping[str, str] = {}  # WooCommerce's sentences in the language of the shop
        self.hiccups = 0  # how many more writing requests it refuses whatever their key
        self._more: dict[str, Key] = {}
        self._nonces: set[str] = set()
        self._by_age: deque[tuple[int, str]] = deque()

    def add_key(self, rights: Rights) -> Key:
        made = Key(f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}", rights)
        self._more[made.key] = made
        return made

    def revoke(self, key: Key) -> None:
        """A revoked key is gone: WooCommerce has none that is there and switched off."""
        del self._more[key.key]

    def admit(self, request: Request, now: int, home_url: str = "") -> Visitor:
        """Raises Refused, for a key that is wrong or may not do this at all."""
        try:
            return self._admit(request, now, home_url)
        except Unauthorised as refused:
            raise Unauthorised(refused.code, self.words.get(refused.message, refused.message)) from None

    def _admit(self, request: Request, now: int, home_url: str) -> Visitor:
        if self.hiccups and request.method not in _READS:
            self.hiccups -= 1
            raise wrong("Consumer secret is invalid.")
        key = self._by_secret(request) if request.url.startswith("https://") else None
        key = key or self._by_signature(request, query_of(request), now, home_url)
        if key is None:
            return Visitor.NOBODY
        _refuse_what_it_may_not(key, request.method)
        return key.visitor

    def _key(self, text: str) -> Key | None:
        return Key(self.key, self.secret, self.rights) if text == self.key else self._more.get(text)

    def _by_secret(self, request: Request) -> Key | None:
        given = secret = ""
        if "consumer_secret" in request.url:
            query = query_of(request)
            given, secret = query.text("consumer_key"), query.text("consumer_secret")
        if not (given and secret):
            given, secret = _basic(request.headers.get("authorization", ""))
        key = self._key(given) if secret else None
        if key is not None and not hmac.compare_digest(secret, key.secret):
            raise wrong("Consumer secret is invalid.")
        return key

    def _by_signature(self, request: Request, query: Query, now: int, home_url: str) -> Key | None:
        given = {**query.flat(), **_signed_in_header(request.headers.get("authorization", ""))}
        missing = [name for name in _PARAMETERS if not given.get(name)]
        if len(missing) == len(_PARAMETERS):
            return None
        if missing:
            names = f"parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            raise Unauthorised("woocommerce_rest_authentication_missing_parameter", f"Missing OAuth {names}")
        key = self._key(given["oauth_consumer_key"])
        if key is None:
            raise wrong("Consumer key is invalid.")
        if given["oauth_signature_method"] not in _DIGESTS:
            raise wrong("Invalid signature - signature method is invalid.")
        proof = given.pop("oauth_signature").replace(" ", "+")
        if not hmac.compare_digest(_signature(request, given, key.secret, home_url), unquote(proof)):
            raise wrong("Invalid signature - provided signature does not match.")
        self._take_nonce(given["oauth_timestamp"], given["oauth_nonce"], now)
        return key

    def _take_nonce(self, timestamp: str, nonce: str, now: int) -> None:
        if not timestamp.isdecimal() or abs(int(timestamp) - now) > self._lasts_s:
            raise wrong("Invalid timestamp.")
        if nonce in self._nonces:
            raise wrong("Invalid nonce - nonce has already been used.")
        while self._by_age and self._by_age[0][0] < now - self._lasts_s:
            self._nonces.discard(self._by_age.popleft()[1])
        self._nonces.add(nonce)
        self._by_age.append((now, nonce))


def _refuse_what_it_may_not(key: Key, method: str) -> None:
    if method in _READS and key.rights is Rights.WRITE_ONLY:
        raise wrong("The API key provided does not have read permissions.")
    if method not in _READS and method != "OPTIONS" and key.rights is Rights.READ_ONLY:
        raise wrong("The API key provided does not have write permissions.")


@lru_cache(maxsize=64)
def _basic(header: str) -> tuple[str, str]:
    kind, _, text = header.partition(" ")
    try:
        key, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (key, secret) if kind == "Basic" else ("", "")


def _signed_in_header(header: str) -> dict[str, str]:
    kind, _, text = header.partition(" ")
    if kind != "OAuth":
        return {}
    return {found[1]: unquote(found[2] or found[3] or "") for found in _IN_HEADER.finditer(text)}


def _signature(request: Request, given: dict[str, str], secret: str, home_url: str) -> str:
    """RFC 5849, 3.4, over the address that WooCommerce has configured as its own, not the one the request came to.

    Written beside the connector's, so that a fault of one does not hide in the other.
    """
    signed = sorted(zip(encode_query(given.items()), given, strict=True), key=lambda pair: pair[1])
    parameters = percent_encoded("&".join(pair for pair, _ in signed))
    base = f"{request.method.upper()}&{percent_encoded(_address(request, home_url))}&{parameters}"
    digest = hmac.digest(f"{secret}&".encode(), base.encode(), _DIGESTS[given["oauth_signature_method"]])
    return base64.b64encode(digest).decode()


def _address(request: Request, home_url: str) -> str:
    address = request.url.partition("?")[0]
    if not home_url:
        return address
    parts = urlsplit(home_url)
    return f"{parts.scheme}://{parts.netloc}{urlsplit(address).path}"
