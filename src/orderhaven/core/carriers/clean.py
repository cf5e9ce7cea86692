"""From what a person or a plug-in put into the track & trace field to the bare codes, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from orderhaven.core.carriers.words import is_label

LONGEST_CODE = 60
_LONGEST_TEXT = 2000
_MOST_CODES = 20
# Invisible characters that come along when a code is copied from a web page or a spreadsheet.
_SEPARATORS = dict.fromkeys(map(ord, " -.\u00a0\u2007\u202f\u200b\u2060\ufeff\u2010\u2011\u2012\u2013\u2014"), None)
_CODE = re.compile(r"[0-9A-Z]{1,60}")
_LINK = re.compile(r"\s*(?:https?://|www\.)", re.IGNORECASE)
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


def clean_code(text: str) -> str:
    """Upper-case letters and digits only; "" when the text holds no track & trace code; the first when it holds several."""
    return next(iter(codes_in(text)), "")


def codes_in(text: str) -> tuple[str, ...]:
    """Every code of a field, bare: upper-case letters and digits.

    Takes spaces, dashes and dots out, a postcode behind a code and a label before it off, and the code out of a link.
    """
    if text.isascii() and text.isalnum():
        return (text.upper(),) if len(text) <= LONGEST_CODE else ()
    if len(text) > _LONGEST_TEXT:
        return ()
    if is_link(text):
        links = [code for link in text.split() if is_link(link) and (code := _code_in_link(link))]
        return tuple(dict.fromkeys(links[:_MOST_CODES]))
    parts = [part for part in _BETWEEN_CODES.split(text.strip()) if part.strip()]
    if len(parts) > _MOST_CODES:
        return ()
    found = [code for part in parts for code in _codes_of(part)]
    if len(parts) > 1:
        found = [code for code in found if _looks_like_one(code)]
    return tuple(dict.fromkeys(found))


def is_link(text: str) -> bool:
    return _LINK.match(text) is not None


def split_link(text: str) -> SplitResult | None:
    """None when it is no address of a website."""
    text = text.strip()
    try:
        link = urlsplit(text if "://" in text else f"//{text}")
        return link if link.hostname else None
    except ValueError:
        return None


def _codes_of(part: str) -> list[str]:
    bare = _unlabelled(part)
    words = [code for word in bare.split() if (code := _bare(_without_tail(word)))]
    if len(words) > 1 and all(len(word) >= _SHORTEST_ALONE and _looks_like_one(word) for word in words):
        return words[:_MOST_CODES]
    code = _bare(_without_tail(bare))
    return [code] if code else []


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


def _bare(text: str) -> str:
    # upper() can turn one letter into two ("ß"): only what is plain ASCII already can be a code
    code = text.translate(_SEPARATORS)
    return code.upper() if code.isascii() and _CODE.fullmatch(code.upper()) else ""


def _without_tail(text: str) -> str:
    for cut in range(max(len(text) - _LONGEST_TAIL, 1), len(text)):
        if text[cut] in "-/*" and cut >= _SHORTEST and _TAIL.fullmatch(text, cut):
            return text[:cut]
    return text


def _code_in_link(text: str) -> str:
    link = split_link(text)
    if link is None or (link.hostname or "").startswith(_HOST_WITHOUT_CODE):
        return ""
    for piece in _pieces(link):
        code = _bare(_without_tail(piece.strip()))
        if _looks_like_one(code):
            return code
    return ""


def _pieces(link: SplitResult) -> Iterator[str]:
    for _, value in parse_qsl(link.query):
        yield value
    for part in (link.fragment, link.path):
        yield from map(unquote, _LINK_PIECE.split(part))
