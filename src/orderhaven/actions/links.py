"""Links: made and changed, and what a person says about all orders of one. What a rehearsal would send: `rehearsing.py`."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import available_timezones

from orderhaven import countries
from orderhaven.actions.connecting import demand_not_too_often
from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier
from orderhaven.core.deadline import MONDAY, SUNDAY
from orderhaven.core.rules import RuleKind
from orderhaven.ports.connector import Can, Role
from orderhaven.store import links, outbox
from orderhaven.store.models import Connection, DeliveredByMarketplace, Link
from orderhaven.store.versions import ExpectedVersion

_LONGEST_WAIT = timedelta(days=14)
_LONGEST_TRANSIT_DAYS = 30
_MOST_FREE_DAYS = 200
_WEEK = frozenset(range(MONDAY, SUNDAY + 1))
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class LinkWish:
    """What a person wants of a link. None leaves it as it is, or as the default says."""

    from_at: datetime | None = None  # older orders wait for a person's word; default: now
    rehearsal: bool | None = None  # hear everything, send nothing
    wait: timedelta | None = None  # for a track & trace code; default 3 hours
    every: timedelta | None = None  # how often both sides are heard; default 5 minutes
    ship_by_margin: timedelta | None = None
    transit_days: int | None = None  # these five: by which a ship-by time is estimated where none is stated
    working_days: Collection[int] | None = None  # ISO weekdays
    cut_off: str | None = None  # "17:00"
    time_zone: str | None = None  # "": the hub's own
    free_days: Collection[str] | None = None  # ISO dates
    delivered_by_marketplace: DeliveredByMarketplace | None = None
    cancellations_per_hour: int | None = None
    default_carrier: str | None = None  # "": none any more
    own_carriers: Sequence[str] | None = None  # whom the merchant uses
    ships_from: str | None = None  # ISO 3166 code; "": not said


@needs(Power.SET_UP)
def link(by: Hand, marketplace: str, shop: str, wish: LinkWish = LinkWish()) -> Link:
    """Send the orders of a marketplace connection to a shop connection. Raises Impossible."""
    there, here = _demand_role(by, marketplace, Role.MARKETPLACE), _demand_role(by, shop, Role.SHOP)
    existing = links.of_marketplace(there.pk)
    if existing is not None:
        raise impossible(
            "'{name}' is linked already, and its orders can go to one shop only. Change that link instead.",
            name=marketplace,
        )
    made = Link(merchant_id=by.merchant_id, marketplace=there, shop=here, from_at=by.clock.now())
    return _save(by, made, wish)


@needs(Power.SET_UP)
def change_link(by: Hand, marketplace: str, wish: LinkWish, *, expected: ExpectedVersion | None = None) -> Link:
    """Raises Impossible. Another `from_at` holds for orders that are heard from now on."""
    return _save(by, by.link(marketplace), wish, expected)


@needs(Power.SET_UP)
def end_rehearsal(by: Hand, marketplace: str) -> Link:
    """From now on what waits is sent."""
    return change_link(by, marketplace, LinkWish(rehearsal=False))


@needs(Power.ACT)
def release_cancellations(by: Hand, marketplace: str) -> int:
    """The held cancellations were meant: tell them. How many there were."""
    return outbox.release_held(by.link(marketplace).pk, by.clock.now(), by.actor)


@needs(Power.SET_UP)
def add_carrier_rule(by: Hand, marketplace: str, kind: RuleKind, match: str, carrier: str) -> Link:
    """Codes that begin so, or shipping methods called so, are this carrier's; the first rule that fits counts.

    Raises Impossible.
    """
    found = by.link(marketplace)
    if not match.strip():
        raise impossible("A carrier rule needs something to match: the beginning of a code, or the shop's word.")
    rule = {"kind": str(kind), "match": match.strip(), "carrier": str(carrier_named(carrier))}
    found.carrier_rules = [*[one for one in found.carrier_rules if one != rule], rule]
    links.save(found, None, by.clock.now(), by.actor, {"carrier_rule": rule})
    return found


@needs(Power.SET_UP)
def end_carrier_rule(by: Hand, marketplace: str, kind: RuleKind, match: str) -> Link:
    """From now on it says nothing any more. Raises Impossible when there is no such rule."""
    found = by.link(marketplace)
    kept = [one for one in found.carrier_rules if (one["kind"], one["match"]) != (kind, match.strip())]
    if len(kept) == len(found.carrier_rules):
        raise impossible("There is no carrier rule for {match}.", match=match.strip())
    found.carrier_rules = kept
    links.save(found, None, by.clock.now(), by.actor, {"ended_rule": match.strip()})
    return found


def carrier_named(word: str) -> Carrier:
    """By our word or by its name. Raises Impossible."""
    try:
        return Carrier.named(word)
    except ValueError as unknown:
        raise Impossible(str(unknown)) from None


def _demand_role(by: Hand, name: str, role: Role) -> Connection:
    row = by.connection(name)
    if row.role != role:
        if role is Role.SHOP:
            raise impossible(
                "'{name}' is a marketplace, not a shop. A link goes from a marketplace to a shop.", name=name
            )
        raise impossible("'{name}' is a shop, not a marketplace. A link goes from a marketplace to a shop.", name=name)
    return row


def _save(by: Hand, row: Link, wish: LinkWish, expected: ExpectedVersion | None = None) -> Link:
    _demand_possible(by, row, wish)
    columns = {
        "from_at": wish.from_at,
        "rehearsal": wish.rehearsal,
        "wait_s": _seconds(wish.wait),
        "ship_by_margin_s": _seconds(wish.ship_by_margin),
        "transit_days": wish.transit_days,
        "working_days": None if wish.working_days is None else sorted(set(wish.working_days)),
        "cut_off": wish.cut_off,
        "time_zone": wish.time_zone.strip() if wish.time_zone is not None else None,
        "free_days": None if wish.free_days is None else sorted(set(wish.free_days)),
        "delivered_by_marketplace": wish.delivered_by_marketplace,
        "cancellations_per_hour": wish.cancellations_per_hour,
        "default_carrier": str(carrier_named(wish.default_carrier)) if wish.default_carrier else wish.default_carrier,
        "own_carriers": None if wish.own_carriers is None else [str(carrier_named(one)) for one in wish.own_carriers],
        "ships_from": wish.ships_from and countries.alpha2(wish.ships_from),
    }
    changes = {name: value for name, value in columns.items() if value is not None}
    for name, value in changes.items():
        setattr(row, name, value)
    said = {name: str(value) for name, value in changes.items()}
    links.save(row, _seconds(wish.every), by.clock.now(), by.actor, said, expected)
    return row


def _demand_possible(by: Hand, row: Link, wish: LinkWish) -> None:
    shop = by.declaration(row.shop.connector)
    if wish.every is not None:
        demand_not_too_often(wish.every, by.declaration(row.marketplace.connector))
        demand_not_too_often(wish.every, shop)
    if wish.wait is not None and not timedelta(0) <= wish.wait <= _LONGEST_WAIT:
        raise impossible("The wait for a code is between 0 and 14 days.")
    if wish.ship_by_margin is not None and wish.ship_by_margin < timedelta(0):
        raise impossible("The margin before the ship-by time cannot be less than nothing.")
    _demand_dispatch(wish)
    if wish.cancellations_per_hour is not None and wish.cancellations_per_hour < 0:
        raise impossible("The number of cancellations an hour cannot be less than 0.")
    if wish.ships_from and not countries.alpha2(wish.ships_from):
        raise impossible("'{word}' is no country. Give its ISO code, such as NL or NLD.", word=wish.ships_from)
    if wish.delivered_by_marketplace is DeliveredByMarketplace.PLACE and Can.TAKE_DELIVERED not in shop.can:
        raise impossible(
            "{shop} cannot take orders that the marketplace ships itself. Leave them out of the shop.", shop=shop.title
        )


def _demand_dispatch(wish: LinkWish) -> None:
    if wish.transit_days is not None and not 0 <= wish.transit_days <= _LONGEST_TRANSIT_DAYS:
        raise impossible("A parcel travels between 0 and {days} days.", days=_LONGEST_TRANSIT_DAYS)
    if wish.working_days is not None and not (wish.working_days and {*wish.working_days} <= _WEEK):
        raise impossible("Parcels leave on one day of the week at least: 1 is Monday, 7 is Sunday.")
    if wish.cut_off is not None and not _CLOCK.fullmatch(wish.cut_off):
        raise impossible("'{text}' is no time of day. Write it as 17:00.", text=wish.cut_off[:20])
    if wish.time_zone and wish.time_zone.strip() not in available_timezones():
        raise impossible("'{text}' is no time zone. Write it as Europe/Amsterdam.", text=wish.time_zone[:60])
    if wish.free_days is not None and len(wish.free_days) > _MOST_FREE_DAYS:
        raise impossible(
            "At most {number} free days can be kept. Leave out those that are over.", number=_MOST_FREE_DAYS
        )
    for day in wish.free_days or ():
        try:
            date.fromisoformat(day)
        except ValueError:
            raise impossible("'{text}' is no date. Write it as 2026-12-25.", text=day[:20]) from None


def _seconds(duration: timedelta | None) -> int | None:
    return int(duration.total_seconds()) if duration is not None else None
