"""A request's query as PHP reads it: the last of each name counts, and name[] makes a list."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from orderhaven.connectors.kit.http import Request

_BETWEEN = re.compile(r"[,\s]+")


class Query(dict[str, str | list[str]]):
    """Each name's text, or the list that brackets made of it."""

    def text(self, name: str, otherwise: str = "") -> str:
        """What stands there as a text; a list is none."""
        value = self.get(name, otherwise)
        return value if isinstance(value, str) else otherwise

    def flat(self) -> dict[str, str]:
        """As OAuth signs it: a list's items by their place."""
        named: dict[str, str] = {}
        for name, value in self.items():
            if isinstance(value, str):
                named[name] = value
            else:
                named |= {f"{name}[{at}]": one for at, one in enumerate(value)}
        return named


def query_of(request: Request) -> Query:
    """Nobody changes it."""
    return _query(request.url)


@lru_cache(maxsize=64)  # the door, the route and the body ask for the same one
def _query(url: str) -> Query:
    return php_query(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def php_query(pairs: list[tuple[str, str]]) -> Query:
    query = Query()
    for name, value in pairs:
        if not name.endswith("[]"):
            query[name] = value
            continue
        before = query.get(name[:-2])
        query[name[:-2]] = [*before, value] if isinstance(before, list) else [value]
    return query


def words(text: str) -> list[str]:
    """wp_parse_list: by comma and by white space."""
    return [word for word in _BETWEEN.split(text) if word]
