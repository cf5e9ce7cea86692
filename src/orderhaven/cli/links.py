"""Commands on links: link, release."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import count, duration, moment, print_json, say, since, table
from orderhaven.core.rules import CarrierRule, RuleKind

if TYPE_CHECKING:
    from orderhaven.actions.links import WouldSend
    from orderhaven.store.models import DeliveredByMarketplace, Link


def add_to(app: typer.Typer) -> None:
    app.command()(link)
    app.command()(release)


def link(
    marketplace: str = typer.Argument(help="The marketplace connection: a link goes by its name."),
    shop: str = typer.Argument("", help="The shop connection; leave it out for a link that exists."),
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Hear everything, send nothing; then show what would be sent.")
    ] = False,
    go: Annotated[bool, typer.Option("--go", help="End the rehearsal: send from now on.")] = False,
    from_: str | None = typer.Option(None, "--from", help="Orders older than this wait for your word (default: now)."),
    wait: str | None = typer.Option(None, help="How long to wait for a track & trace code, as in 3h."),
    every: str | None = typer.Option(None, help="How often both sides are heard, as in 5m."),
    margin: str | None = typer.Option(
        None, help="How long before its ship-by time a held order goes without code, as in 2h."
    ),
    delivered: str | None = typer.Option(
        None, metavar="leave|place", help="What the shop gets of orders that the marketplace ships itself."
    ),
    cancellations: int | None = typer.Option(
        None, help="More cancellations from the shop than this in an hour wait for your word."
    ),
    carrier: str | None = typer.Option(None, help="The carrier when nothing else tells; empty for none."),
    carrier_rule: list[str] = typer.Option(
        [],
        metavar="prefix:MATCH=CARRIER|shop:MATCH=CARRIER",
        help="Codes that begin so, or the shop's word, mean this carrier.",
    ),
    uses: list[str] = typer.Option(
        [], metavar="CARRIER", help="A carrier you use: where several have such codes, it is yours. May be repeated."
    ),
    ships_from: str | None = typer.Option(
        None, help="The country your parcels start in, as in NL; empty for not said."
    ),
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Send a marketplace's orders to a shop, change how, or look at what a rehearsal would send."""
    by = hand()
    from orderhaven.actions import links

    wish = links.LinkWish(
        from_at=since(from_),
        rehearsal=True if rehearse else (False if go else None),
        wait=duration(wait),
        every=duration(every),
        ship_by_margin=duration(margin),
        delivered_by_marketplace=_delivered(delivered),
        cancellations_per_hour=cancellations,
        default_carrier=carrier,
        own_carriers=uses or None,
        ships_from=ships_from,
    )
    if shop:
        links.link(by, marketplace, shop, wish)
    elif wish != links.LinkWish():
        links.change_link(by, marketplace, wish)
    for rule in carrier_rule:
        links.add_carrier_rule(by, marketplace, *_rule(rule))
    found = by.link(marketplace)
    _show(found, links.rehearsal(by, marketplace) if found.rehearsal else [], as_json=json)


def release(marketplace: str = typer.Argument(help="The marketplace connection whose cancellations are held.")) -> None:
    """The cancellations that were held because there were so many were meant: tell them."""
    by = hand()
    from orderhaven.actions import links

    number = links.release_cancellations(by, marketplace)
    say(
        f"{count(number, 'cancellation')} of '{marketplace}' will be told."
        if number
        else f"No cancellation of '{marketplace}' is held."
    )


# below: words


def _delivered(word: str | None) -> DeliveredByMarketplace | None:
    from orderhaven.store.models import DeliveredByMarketplace

    if word is None:
        return None
    if word not in list(DeliveredByMarketplace):
        raise typer.BadParameter(f"'{word}' is neither leave nor place.", param_hint="--delivered")
    return DeliveredByMarketplace(word)


def _rule(text: str) -> tuple[RuleKind, str, str]:
    kind, _, rest = text.partition(":")
    match, equals, carrier = rest.rpartition("=")
    if kind not in _RULES or not equals:
        raise typer.BadParameter(
            f"'{text}' is no rule. Say prefix:3S=postnl or shop:Pakket=dhl.", param_hint="--carrier-rule"
        )
    return _RULES[kind], match, carrier


_RULES = {"prefix": RuleKind.CODE_PREFIX, "shop": RuleKind.SHOP_CARRIER}


def as_option(rule: CarrierRule) -> str:
    """What stands behind --carrier-rule."""
    kind = next(word for word, kind in _RULES.items() if kind is rule.kind)
    return f"{kind}:{rule.match}={rule.carrier}"


def _show(found: Link, would: Sequence[WouldSend], *, as_json: bool) -> None:
    if as_json:
        print_json({"link": _facts(found), "would_send": would})
        return
    _say_link(found)
    if found.rehearsal:
        _say_rehearsal(would, found.marketplace.name)


def _say_link(found: Link) -> None:
    say(f"{found.marketplace.name} -> {found.shop.name}{', in rehearsal: nothing is sent' if found.rehearsal else ''}")
    say(f"  Orders placed before {moment(found.from_at)} wait for your word: place, adopt or leave.")
    say(f"  Heard every {found.marketplace.hear_every_s} s; the wait for a code is {found.wait_s / 3600:g} h.")
    say(f"  More than {found.cancellations_per_hour} cancellations an hour from the shop are held.")
    if found.default_carrier:
        say(f"  When nothing else tells, the carrier is {found.default_carrier}.")
    if found.own_carriers:
        say(f"  Where several carriers have such codes, it is one of yours: {', '.join(found.own_carriers)}.")
    if found.ships_from:
        say(f"  Parcels start in {found.ships_from}.")
    for rule in found.carrier_rules:
        say(f"  {rule['match']} ({rule['kind']}) means {rule['carrier']}.")


def _say_rehearsal(would: Sequence[WouldSend], marketplace: str) -> None:
    if not would:
        say("\nNothing would be sent now. Look again when the hub has heard the marketplace.")
    else:
        say(f"\nThis would be sent ({len(would)}):")
        rows = [(one.ref, one.side, one.what, one.problem or one.facts) for one in would]
        table(("order", "to", "what", "with"), rows, at_least={"order": 10})
    say(f"\nTo send from now on: orderhaven link {quote(marketplace)} --go")


def _facts(found: Link) -> dict[str, object]:
    same = ("rehearsal", "from_at", "wait_s", "ship_by_margin_s", "delivered_by_marketplace", "cancellations_per_hour")
    carriers = {
        name: getattr(found, name) for name in ("default_carrier", "carrier_rules", "own_carriers", "ships_from")
    }
    sides = {"marketplace": found.marketplace.name, "shop": found.shop.name, "every_s": found.marketplace.hear_every_s}
    return {**sides, **{name: getattr(found, name) for name in same}, **carriers}
