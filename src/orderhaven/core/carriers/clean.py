"""From what a person or a plug-in put into a field to its pieces and the bare codes in them, in linear time.

Whether such a code is a tracking number is decided in `numbers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from orderhaven.core.carriers.words import is_label

LONGEST_NUMBER = 60
LONGEST_TEXT = 2000
_MOST_CODES = 20
# Invisible characters that come along when a code is copied from a web page or a spreadsheet.
_SEPARATORS = dict.fromkeys(map(ord, " -.\u00a0\u2007\u202f\u200b\u2060\ufeff\u2010\u2011\u2012\u2013\u2014"), None)
_CODE = re.compile(r"[0-9A-Z]{1,60}")
_LINK = re.compile(r"\s*(?:https?://|www\.|(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12}/[^\s/])", re.IGNORECASE)
# What links and plug-ins write behind the code: "3S...-NL-1234AB", "JVGL.../1234AB", DPD UK "...*12345".
_TAIL = re.compile(r"(?:[-/][A-Za-z]{2}[-/][0-9A-Za-z ]{3,8}|/[0-9][0-9A-Za-z ]{3,7}|\*[0-9]{5})")
_LONGEST_TAIL = 13
# A link of a marketplace's mails (link.<marketplace>) redirects: what it holds is a token, not a code.
_HOST_WITHOUT_CODE = "link."
_LINK_PIECE = re.compile(r"[/#?&=!;:]+")
_BETWEEN_CODES = re.compile(r"[,;|+\n\r\t]|\s(?:en|and|und|et|&|/)\s", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_SHORTEST, _FEWEST_DIGITS = 8, 4  # of a code that stands among other words
_SHORTEST_ALONE = 11  # of codes with only a space between them: shorter groups are one code, written in groups

Fragment = tuple[str, tuple[str, ...]]  # as it stood, and the bare codes that it may be


def split_fragments(text: str) -> list[Fragment]:
    """A field may hold several codes, each with a label, a postcode, separators; or links with a code in them.

    A bare code is capitals and digits only. What could not be one stands there with no code.
    """
    if text.isascii() and text.isalnum():
        return [(text, (text.upper(),) if len(text) <= LONGEST_NUMBER else ())]
    text = text.strip()
    if not text:
        return []
    if len(text) > LONGEST_TEXT:
        return [(text, ())]
    links = [word for word in text.split() if is_url(word)]
    if links:
        return [(link, _numbers_in_url(link)) for link in links[:_MOST_CODES]]
    if text.startswith("+"):  # of a telephone number; elsewhere a plus stands between two codes
        return [(text, ())]
    parts = [part for part in _BETWEEN_CODES.split(text) if part.strip()]
    if len(parts) > _MOST_CODES:
        return [(text, ())]
    return [(part.strip(), _numbers_of(part)) for part in parts]


def normalise(text: str) -> str:
    """Capitals and digits without what people write between them; "" where something else is in it."""
    # upper() can turn one letter into two ("ß"): only what is plain ASCII already can be a code
    code = text.translate(_SEPARATORS)
    return code.upper() if code.isascii() and _CODE.fullmatch(code.upper()) else ""


def is_url(text: str) -> bool:
    return _LINK.match(text) is not None


def split_url(text: str) -> SplitResult | None:
    """None when it is no address of a website."""
    text = text.strip()
    try:
        link = urlsplit(text if "://" in text else f"//{text}")
        return link if link.hostname else None
    except ValueError:
        return None


def _numbers_of(part: str) -> tuple[str, ...]:
    plain = _unlabelled(part)
    words = [code for word in plain.split() if (code := normalise(_without_tail(word)))]
    if len(words) > 1 and all(len(word) >= _SHORTEST_ALONE and _looks_like_one(word) for word in words):
        return tuple(words[:_MOST_CODES])
    code = normalise(_without_tail(plain))
    return (code,) if code else ()


def _unlabelled(part: str) -> str:
    """Without "Track & trace:", "PostNL" and the like before the code."""
    label, colon, rest = part.rpartition(":")
    text = rest if colon and not _looks_like_one(label) else part
    words = _SPACES.split(text.strip())
    while len(words) > 1 and is_label(words[0]):
        del words[0]
    return " ".join(words)


def _looks_like_one(code: str) -> bool:
    return len(code) >= _SHORTEST and sum(character.isdecimal() for character in code) >= _FEWEST_DIGITS


def _without_tail(text: str) -> str:
    for cut in range(max(len(text) - _LONGEST_TAIL, 1), len(text)):
        if text[cut] in "-/*" and cut >= _SHORTEST and _TAIL.fullmatch(text, cut):
            return text[:cut]
    return text


def _numbers_in_url(text: str) -> tuple[str, ...]:
    link = split_url(text)
    if link is None or (link.hostname or "").startswith(_HOST_WITHOUT_CODE):
        return ()
    found = (normalise(_without_tail(piece.strip())) for piece in _url_parts(link))
    return tuple(dict.fromkeys(code for code in found if len(code) >= _SHORTEST and not code.isalpha()))


def _url_parts(link: SplitResult) -> Iterator[str]:
    for _, value in parse_qsl(link.query):
        yield value
    for part in (link.fragment, link.path):
        yield from map(unquote, _LINK_PIECE.split(part))
