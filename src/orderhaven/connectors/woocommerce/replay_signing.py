"""Requests of a recording, signed with the key and in the way that the recording names."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping

import msgspec

from orderhaven.connectors.kit.http import Request, encode_query
from orderhaven.connectors.woocommerce.sandbox_auth import Door, Key, Rights
from orderhaven.ports.connector import Clock
from orderhaven.ports.replay import NotSimulated, RecordedRequest

HOST = "shop.example"
_UNKNOWN = ("ck_" + "00" * 20, "cs_" + "00" * 20)


class Signing:
    def __init__(self, door: Door, clock: Clock) -> None:
        self._door = door
        self._clock = clock
        self._made: dict[Rights, Key] = {}
        self._last = (0, "")  # time and nonce of the signature before

    def signed(self, recorded: RecordedRequest) -> Request:
        headers = {"host": HOST, **{name.lower(): value for name, value in recorded.headers.items()}}
        body = _body(recorded)
        if body:
            headers.setdefault("content-type", "application/json")
        named = {name: value if isinstance(value, list) else [value] for name, value in recorded.query.items()}
        pairs = [(name, str(one)) for name, values in named.items() for one in values]
        address = f"{recorded.scheme}://{HOST}{recorded.path}"
        if recorded.as_ != "nobody":
            pairs, more = self._proved(recorded, address, pairs)
            headers |= more
        query = "&".join([*encode_query(pairs), *filter(None, [recorded.raw_query])])
        return Request(recorded.method, address + (f"?{query}" if query else ""), headers, body)

    def _proved(
        self, recorded: RecordedRequest, address: str, pairs: list[tuple[str, str]]
    ) -> tuple[list[tuple[str, str]], Mapping[str, str]]:
        """The query and the headers that prove whose request it is."""
        key, secret = self._key(recorded.as_)
        how = recorded.sign or ("basic" if recorded.scheme == "https" else "oauth")
        if how == "basic":
            return pairs, {"authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
        if how == "query":
            return [*pairs, ("consumer_key", key), ("consumer_secret", secret)], {}
        own = self._oauth(how, key)
        own.append(("oauth_signature", _signature(how, recorded.method, address, pairs + own, secret)))
        if "header" in how:
            quoted = [f'{name}="{value}"' for name, value in (pair.split("=", 1) for pair in encode_query(own))]
            return pairs, {"authorization": "OAuth " + ", ".join(quoted)}
        return pairs + own, {}

    def _oauth(self, how: str, key: str) -> list[tuple[str, str]]:
        stamp, nonce = int(self._clock.now().timestamp()), secrets.token_hex(16)
        if "replayed" in how:
            stamp, nonce = self._last
        if "old" in how:
            stamp -= 3600
        self._last = (stamp, nonce)
        method = "HMAC-SHA1" if "sha1" in how else "HMAC-SHA256"
        own = [("oauth_consumer_key", key), ("oauth_signature_method", method), ("oauth_timestamp", str(stamp))]
        return own if "without nonce" in how else [*own, ("oauth_nonce", nonce)]

    def _key(self, whose: str) -> tuple[str, str]:
        if whose in {rights.value for rights in Rights}:
            return self._key_with(Rights(whose))
        keys = {
            "wrong_secret": (self._door.key, _UNKNOWN[1]),
            "unknown_key": _UNKNOWN,
            "disabled": _UNKNOWN,  # revoking a key deletes it
        }
        if whose not in keys:
            raise NotSimulated(f"the sandbox has no key {whose!r}")
        return keys[whose]

    def _key_with(self, rights: Rights) -> tuple[str, str]:
        if rights is Rights.READ_WRITE:
            return self._door.key, self._door.secret
        if rights not in self._made:
            self._made[rights] = self._door.add_key(rights)
        return self._made[rights].key, self._made[rights].secret


def _signature(how: str, method: str, address: str, pairs: list[tuple[str, str]], secret: str) -> str:
    """RFC 5849, 3.4, written out once more: it must not agree with the connector's own for the same mistake."""
    digest = hashlib.sha1 if "sha1" in how else hashlib.sha256
    ordered = "&".join(f"{name}={value}" for name, value in sorted(pair.split("=", 1) for pair in encode_query(pairs)))
    base = "&".join([method, *(text.partition("=")[2] for text in encode_query([("", address), ("", ordered)]))])
    proof = hmac.new(f"{secret}&".encode(), base.encode(), digest).digest()
    return base64.b64encode(b"x" * len(proof) if "bad" in how else proof).decode()


def _body(recorded: RecordedRequest) -> bytes:
    if recorded.raw_body is not None:
        return recorded.raw_body.encode()
    # escapes as the recorder's own encoder did: what is measured in bytes must have as many
    return b"" if recorded.body is msgspec.UNSET else json.dumps(recorded.body).encode()
