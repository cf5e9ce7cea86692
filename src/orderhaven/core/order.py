"""A marketplace order: addresses, lines, deadlines, and the keys it is found by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from zoneinfo import ZoneInfo

from msgspec import Struct, json

from orderhaven.core.money import Money, sum_money

# Where the number stands before the street: "12 bis rue de la Paix". Everywhere else it follows.
_NUMBER_FIRST = frozenset({"FR", "GB", "LU", "IE", "US", "CA", "AU", "NZ", "MC"})
# Where a single letter is written onto the number: "Hauptstr. 5a", "12A High Street".
_LETTER_ATTACHED = _NUMBER_FIRST | {"DE", "AT", "CH"}
# What is written between a number and an addition that begins with a digit, so that they stay apart.
_BEFORE_DIGIT = {"BE": " bus ", "DE": "/", "AT": "/"}

_COUNTRY = re.compile(r"[A-Z]{2}")
_ORDINAL = re.compile(r"[0-9]{1,3}(?:e|de|ste|er|ère|ere|ème|eme|th|st|nd|rd|\.)", re.IGNORECASE)
_WRITTEN_ON = re.compile(r"[-–/]\S|,")

_FRENCH_REPEATS = frozenset({"bis", "ter", "quater"})


class WaitsFor(StrEnum):
    """For whose word an order waits that is not yet the merchant's to ship."""

    NOTHING = ""
    OUR_YES = "our_yes"
    THEIR_PAYMENT_CHECK = "their_payment_check"
    THEIR_RELEASE = "their_release"


class Address(Struct, frozen=True, kw_only=True):
    """Text the world does not have is "": a pick-up point has no house number, most buyers no company."""

    last_name: str
    street: str
    postcode: str
    city: str
    country: str  # ISO 3166 alpha-2, upper case
    salutation: str = ""  # in the marketplace's words
    first_name: str = ""
    company: str = ""
    vat_number: str = ""
    house_number: str = ""
    addition: str = ""  # "bis", "bus 3", "A"
    extra: str = ""  # what else the carrier must know, in the buyer's words
    region: str = ""  # state or province
    email: str = ""  # often a relay of the marketplace
    phone: str = ""
    pickup_point: str | None = None  # its name; None: goes to the street, not to a pick-up point

    def __post_init__(self) -> None:
        if not _COUNTRY.fullmatch(self.country) and self.is_known:
            raise ValueError(f"{self.country!r} is not a country: give its two-letter ISO code, like 'NL'.")

    @property
    def is_known(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)

    @property
    def display_name(self) -> str:
        """Whom it goes to: the person, else the company; "" when neither is known."""
        return " ".join(f"{self.first_name} {self.last_name}".split()) or self.company


NO_ADDRESS = Address(last_name="", street="", postcode="", city="", country="")  # the marketplace does not show it yet


def address_lines(address: Address) -> tuple[str, str]:
    """For a shop with two address lines: the street line, then extra information and pick-up point.

    The first line is empty only when both are.
    """
    beside = ", ".join(part for part in (address.extra.strip(), (address.pickup_point or "").strip()) if part)
    street = join_street(address)
    return (street, beside) if street else (beside, "")


def join_street(address: Address) -> str:
    """The street line as its country writes it: 'Dorpstraat 12 bis', 'Hauptstr. 5a', '12 rue Haute'."""
    street, number, country = _one_line(address.street), _one_line(address.house_number), address.country
    addition = _one_line(address.addition)
    if country not in _NUMBER_FIRST:
        return _one_line(f"{street} {_join_number(number, addition, country)}")
    if _stands_before_street(addition):
        return _one_line(f"{_join_number(number, addition, country)} {street}")
    return _one_line(f"{number} {street}, {addition}")


def _join_number(number: str, addition: str, country: str) -> str:
    if not number or not addition:
        return number or addition
    if addition[0].isdigit() and not _names_a_floor(addition):
        return f"{number}{_BEFORE_DIGIT.get(country, '-')}{addition}"
    is_letter = len(addition) == 1 and addition.isalpha()
    attached = _WRITTEN_ON.match(addition) or (is_letter and country in _LETTER_ATTACHED)
    return f"{number}{addition}" if attached else f"{number} {addition}"


def _names_a_floor(addition: str) -> bool:
    """'3e verdieping'."""
    first, _, rest = addition.partition(" ")
    return bool(rest) and _ORDINAL.fullmatch(first) is not None


def _stands_before_street(addition: str) -> bool:
    plain = addition.rstrip(",")
    if plain.lower() in _FRENCH_REPEATS or plain == "":
        return True
    return plain[0] in "-/" or (len(plain) == 1 and plain.isascii() and plain.isalpha())


def _one_line(text: str) -> str:
    return " ".join(text.split())


MONDAY, SUNDAY = 1, 7  # ISO
WORKING_DAYS = (1, 2, 3, 4, 5)
CUT_OFF = time(17)
_DAY = timedelta(days=1)
_LONGEST_CLOSED = 366  # days that are looked at, one after the other, for one on which parcels leave


