"""Why another side does not let us in, by what its answer says: the key is to blame only where it says so."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.mending import Aside, mended
from orderhaven.core.errors import AccessRefused, AccountProblem, AuthRefused, ClockOff

_LONGEST = 200
_TAG = re.compile(r"<[^>]*>")
_OF_THE_KEY = re.compile(
    r"client|credential|secret|api.?key|consumer|signature|password|invalid.?(access.?)?(token|key)", re.IGNORECASE
)
_OF_EVERY_REFUSAL = frozenset({"", "unauthorized", "unauthorised", "forbidden", "access denied", "error"})


class _Body(msgspec.Struct):
    """As RFC 9457 has it, as OAuth 2.0 has it (RFC 6749, 5.2), and as many have it."""

    detail: Aside[str] = None
    error_description: Aside[str] = None
    message: Aside[str] = None
    title: Aside[str] = None
    error: Aside[str] = None


def refuse_wrong_clock(side: str, response: Response, now: datetime, allowed: timedelta) -> None:
    """Raises ClockOff when their answer was made at another time than it is here."""
    try:
        off = abs(parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC) - now)
    except (TypeError, ValueError):
        return
    if off > allowed:
        raise ClockOff(side, int(off.total_seconds()))


def not_allowed(side: str, response: Response, of_the_key: str = "") -> AccountProblem:
    """What a 401 or 403 means. `of_the_key`: how to say that the key is refused, instead of in their words."""
    if response.body.lstrip()[:1] == b"<":
        return AccessRefused(side, f"status {response.status}, from a firewall or a security plugin in front of it")
    said = reasons(response)
    words = next(iter(said), "")
    if not words or any(_OF_THE_KEY.search(one) for one in said):
        return AuthRefused(side, of_the_key or words or f"status {response.status}")
    return AccessRefused(side, words)


def reasons(response: Response) -> list[str]:
    """What the answer says of it, the fullest first; nothing that it would say of any refusal."""
    try:
        body = mended(response.body, _Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    said = (body.detail, body.error_description, body.message, body.title, body.error)
    return [words for one in said if (words := _plain(one or "")).casefold() not in _OF_EVERY_REFUSAL]


def _plain(words: str) -> str:
    return " ".join(_TAG.sub("", words).split())[:_LONGEST].rstrip(". ")
