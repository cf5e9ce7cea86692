"""Commands on links: link, release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from orderhaven.cli.console import Json, duration, moment, print_json, say, since, table, warn
from orderhaven.cli.context import action_context
from orderhaven.core.carriers.recognise import CarrierRule, RuleKind
from orderhaven.core.translation import _, n_
from orderhaven.words.days import exact, weekday_name

if TYPE_CHECKING:
    from orderhaven.actions.context import ActionContext
    from orderhaven.actions.dry_run import DryRun, DryRunEntry
    from orderhaven.store.models import FulfilledByMarketplace, Link


# when parcels leave: by these a ship-by time is estimated where none is stated
TransitDays = Annotated[
    int | None,
    typer.Option(help=_("How many days a parcel travels: a ship-by time is estimated from it where none is stated.")),
]
WorkingDays = Annotated[
    str | None,
    typer.Option(metavar="1,2,3,4,5", help=_("On which days parcels leave: 1 is Monday, 7 is Sunday.")),
]
CutOff = Annotated[str | None, typer.Option(help=_("Until when what leaves that day must be ready, as in 17:00."))]
TimeZone = Annotated[str | None, typer.Option(help=_("Where that is, as in Europe/Amsterdam; empty for this hub's."))]
FreeDays = Annotated[
    list[str] | None,
    typer.Option(
        metavar="YYYY-MM-DD",
        help=_("A day on which nothing leaves; may be repeated. They replace those before, and none clears them."),
    ),
]

CarrierRules = Annotated[
    list[str] | None,
    typer.Option(
        metavar="prefix:MATCH=CARRIER|shop:MATCH=CARRIER",
        help=_("Codes that begin so, or the shop's word, mean this carrier."),
    ),
]
EndedRules = Annotated[
    list[str] | None,
    typer.Option(metavar="prefix:MATCH|shop:MATCH", help=_("The carrier rule for these does not count any more.")),
]

Carriers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CARRIER", help=_("A carrier you use: where several have such codes, it is yours. May be repeated.")
    ),
]
Accepts = Annotated[
    bool | None, typer.Option("--accepts/--asks", help=_("Whether orders that wait for a yes get it by themselves."))
]
Country = Annotated[
    str | None, typer.Option(help=_("The country your parcels start in, as in NL; empty for not said."))
]

Channels = Annotated[
    list[str] | None,
    typer.Option(metavar="CHANNEL", help=_("A channel of the marketplace that goes to this shop. May be repeated.")),
]
AllChannels = Annotated[bool, typer.Option("--all-channels", help=_("All of the marketplace's channels."))]
Does = Annotated[
    str | None,
    typer.Option(
        metavar="orders,stock,returns",
        help=_(
            "What it does (default: orders). Stock and returns are kept for a later version: nothing is done with them yet."
        ),
    ),
]


Named = Annotated[
    str,
    typer.Argument(
        metavar="MARKETPLACE", help=_("The marketplace connection; of several links of one, the link's own name.")
    ),
]
From = Annotated[
    str | None, typer.Option("--from", help=_("Orders older than this wait for your word (default: now)."))
]


Margin = Annotated[
    str | None,
    typer.Option(help=_("How long before the ship-by time that its marketplace states a wait ends, as in 1h.")),
]
Fulfilled = Annotated[
    str | None,
    typer.Option(metavar="ignore|create", help=_("What the shop gets of orders that the marketplace ships itself.")),
]
Cancellations = Annotated[
    int | None, typer.Option(help=_("More cancellations from the shop than this in an hour wait for your word."))
]


def add_to(app: typer.Typer) -> None:
    about = _("Send a marketplace's orders to a shop, change how, or look at what a dry run would send.")
    app.command(help=about)(link)
    about = _("The cancellations that were held because there were so many were meant: send them.")
    app.command(help=about)(release)


def link(
    name: Named,
    shop: str = typer.Argument("", help=_("The shop connection; leave it out for a link that exists.")),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Pull everything, send nothing; then show what would be sent."))
    ] = False,
    go: Annotated[bool, typer.Option("--go-live", help=_("End the dry run: send from now on."))] = False,
    accepts: Accepts = None,
    from_: From = None,
    wait: str | None = typer.Option(None, help=_("How long to wait for a track & trace code, as in 3h.")),
    every: str | None = typer.Option(None, help=_("How often both sides are pulled, as in 5m.")),
    margin: Margin = None,
    transit_days: TransitDays = None,
    working_days: WorkingDays = None,
    cut_off: CutOff = None,
    time_zone: TimeZone = None,
    free_day: FreeDays = None,
    fulfilled_by_marketplace: Fulfilled = None,
    cancellations: Cancellations = None,
    carrier: str | None = typer.Option(None, help=_("The carrier when nothing else tells; empty for none.")),
    carrier_rule: CarrierRules = None,
    end_rule: EndedRules = None,
    uses: Carriers = None,
    ships_from: Country = None,
    channel: Channels = None,
    all_channels: AllChannels = False,
    does: Does = None,
    json: Json = False,
) -> None:
    context = action_context()
    from orderhaven.actions import links

    settings = links.LinkSettings(
        from_at=since(from_, context.clock.now()),
        dry_run=True if dry_run else (False if go else None),
        accepts_by_itself=accepts,
        wait=duration(wait),
        every=duration(every),
        ship_by_margin=duration(margin),
        transit_days=transit_days,
        working_days=_days(working_days),
        cut_off=cut_off,
        time_zone=time_zone,
        free_days=[] if free_day == ["none"] else free_day or None,
        fulfilled_by_marketplace=_delivered(fulfilled_by_marketplace),
        cancellations_per_hour=cancellations,
        default_carrier=carrier,
        own_carriers=uses or None,
        ships_from=ships_from,
        channels=[] if all_channels else channel or None,
        **_does(does),
    )
    if shop:
        name = links.link(context, name, shop, settings).name
    elif settings != links.LinkSettings():
        links.change_link(context, name, settings)
    _change_rules(context, name, carrier_rule or (), end_rule or ())
    found = context.link(name)
    _show(found, _dry_run(context, name) if found.dry_run else None, as_json=json)


def _dry_run(context: ActionContext, name: str) -> DryRun:
    """With what the shop says now, if it says anything."""
    from orderhaven.actions import dry_run
    from orderhaven.actions.errors import ActionRefused

    try:
        dry_run.look_up(context, name)
    except ActionRefused as error:
        warn(_("Whether the shop has these products could not be looked up: {why}", why=str(error)))
    return dry_run.dry_run(context, name)


def release(
    name: str = typer.Argument(
        metavar="MARKETPLACE", help=_("The marketplace connection, or the link, whose cancellations are held.")
    ),
) -> None:
    context = action_context()
    from orderhaven.actions import links

    number = links.release_cancellations(context, name)
    if not number:
        say(_("No cancellation of '{name}' is held.", name=name))
        return
    said = n_(
        "{number} cancellation of '{name}' will be sent.", "{number} cancellations of '{name}' will be sent.", number,
        name=name,
    )  # fmt: skip
    say(said)


def _change_rules(context: ActionContext, name: str, added: Sequence[str], ended: Sequence[str]) -> None:
    from orderhaven.actions import links

    for text in added:
        links.add_carrier_rule(context, name, *_rule(text))
    for text in ended:
        links.end_carrier_rule(context, name, *_matched(text))


# below: words


def _days(text: str | None) -> list[int] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    return [int(word) if word.isdecimal() else 0 for word in words]


def _does(text: str | None) -> dict[str, bool]:
    if text is None:
        return {}
    words = {word.strip() for word in text.split(",")} - {""}
    if unknown := sorted(words - {*_DOES}):
        raise typer.BadParameter(
            _("'{word}' is none of: {words}.", word=unknown[0], words=", ".join(_DOES)), param_hint="--does"
        )
    return {f"does_{word}": word in words for word in _DOES}


_DOES = ("orders", "stock", "returns")


def _delivered(word: str | None) -> FulfilledByMarketplace | None:
    from orderhaven.store.models import FulfilledByMarketplace

    if word is None:
        return None
    if word not in list(FulfilledByMarketplace):
        raise typer.BadParameter(
            _("'{word}' is neither ignore nor create.", word=word), param_hint="--fulfilled-by-marketplace"
        )
    return FulfilledByMarketplace(word)


def _rule(text: str) -> tuple[RuleKind, str, str]:
    kind, _colon, rest = text.partition(":")
    match, equals, carrier = rest.rpartition("=")
    if kind not in _RULES or not equals:
        raise typer.BadParameter(
            _("'{text}' is no rule. Say prefix:3S=postnl or shop:Pakket=dhl.", text=text), param_hint="--carrier-rule"
        )
    return _RULES[kind], match, carrier


def _matched(text: str) -> tuple[RuleKind, str]:
    kind, _colon, match = text.partition(":")
    if kind not in _RULES:
        raise typer.BadParameter(
            _("'{text}' is no rule. Say prefix:3S or shop:Pakket.", text=text), param_hint="--end-rule"
        )
    return _RULES[kind], match


_RULES = {"prefix": RuleKind.TRACKING_PREFIX, "shop": RuleKind.CARRIER_NAME}


def as_option(rule: CarrierRule) -> str:
    """What stands behind --carrier-rule."""
    kind = next(word for word, kind in _RULES.items() if kind is rule.kind)
    return f"{kind}:{rule.match}={rule.carrier}"


def _show(found: Link, would: DryRun | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"link": _facts(found), "dry_run_entries": would.dry_run_entries if would else []})
        return
    _say_link(found)
    if would:
        _say_dry_run(would.dry_run_entries, found)


def _say_link(found: Link) -> None:
    from orderhaven.actions.link_channels import channel_names

    is_dry_run = _(", dry run: nothing is sent") if found.dry_run else ""
    channels = f": {', '.join(names)}" if (names := channel_names(found)) else ""
    say(f"{found.marketplace.name}{channels} -> {found.shop.name}{is_dry_run}")
    for sentence in _sentences(found):
        say(f"  {sentence}")


def _sentences(found: Link) -> Iterator[str]:
    if found.name != found.marketplace.name:
        yield _("This link is called '{name}'.", name=found.name)
    if not found.does_orders:
        yield _("It takes no orders, so nothing is done by it yet: stock and returns come in a later version.")
    yield _("Orders placed before {time} wait for your word: create, adopt or ignore.", time=moment(found.from_at))
    yield _(
        "Pulled every {every}; the wait for a code is {wait}.",
        every=exact(found.marketplace.pull_every_s),
        wait=exact(found.wait_s),
    )
    if not found.accepts_by_itself:
        yield _("Orders that wait for a yes wait for yours.")
    days = ", ".join(weekday_name(day) for day in found.working_days)
    yield n_(
        "Where no ship-by time is stated it is estimated: {number} day on the way, leaving {weekdays} by {cut_off}.",
        "Where no ship-by time is stated it is estimated: {number} days on the way, leaving {weekdays} by {cut_off}.",
        found.transit_days, weekdays=days, cut_off=found.cut_off,
    )  # fmt: skip
    if found.free_days:
        yield _("Nothing leaves on {days}.", days=", ".join(found.free_days))
    yield _("More than {limit} cancellations an hour from the shop are held.", limit=found.cancellations_per_hour)
    if found.default_carrier:
        yield _("When nothing else tells, the carrier is {carrier}.", carrier=found.default_carrier)
    if found.own_carriers:
        carriers = ", ".join(found.own_carriers)
        yield _("Where several carriers have such codes, it is one of yours: {carriers}.", carriers=carriers)
    if found.ships_from:
        yield _("Parcels start in {country}.", country=found.ships_from)
    for rule in found.carrier_rules:
        kind = _("beginning of the code") if rule["kind"] == RuleKind.TRACKING_PREFIX else _("the shop's word")
        yield _("{match} ({kind}) means {carrier}.", match=rule["match"], kind=kind, carrier=rule["carrier"])


def _say_dry_run(would: Sequence[DryRunEntry], found: Link) -> None:
    from orderhaven.store.connections.links import older_count

    if not would and older_count(found.pk):
        say("\n" + _("Nothing would be sent by itself now: the orders from before the link wait for your word."))
    elif not would:
        say("\n" + _("Nothing would be sent now. Look again when the hub has pulled from the marketplace."))
    else:
        say("\n" + _("This would be sent ({number}):", number=len(would)))
        table((_("order"), _("to"), _("what"), _("with")), map(_cells, would), at_least={_("order"): 10})
    say("\n" + _("To send from now on: {command}", command=f"orderhaven link {quote(found.name)} --go-live"))


def _cells(one: DryRunEntry) -> tuple[str, ...]:
    from orderhaven.words.orders import message_name

    side = _("shop") if one.side == "shop" else _("marketplace")
    with_problem = _("would wait for you: {why}", why=one.problem) if one.problem else one.facts
    return one.ref, side, message_name(one.what), with_problem


def _facts(found: Link) -> dict[str, object]:
    same = (
        "transit_days", "working_days", "cut_off", "time_zone", "free_days", "dry_run", "accepts_by_itself", "from_at", "wait_s",
        "ship_by_margin_s", "fulfilled_by_marketplace", "cancellations_per_hour", "default_carrier", "carrier_rules",
        "own_carriers", "ships_from", "name", "channels", "does_orders", "does_stock", "does_returns",
    )  # fmt: skip
    sides = {"marketplace": found.marketplace.name, "shop": found.shop.name, "every_s": found.marketplace.pull_every_s}
    return {**sides, **{name: getattr(found, name) for name in same}}
