"""Commands about who may come in: welcome, people, invite, password, token."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhaven import paths
from orderhaven.cli.console import Json, err, moment, print_json, say, table
from orderhaven.cli.context import action_context
from orderhaven.core.access import Permission, Role
from orderhaven.core.translation import _


def add_to(app: typer.Typer) -> None:
    app.command(help=_("Show the address where the first account of this hub is made."))(welcome)
    app.command(help=_("Who may log in, as what, and who is invited."))(users)
    about = _("Print a link with which somebody comes in. It is good for a week and for one use.")
    app.command(help=about)(invite)
    about = _("Give somebody who lost it a new password, typed unseen. Their sessions end.")
    app.command(help=about)(password)
    app.command(help=_("Print an API client's token. It is shown this once."))(token)


def welcome() -> None:
    action_context()
    address = welcome_address()
    if address:
        say(address)
        return
    err.print(_("There are accounts here already. Log in at {address}", address=f"{paths.web_address()}/login"))
    raise typer.Exit(1)


def welcome_address() -> str:
    """Where the first account is made; "" once there is one. The store is open."""
    from orderhaven.store.access import credentials

    return "" if credentials.has_users() else f"{paths.web_address()}/welcome?code={credentials.welcome_code()}"


def users(json: Json = False) -> None:
    context = action_context()
    from orderhaven.actions import users
    from orderhaven.words.roles import role_name

    members, invited = users.users(context), users.open_invitations(context)
    if json:
        print_json({
            "users": [{"name": row.user.name, "email": row.user.email, "role": row.role} for row in members],
            "invited": [{"email": row.email, "role": row.role, "until": row.expires_at} for row in invited],
        })  # fmt: skip
        return
    if not members and not invited:
        say(_("Nobody yet. Where the first account is made says: orderhaven welcome"))
        return
    rows = [(row.user.name, row.user.email, role_name(Role(row.role))) for row in members]
    until = [_("invited until {time}", time=moment(row.expires_at)) for row in invited]
    rows += [(said, row.email, role_name(Role(row.role))) for said, row in zip(until, invited, strict=True)]
    table((_("name"), _("e-mail"), _("role")), rows)


def invite(
    email: str = typer.Argument(help=_("Whose e-mail address.")),
    role: Role = typer.Option(Role.OPERATOR, help=_("What this person may do.")),
) -> None:
    context = action_context()
    from orderhaven.actions import users

    say(users.invite(context, email, role))


def password(
    email: str = typer.Argument(help=_("Whose e-mail address.")),
    no_second_factor: Annotated[
        bool, typer.Option("--no-second-factor", help=_("Forget the second factor too: the phone is lost."))
    ] = False,
) -> None:
    context = action_context()
    from orderhaven.actions import users

    users.demand_account(email)
    word = typer.prompt(_("New password"), hide_input=True, confirmation_prompt=True)
    users.give_password(email, word, context.actor, context.clock.now(), without_second_factor=no_second_factor)
    say(_("The password of {email} is changed.", email=email))


def token(
    name: str = typer.Argument(help=_("Which API client it is for.")),
    scope: list[Permission] = typer.Option([Permission.READ], help=_("What it may do. Repeat it for more.")),
) -> None:
    context = action_context()
    from orderhaven.actions import tokens

    made = tokens.make_token(context, name, scope)
    say(made)
    err.print(_("Keep it now: only its hash is stored, so it is never shown again."))
