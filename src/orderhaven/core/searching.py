"""Keys by which names and postcodes are found by how they begin, in any case, with or without accents and spaces.

A key holds nothing but `0-9` and `a-z`, so that every database and collation sorts it alike.
"""

import re
import unicodedata

LONGEST_KEY = 40
_NO_KEY = re.compile(r"[^0-9a-z]")
_LAST = "zzzz"  # behind every key of the same beginning that anybody has


def search_key(text: str) -> str:
    """ "de Müller" -> "demuller", "1234 ab" -> "1234ab"; a letter of another script becomes its number."""
    if text.isascii():
        if text.isalnum():
            return text.lower()[:LONGEST_KEY]
        return _NO_KEY.sub("", text.lower())[:LONGEST_KEY]
    signs = unicodedata.normalize("NFKD", text[: 2 * LONGEST_KEY].casefold())
    return "".join(map(_spelled, signs))[:LONGEST_KEY]


def keys_that_begin_so(key: str) -> tuple[str, str]:
    """From the first to the last key that begins with `key`, both included."""
    return key, key + _LAST


def _spelled(sign: str) -> str:
    if sign.isascii():
        return sign.lower() if sign.isalnum() else ""
    return f"u{ord(sign):05x}" if sign.isalpha() else ""
