"""What a merchant sold over the years: today and the last weeks are the same however long the history is."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

LAST_DAY, _LAST_WEEKS, _LAST_MONTH = 250, 900, 1_000  # this many orders are younger than a day, 14 days, 30 days
YEARS = timedelta(days=730)
# frequent now and always; and what stands in eighty of the oldest orders alone
TOP_ARTICLE, OLD_ARTICLE = 0, 9_998  # the first in a tenth of all orders
TOP_NAME, OLD_NAME = "de Vries", "Oudekerk"
TOP_POSTCODE, OLD_POSTCODE = "1012 AB", "9999 ZZ"
TOP_CARRIER, OLD_CARRIER = "postnl", "fadello"  # the first with half of them
MARKETPLACES, OLD_MARKETPLACE = 3, 2
_FIRST = 400
_OPEN_TODAY = (
    *["not_shipped"] * 60, *["waiting"] * 25, *["being_confirmed"] * 15, *["cancellation_requested"] * 6,
    *["pending_confirmation"] * 6, *["partly_shipped"] * 6,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bought:
    """One order, before it becomes rows. `back`: how many are younger."""

    key: int
    back: int
    at: datetime
    marketplace: int
    status: str
    is_closed: bool
    by_marketplace: bool
    carrier: str
    articles: tuple[int, ...]
    name: str
    postcode: str
    had_problem: bool

    @property
    def has_problem(self) -> bool:
        return self.had_problem and self.back < LAST_DAY

    @property
    def is_sent(self) -> bool:
        return self.status == "shipped" and self.is_closed


def bought(orders: int, now: datetime) -> Iterator[Bought]:
    """So many orders, oldest first."""
    chance = random.Random(7)
    for key in range(1, orders + 1):
        back = orders - key
        status, is_closed = _standing(back, chance)
        yield Bought(
            key=key,
            back=back,
            at=now - age_of(back, orders),
            marketplace=OLD_MARKETPLACE if _is_first(key, 0) else int(key % 5 > 2),
            status=status,
            is_closed=is_closed,
            by_marketplace=_is_first(key, 2),
            carrier=OLD_CARRIER if _is_first(key, 1) else _carrier(chance),
            articles=(OLD_ARTICLE,) if _is_first(key, 4) else _articles(key, chance),
            name=OLD_NAME if _is_first(key, 3) else _name(back, chance),
            postcode=OLD_POSTCODE if _is_first(key, 3) else _postcode(back, chance),
            had_problem=back % 20 == 2,
        )


def _is_first(key: int, rest: int) -> bool:
    return key <= _FIRST and key % 5 == rest


def age_of(back: int, orders: int) -> timedelta:
    """Of the order that so many are younger than."""
    if back < LAST_DAY:
        return timedelta(minutes=5) + back * timedelta(hours=23) / LAST_DAY
    if back < _LAST_WEEKS:
        return timedelta(hours=24) + (back - LAST_DAY) * timedelta(days=12.5) / (_LAST_WEEKS - LAST_DAY)
    if back < _LAST_MONTH:
        return timedelta(days=14) + (back - _LAST_WEEKS) * timedelta(days=16) / (_LAST_MONTH - _LAST_WEEKS)
    return timedelta(days=30) + (back - _LAST_MONTH) * YEARS / max(orders - _LAST_MONTH, 1)


def _standing(back: int, chance: random.Random) -> tuple[str, bool]:
    """The status, and whether the order is closed."""
    if back < LAST_DAY and back % 2 == 0:
        word = _OPEN_TODAY[back // 2 % len(_OPEN_TODAY)]
        return ("shipped", False) if word == "being_confirmed" else (word, False)
    if back % (12 if back < _LAST_MONTH else 250) == 7:
        return "manual", False
    return ("cancelled" if chance.random() < 0.08 else "shipped"), True


def _carrier(chance: random.Random) -> str:
    return TOP_CARRIER if chance.random() < 0.5 else chance.choice(_CARRIERS)


def _articles(key: int, chance: random.Random) -> tuple[int, ...]:
    few_sell_most = chance.choices(range(1, _ARTICLES), cum_weights=_WEIGHTS)[0]
    first = TOP_ARTICLE if chance.random() < 0.1 else few_sell_most
    return (first,) if key % 3 else (first, 1 + (first + key % 50) % (_ARTICLES - 1))


def _name(back: int, chance: random.Random) -> str:
    """A page of the most frequent name is full with few orders too; over the years it is one buyer in fifty."""
    return TOP_NAME if back % (15 if back < _LAST_MONTH else 50) == 0 else chance.choice(_NAMES)


def _postcode(back: int, chance: random.Random) -> str:
    if back % (15 if back < _LAST_MONTH else 500) == 1:
        return TOP_POSTCODE
    return f"{chance.randrange(1000, 9999)} {chance.choice(_LETTERS)}{chance.choice(_LETTERS)}"


_ARTICLES = 3_000
_WEIGHTS = list(accumulate(1 / (rank + 5) for rank in range(1, _ARTICLES)))
_CARRIERS = ("dhl_ecommerce_nl", "dpd", "gls", "ups", "bpost", "dhl")
_LETTERS = "ABCDEGHJKLMNPRSTVWXZ"
_NAMES = tuple(
    f"{before}{first}{middle}{last}"
    for before in ("", "", "", "de ", "van der ", "van ")
    for first in (
        "Jans",
        "Bak",
        "Viss",
        "Sm",
        "Meij",
        "Bo",
        "Muld",
        "Gro",
        "Peet",
        "Hendr",
        "Dek",
        "Dijk",
        "Kok",
        "Wit",
    )
    for middle in ("", "er", "el", "en", "ink", "ema", "aar", "oor")
    for last in ("", "s", "ma", "stra", "sen", "man", "huis", "berg")
)
