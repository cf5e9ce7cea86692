"""The command on what an account has of its own: account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orderhaven.cli.console import Json, fail, moment, print_json, say, table
from orderhaven.cli.context import action_context
from orderhaven.core.translation import _, n_
from orderhaven.words.accounts import carrier_label, matched_words, reason_label

if TYPE_CHECKING:
    from orderhaven.actions.accounts import AccountView
    from orderhaven.core.matching import CodeMatch


def add_to(app: typer.Typer) -> None:
    about = _(
        "What the account of a connection has of its own: carriers, reasons to cancel, channels, and what it cannot do.\n\n"
        "Say here which carrier one of its codes is, where Orderhaven could not tell."
    )
    app.command(help=about)(account)


def account(
    name: str = typer.Argument(help=_("The connection's name, as in 'orderhaven connections'.")),
    carrier: list[str] = typer.Option(
        [],
        metavar="CODE=CARRIER",
        help=_("Which carrier a code is; 'none' for none, 'auto' to forget it. Repeat it for more."),
    ),
    reason: list[str] = typer.Option(
        [], metavar="CODE=REASON", help=_("Which reason to cancel a code is, in the same way.")
    ),
    read: Annotated[bool, typer.Option("--read", help=_("Read the account again first."))] = False,
    json: Json = False,
) -> None:
    context = action_context()
    from orderhaven.actions import accounts

    if read:
        accounts.read_again(context, name)
    if carrier or reason:
        going = accounts.choose_codes(context, name, _pairs(carrier), _pairs(reason))
        if not json and going:
            say(n_("{number} order goes on.", "{number} orders go on.", going))
    found = accounts.account_of(context, name)
    if json:
        print_json(found)
    else:
        _show(found)


# below: how


def _pairs(given: Iterable[str]) -> Mapping[str, str]:
    found = {}
    for pair in given:
        code, equals, word = pair.rpartition("=")
        if not equals or not code:
            fail(_("Write it as CODE=CARRIER. This is not: {words}", words=pair))
        found[code] = word.strip()
    return found


def _show(found: AccountView) -> None:
    say(_("Read: {moment}", moment=moment(found.read_at)))
    if found.lacks:
        say(_("It cannot do: {abilities}", abilities=", ".join(one.label for one in found.lacks)))
    if found.channels:
        say(
            _("Channels: {channels}", channels=", ".join(f"{label} ({code})" for code, label in found.channels.items()))
        )
    if found.currencies:
        say(_("Currencies: {currencies}", currencies=", ".join(found.currencies)))
    _show_codes(_("Carriers"), found.carriers, carrier_label)
    _show_codes(_("Reasons to cancel"), found.reasons, reason_label)
    if not (found.carriers or found.reasons):
        say(_("It has no carriers and no reasons to cancel of its own: those of its connector hold."))


def _show_codes(heading: str, matches: Sequence[CodeMatch], label: Callable[[str], str]) -> None:
    if matches:
        say(f"\n{heading}")
        rows = [(one.code, one.label, label(one.ours), matched_words(one)) for one in matches]
        table((_("code"), _("there"), _("here"), _("why")), rows)