class Dispatch(Struct, frozen=True):
    """When a merchant's parcels leave, and how long they travel."""

    zone: ZoneInfo
    transit_days: int = 1
    working_days: frozenset[int] = frozenset(WORKING_DAYS)  # ISO weekdays
    cut_off: time = CUT_OFF  # what leaves that day is ready by then
    free_days: frozenset[date] = frozenset()

    def leaves_on(self, day: date) -> bool:
        return day.isoweekday() in self.working_days and day not in self.free_days

    def cut_off_on(self, day: date) -> datetime:
        return datetime.combine(day, self.cut_off, self.zone).astimezone(UTC)


def estimated_ship_by(deliver_by: datetime, placed_at: datetime, dispatch: Dispatch) -> datetime:
    """The last cut-off from which a parcel still arrives in time.

    Transit days are days of the calendar: who sends on Friday with one day arrives on Saturday. An order that was placed too
    late for that has to leave at the first cut-off after it was placed.
    """
    day = deliver_by.astimezone(dispatch.zone).date() - dispatch.transit_days * _DAY
    at = dispatch.cut_off_on(_working_day(day, -_DAY, dispatch))
    if at > placed_at:
        return at
    day = placed_at.astimezone(dispatch.zone).date()
    if dispatch.cut_off_on(day) <= placed_at:
        day += _DAY
    return dispatch.cut_off_on(_working_day(day, _DAY, dispatch))


def free_days_of(words: Collection[str]) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, words))


def _working_day(day: date, step: timedelta, dispatch: Dispatch) -> date:
    """This one or the next one in that direction."""
    found = day
    for _ in range(_LONGEST_CLOSED):
        if dispatch.leaves_on(found):
            return found
        found += step
    return day  # closed for a year: then the day itself


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


def key_prefixes(key: str) -> tuple[str, str]:
    """From the first to the last key that begins with `key`, both included."""
    return key, key + _LAST


def _spelled(sign: str) -> str:
    if sign.isascii():
        return sign.lower() if sign.isalnum() else ""
    return f"u{ord(sign):05x}" if sign.isalpha() else ""


class LineQuantities(Struct, frozen=True):
    """What the marketplace says of one line now. Pieces, never money."""

    ref: str  # the line's key within its order, as in Line.ref
    ordered: int
    shipped: int = 0
    cancelled: int = 0
    cancellation_requested: bool = False
    by_marketplace: bool = False  # fulfilled by the marketplace itself, from its own warehouse

    @property
    def open(self) -> int:
        return max(self.ordered - self.shipped - self.cancelled, 0)


class MarketplaceLine(Struct, frozen=True):
    """One article of an order. `remote_ids` are the marketplace's ids: several where it counts piece by piece."""

    ref: str
    remote_ids: tuple[str, ...]
    title: str
    sku: str  # the merchant's own number; "" where the offer carries none
    ean: str  # "" where the marketplace gives none
    quantities: LineQuantities
    unit_price: Money
    total: Money  # what the buyer paid for the whole line, after discounts
    discount: Money
    commission: Money | None = None  # None: the marketplace does not say
    vat_rate: Decimal | None = None  # 0.21; None: the marketplace does not say
    services: tuple[str, ...] = ()  # extras the buyer chose, in the marketplace's words


class MarketplaceOrder(Struct, frozen=True):
    ref: str  # the marketplace's order number
    placed_at: datetime
    changed_at: datetime
    currency: str
    prices_include_vat: bool
    lines: tuple[MarketplaceLine, ...]
    ship_to: Address  # this and the next: NO_ADDRESS where the marketplace shows none before the order is accepted
    bill_to: Address
    shipping_cost: Money
    discount: Money  # of the whole order, not of a line
    language: str = ""  # of the buyer, ISO 639-1; "" unknown
    ship_by: datetime | None = None  # None: the marketplace names no such moment
    deliver_by: datetime | None = None
    expires_at: datetime | None = None  # the marketplace cancels by itself after this
    waits_for: WaitsFor = WaitsFor.NOTHING
    marketplace_label: bool = False  # travels on a label bought at the marketplace
    is_test: bool = False
    channel: str = ""  # the code of the country, storefront or operator where it was sold; "" where there is none
    buyer_reference: str = ""  # the buyer's own order reference
    meta: tuple[tuple[str, str], ...] = ()  # what else the shop may want to keep, by name
    contact_meta: tuple[tuple[str, str], ...] = ()  # the same of the buyer: erased with the addresses

    @property
    def total(self) -> Money:
        """What the buyer paid, as stated (with VAT if `prices_include_vat`)."""
        stated = sum_money([self.shipping_cost, *[line.total for line in self.lines]], self.currency)
        return stated if self.discount.is_zero else stated - self.discount

    @property
    def by_marketplace(self) -> bool:
        """Whether the marketplace ships every line itself."""
        return bool(self.lines) and all(line.quantities.by_marketplace for line in self.lines)


def fingerprint_of(order: MarketplaceOrder) -> str:
    """Another one when anything changed that a shop order is made of: addresses, articles and how many, prices.

    For a marketplace whose list carries whole orders and shows nothing of the kind by itself.
    """
    lines = [
        (line.ref, line.sku, line.ean, line.quantities.ordered, str(line.unit_price.amount), str(line.discount.amount))
        for line in order.lines
    ]
    amounts = (str(order.shipping_cost.amount), str(order.discount.amount))
    return blake2b(json.encode((order.ship_to, order.bill_to, amounts, lines)), digest_size=16).hexdigest()
