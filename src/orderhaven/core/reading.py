"""From what one side shows now to the facts that move an order. Pure: the same reading twice gives the same facts."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

from orderhaven.core.comparing import Wanted, compare, leaving
from orderhaven.core.order import LineFacts
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrder, ShopState
from orderhaven.core.status import Fact, Status


class Header(StrEnum):
    """What the lines of an order add up to at the marketplace."""

    OPEN = "open"
    PART_SENT = "part_sent"
    SENT = "sent"  # nothing is open, and something was sent
    CANCELLED = "cancelled"


def header_of(lines: Iterable[LineFacts]) -> Header:
    """Lines that the marketplace ships itself count only where all of them are."""
    lines = list(lines)
    ours = [line for line in lines if not line.by_marketplace] or lines
    still_open = [line for line in ours if line.open]
    shipped = [line for line in ours if line.shipped]
    if still_open:
        return Header.PART_SENT if shipped else Header.OPEN
    if shipped:
        return Header.SENT
    return Header.CANCELLED if ours else Header.OPEN


def marketplace_facts(
    status: Status, before: Iterable[LineFacts], now: Iterable[LineFacts], *, confirmed: bool
) -> list[Fact]:
    """What changed at the marketplace between two sights of the same lines; nothing when nothing did."""
    before, now = list(before), list(now)
    if before == now:
        return []
    facts: list[Fact] = []
    was, header = header_of(before), header_of(now)
    if header is not was or header is Header.PART_SENT:
        if header is Header.CANCELLED:
            facts.append(Fact.CANCELLED_THERE_LATE if confirmed else Fact.CANCELLED_THERE)
        elif header is Header.SENT:
            facts.append(Fact.REST_SENT if status is Status.PARTLY_SHIPPED else Fact.SHIPPED_THERE)
        elif header is Header.PART_SENT:
            facts.append(Fact.PART_SENT)
    asked, asks = _buyer_asks(before), _buyer_asks(now)
    if asks and not asked:
        facts.append(Fact.BUYER_ASKS)
    if asked and not asks and header in (Header.OPEN, Header.PART_SENT):
        facts.append(Fact.CANCEL_WITHDRAWN)
    return facts


def facts_so_far(status: Status, lines: Iterable[LineFacts]) -> list[Fact]:
    """What happened at the marketplace to an order of which nothing was known before."""
    lines = list(lines)
    untouched = [LineFacts(line.ref, line.ordered, by_marketplace=line.by_marketplace) for line in lines]
    return marketplace_facts(status, untouched, lines, confirmed=False)


def newly_cancelled(before: Mapping[str, LineFacts], now: Iterable[LineFacts]) -> list[str]:
    """Refs of lines of which pieces were cancelled since."""
    return [line.ref for line in now if line.cancelled > (before[line.ref].cancelled if line.ref in before else 0)]


def _buyer_asks(lines: Iterable[LineFacts]) -> bool:
    return any(line.buyer_asks_to_cancel and line.open for line in lines)


# what the shop shows as open after one of these was opened again there
CLOSED_THERE = frozenset({ShopState.COMPLETED, ShopState.CANCELLED})


class ShopSide(Struct, frozen=True):
    """What the hub knows of the shop's side of an order before a reading is taken in."""

    status: Status
    state: str  # the last ShopState read; "" before the first
    code: str
    wanted: tuple[Wanted, ...]  # what the marketplace expects from the merchant, with what we confirmed ourselves
    # whether the marketplace was told (or is being told) what the shop said last, or knows it by itself: of what is CLOSED_THERE
    told: bool
    confirmed: bool


class Heard(Struct, frozen=True):
    """What a reading of the shop means: facts for the table, in order, and Problems of the reading itself."""

    facts: tuple[Fact, ...] = ()
    problems: Mapping[ProblemKind, Mapping[str, str]] = {}


# while an order stands here, its shop order going away needs a person
_ALIVE = frozenset({Status.NOT_SHIPPED, Status.WAITING, Status.CANCELLATION_REQUESTED, Status.PARTLY_SHIPPED})
READING_PROBLEMS = frozenset({ProblemKind.SHOP_ORDER_GONE, ProblemKind.QUANTITIES_DIFFER, ProblemKind.WAIT_HELD})


def shop_facts(known: ShopSide, reading: ShopOrder) -> Heard:
    """What this reading of the shop order adds to what is known."""
    match reading.state:
        case ShopState.COMPLETED:
            return _completed(known, reading)
        case ShopState.CANCELLED:
            news = known.state != ShopState.CANCELLED or known.status in _ALIVE
            return Heard((Fact.SHOP_CANCELLED,) if news else ())
        case ShopState.TRASHED | ShopState.GONE:
            if known.status in _ALIVE:
                return Heard(problems={ProblemKind.SHOP_ORDER_GONE: {"shop_ref": reading.number or reading.shop_ref}})
            return Heard()
        case ShopState.OPEN:
            return _open(known, reading)


def _completed(known: ShopSide, reading: ShopOrder) -> Heard:
    if known.state == ShopState.COMPLETED and known.status not in _ALIVE:
        return Heard((Fact.CODE,) if _has_new_code(known, reading) else (), _late(known, reading))
    if known.status in _ALIVE and (compared := compare(known.wanted, reading.lines, leaving)).differences:
        return Heard(problems={ProblemKind.QUANTITIES_DIFFER: {"lines": compared.reason}})
    has_code = bool(reading.codes or reading.label)
    return Heard((Fact.COMPLETED_WITH_CODE if has_code else Fact.COMPLETED_BARE,), _late(known, reading))


def _has_new_code(known: ShopSide, reading: ShopOrder) -> bool:
    return bool(reading.codes) and reading.codes[0].code != known.code


def _late(known: ShopSide, reading: ShopOrder) -> Mapping[ProblemKind, Mapping[str, str]]:
    """Another code than the shipment was confirmed with, however the shop order came to have it.

    One that stands beside the code that was confirmed is of a further parcel.
    """
    if known.status is not Status.SHIPPED or not known.confirmed or not _has_new_code(known, reading):
        return {}
    is_further = bool(known.code) and known.code in {each.code for each in reading.codes}
    return {} if is_further else {ProblemKind.LATER_CODE: {"code": reading.codes[0].code}}


def _open(known: ShopSide, reading: ShopOrder) -> Heard:
    facts = []
    if known.state in CLOSED_THERE:
        facts.append(Fact.REOPENED_LATE if known.told else Fact.REOPENED)
    if _has_new_code(known, reading):
        facts.append(Fact.CODE)
    return Heard(tuple(facts), _late(known, reading))
