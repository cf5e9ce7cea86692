"""From what a person or a plug-in put into the track & trace field to the bare code, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

LONGEST_CODE = 60
_LONGEST_TEXT = 2000
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


def clean_code(text: str) -> str:
    """Upper-case letters and digits only; "" when the text cannot be a track & trace code.

    Takes spaces, dashes and dots out, a postcode behind the code off, and the code out of a link.
    """
    if len(text) > _LONGEST_TEXT:
        return ""
    if is_link(text):
        return _code_in_link(text.strip())
    return _bare(_without_tail(text.strip(" \t\r\n")))


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


def _bare(text: str) -> str:
    # upper() can turn one letter into two ("ß"): only what is plain ASCII already can be a code
    code = text.translate(_SEPARATORS)
    return code.upper() if code.isascii() and _CODE.fullmatch(code.upper()) else ""


def _without_tail(text: str) -> str:
    for cut in range(max(len(text) - _LONGEST_TAIL, 1), len(text)):
        if text[cut] in "-/*" and cut >= 8 and _TAIL.fullmatch(text, cut):
            return text[:cut]
    return text


def _code_in_link(text: str) -> str:
    link = split_link(text)
    if link is None or (link.hostname or "").startswith(_HOST_WITHOUT_CODE):
        return ""
    for piece in _pieces(link):
        code = _bare(_without_tail(piece.strip()))
        if len(code) >= 8 and sum(character.isdigit() for character in code) >= 4:
            return code
    return ""


def _pieces(link: SplitResult) -> Iterator[str]:
    for _, value in parse_qsl(link.query):
        yield value
    for part in (link.fragment, link.path):
        yield from map(unquote, _LINK_PIECE.split(part))
