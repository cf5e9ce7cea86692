"""Commands about who may come in: welcome, people, invite, password, token."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhaven import paths
from orderhaven.cli.desk import hand
from orderhaven.cli.screen import Json, err, moment, print_json, say, table
from orderhaven.core.access import Power, Role
from orderhaven.core.language import _


def add_to(app: typer.Typer) -> None:
    app.command(help=_("Show the address where the first account of this hub is made."))(welcome)
    app.command(help=_("Who may come in, as what, and who is invited."))(people)
    about = _("Print a link with which somebody comes in. It is good for a week and for one use.")
    app.command(help=about)(invite)
    about = _("Give somebody who lost it a new password, typed unseen. Their sessions end.")
    app.command(help=about)(password)
    app.command(help=_("Print a program's key to the API. It is shown this once."))(token)


def welcome() -> None:
    hand()
    address = welcome_address()
    if address:
        say(address)
        return
    err.print(_("There are accounts here already. Log in at {address}", address=f"{paths.web_address()}/login"))
    raise typer.Exit(1)


def welcome_address() -> str:
    """Where the first account is made; "" once there is one. The store is open."""
    from orderhaven.store import access

    return "" if access.has_people() else f"{paths.web_address()}/welcome?code={access.welcome_code()}"


def people(json: Json = False) -> None:
    by = hand()
    from orderhaven.actions import people
    from orderhaven.words.people import role_name

    members, invited = people.people(by), people.open_invitations(by)
    if json:
        print_json({
            "people": [{"name": row.user.name, "email": row.user.email, "role": row.role} for row in members],
            "invited": [{"email": row.email, "role": row.role, "until": row.ends_at} for row in invited],
        })  # fmt: skip
        return
    if not members and not invited:
        say(_("Nobody yet. Where the first account is made says: orderhaven welcome"))
        return
    rows = [(row.user.name, row.user.email, role_name(Role(row.role))) for row in members]
    until = [_("invited until {time}", time=moment(row.ends_at)) for row in invited]
    rows += [(said, row.email, role_name(Role(row.role))) for said, row in zip(until, invited, strict=True)]
    table((_("name"), _("e-mail"), _("role")), rows)


def invite(
    email: str = typer.Argument(help=_("Whose e-mail address.")),
    role: Role = typer.Option(Role.OPERATOR, help=_("What this person may do.")),
) -> None:
    by = hand()
    from orderhaven.actions import people

    say(people.invite(by, email, role))


def password(
    email: str = typer.Argument(help=_("Whose e-mail address.")),
    no_second_factor: Annotated[
        bool, typer.Option("--no-second-factor", help=_("Forget the second factor too: the phone is lost."))
    ] = False,
) -> None:
    by = hand()
    from orderhaven.actions import people

    people.demand_account(email)
    word = typer.prompt(_("New password"), hide_input=True, confirmation_prompt=True)
    people.give_password(email, word, by.actor, by.clock.now(), without_second_factor=no_second_factor)
    say(_("The password of {email} is changed.", email=email))


def token(
    name: str = typer.Argument(help=_("What program it is for.")),
    scope: list[Power] = typer.Option([Power.LOOK], help=_("What it may do. Repeat it for more.")),
) -> None:
    by = hand()
    from orderhaven.actions import tokens

    made = tokens.make_token(by, name, scope)
    say(made)
    err.print(_("Keep it now: only its hash is stored, so it is never shown again."))
