"""Links: made and changed, and what a person says about all orders of one. What a dry run would send: `dry_run.py`."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import available_timezones

from orderhaven.actions.account_setup import demand_not_too_often
from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.actions.link_channels import scope_wanted
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.carriers.recognise import RuleKind
from orderhaven.core.order import MONDAY, SUNDAY
from orderhaven.ports.connector import Capability, Side, alpha2
from orderhaven.store.connections import links
from orderhaven.store.models import Connection, FulfilledByMarketplace, Link
from orderhaven.store.orders.changes import accept_what_waits
from orderhaven.store.outbox import queue
from orderhaven.store.upkeep.versions import ExpectedVersion

_LONGEST_WAIT = timedelta(days=14)
_LONGEST_TRANSIT_DAYS = 30
_MOST_FREE_DAYS = 200
_WEEK = frozenset(range(MONDAY, SUNDAY + 1))
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """What a person wants of a link. None leaves it as it is, or as the default says."""

    from_at: datetime | None = None  # older orders wait for a person's word; default: now
    dry_run: bool | None = None  # pull everything, send nothing
    accepts_by_itself: bool | None = None  # else each order that waits for a yes waits for a person's; default: it does
    wait: timedelta | None = None  # for a track & trace code; default 3 hours
    every: timedelta | None = None  # how often both sides are pulled; default 5 minutes
    ship_by_margin: timedelta | None = None
    transit_days: int | None = None  # these five: by which a ship-by time is estimated where none is stated
    working_days: Collection[int] | None = None  # ISO weekdays
    cut_off: str | None = None  # "17:00"
    time_zone: str | None = None  # "": the hub's own
    free_days: Collection[str] | None = None  # ISO dates
    fulfilled_by_marketplace: FulfilledByMarketplace | None = None
    cancellations_per_hour: int | None = None
    default_carrier: str | None = None  # "": none any more
    own_carriers: Sequence[str] | None = None  # whom the merchant uses
    ships_from: str | None = None  # ISO 3166 code; "": not said
    channels: Collection[str] | None = None  # of the marketplace; none in it: all
    does_orders: bool | None = None  # default: yes
    does_stock: bool | None = None  # these two are kept for what is to come; nothing is done with them yet
    does_returns: bool | None = None

    @property
    def does(self) -> Mapping[str, bool | None]:
        return {name: getattr(self, name) for name in ("does_orders", "does_stock", "does_returns")}


@requires(Permission.CONFIGURE)
def link(context: ActionContext, marketplace: str, shop: str, settings: LinkSettings = LinkSettings()) -> Link:
    """Send the orders of a marketplace connection to a shop connection. Raises ActionRefused."""
    there, here = _demand_role(context, marketplace, Side.MARKETPLACE), _demand_role(context, shop, Side.SHOP)
    made = Link(merchant_id=context.merchant_id, marketplace=there, shop=here, from_at=context.clock.now())
    made.name = links.free_name(context.merchant_id, there.name, here.name)
    return _save(context, made, settings)


@requires(Permission.CONFIGURE)
def change_link(
    context: ActionContext, name: str, settings: LinkSettings, *, expected: ExpectedVersion | None = None
) -> Link:
    """Raises ActionRefused. Another `from_at`, and other channels, hold for orders that are pulled from now on."""
    return _save(context, context.link(name), settings, expected)


@requires(Permission.WRITE)
def release_cancellations(context: ActionContext, name: str) -> int:
    """The held cancellations were meant: send them. How many there were."""
    return queue.release_cancellations(context.link(name).pk, context.clock.now(), context.actor)


@requires(Permission.CONFIGURE)
def add_carrier_rule(context: ActionContext, name: str, kind: RuleKind, match: str, carrier: str) -> Link:
    """Codes that begin so, or shipping methods called so, are this carrier's; the first rule that fits counts.

    Raises ActionRefused.
    """
    found = context.link(name)
    if not match.strip():
        raise action_refused("A carrier rule needs something to match: the beginning of a code, or the shop's word.")
    rule = {"kind": str(kind), "match": match.strip(), "carrier": str(carrier_named(carrier))}
    found.carrier_rules = [*[one for one in found.carrier_rules if one != rule], rule]
    links.save(found, None, context.clock.now(), context.actor, {"carrier_rule": rule})
    return found


@requires(Permission.CONFIGURE)
def end_carrier_rule(context: ActionContext, name: str, kind: RuleKind, match: str) -> Link:
    """From now on it says nothing any more. Raises ActionRefused when there is no such rule."""
    found = context.link(name)
    kept = [one for one in found.carrier_rules if (one["kind"], one["match"]) != (kind, match.strip())]
    if len(kept) == len(found.carrier_rules):
        raise action_refused("There is no carrier rule for {match}.", match=match.strip())
    found.carrier_rules = kept
    links.save(found, None, context.clock.now(), context.actor, {"ended_rule": match.strip()})
    return found


def carrier_named(word: str) -> Carrier:
    """By our word or by its name. Raises ActionRefused."""
    try:
        return Carrier.named(word)
    except ValueError as unknown:
        raise ActionRefused(str(unknown)) from None


def _demand_role(context: ActionContext, name: str, role: Side) -> Connection:
    row = context.connection(name)
    if row.side != role:
        if role is Side.SHOP:
            raise action_refused(
                "'{name}' is a marketplace, not a shop. A link goes from a marketplace to a shop.", name=name
            )
        raise action_refused(
            "'{name}' is a shop, not a marketplace. A link goes from a marketplace to a shop.", name=name
        )
    return row


def _save(context: ActionContext, row: Link, settings: LinkSettings, expected: ExpectedVersion | None = None) -> Link:
    _demand_possible(context, row, settings)
    scope = scope_wanted(row, settings.channels, settings.does)
    changes = {name: value for name, value in _columns(settings).items() if value is not None}
    for name, value in changes.items():
        setattr(row, name, value)
    said = {name: str(value) for name, value in changes.items()}
    said |= {name: str(value) for name, value in settings.does.items() if value is not None}
    if settings.channels is not None:
        said["channels"] = ", ".join(scope.channels if scope is not None else ())
    try:
        links.save(row, _seconds(settings.every), context.clock.now(), context.actor, said, expected, scope)
    except links.ChannelTaken:
        raise action_refused(
            "Another link of '{name}' was made or changed at the same moment. Look at it, then try again.",
            name=row.marketplace.name,
        ) from None
    if settings.accepts_by_itself:
        accept_what_waits(row.pk, context.clock.now(), context.actor)
    return row


def _columns(settings: LinkSettings) -> dict[str, object]:
    return {
        "from_at": settings.from_at,
        "dry_run": settings.dry_run,
        "accepts_by_itself": settings.accepts_by_itself,
        "wait_s": _seconds(settings.wait),
        "ship_by_margin_s": _seconds(settings.ship_by_margin),
        "transit_days": settings.transit_days,
        "working_days": None if settings.working_days is None else sorted(set(settings.working_days)),
        "cut_off": settings.cut_off,
        "time_zone": settings.time_zone.strip() if settings.time_zone is not None else None,
        "free_days": None if settings.free_days is None else sorted(set(settings.free_days)),
        "fulfilled_by_marketplace": settings.fulfilled_by_marketplace,
        "cancellations_per_hour": settings.cancellations_per_hour,
        "default_carrier": str(carrier_named(settings.default_carrier))
        if settings.default_carrier
        else settings.default_carrier,
        "own_carriers": None
        if settings.own_carriers is None
        else [str(carrier_named(one)) for one in settings.own_carriers],
        "ships_from": settings.ships_from and alpha2(settings.ships_from),
    }


def _demand_possible(context: ActionContext, row: Link, settings: LinkSettings) -> None:
    shop = context.spec_of(row.shop)
    if settings.every is not None:
        demand_not_too_often(settings.every, context.spec_of(row.marketplace), row.marketplace.name)
        demand_not_too_often(settings.every, shop, row.shop.name)
    if settings.wait is not None and not timedelta(0) <= settings.wait <= _LONGEST_WAIT:
        raise action_refused("The wait for a code is between 0 and 14 days.")
    if settings.ship_by_margin is not None and settings.ship_by_margin < timedelta(0):
        raise action_refused("The margin before the ship-by time cannot be less than nothing.")
    _demand_dispatch(settings)
    if settings.cancellations_per_hour is not None and settings.cancellations_per_hour < 0:
        raise action_refused("The number of cancellations an hour cannot be less than 0.")
    if settings.ships_from and not alpha2(settings.ships_from):
        raise action_refused("'{word}' is no country. Give its ISO code, such as NL or NLD.", word=settings.ships_from)
    if (
        settings.fulfilled_by_marketplace is FulfilledByMarketplace.CREATE
        and Capability.FULFILLED_BY_MARKETPLACE not in shop.capabilities
    ):
        raise action_refused(
            "{shop} cannot take orders that the marketplace ships itself. Leave them out of the shop.",
            shop=row.shop.name,
        )


def _demand_dispatch(settings: LinkSettings) -> None:
    if settings.transit_days is not None and not 0 <= settings.transit_days <= _LONGEST_TRANSIT_DAYS:
        raise action_refused("A parcel travels between 0 and {days} days.", days=_LONGEST_TRANSIT_DAYS)
    if settings.working_days is not None and not (settings.working_days and {*settings.working_days} <= _WEEK):
        raise action_refused("Parcels leave on one day of the week at least: 1 is Monday, 7 is Sunday.")
    if settings.cut_off is not None and not _CLOCK.fullmatch(settings.cut_off):
        raise action_refused("'{text}' is no time of day. Write it as 17:00.", text=settings.cut_off[:20])
    if settings.time_zone and settings.time_zone.strip() not in available_timezones():
        raise action_refused("'{text}' is no time zone. Write it as Europe/Amsterdam.", text=settings.time_zone[:60])
    if settings.free_days is not None and len(settings.free_days) > _MOST_FREE_DAYS:
        raise action_refused(
            "At most {number} free days can be kept. Leave out those that are over.", number=_MOST_FREE_DAYS
        )
    for day in settings.free_days or ():
        try:
            date.fromisoformat(day)
        except ValueError:
            raise action_refused("'{text}' is no date. Write it as 2026-12-25.", text=day[:20]) from None


def _seconds(duration: timedelta | None) -> int | None:
    return int(duration.total_seconds()) if duration is not None else None
