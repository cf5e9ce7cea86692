"""Commands on connections: connect, connections, pause, resume, poll."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import typer

from orderhaven.cli.console import Json, duration, fail, moment, print_json, say, table, text_of
from orderhaven.cli.context import action_context
from orderhaven.core.reasons import translate_reason
from orderhaven.core.translation import _
from orderhaven.ports.connector import ConnectorSpec, Setting, SettingKind

if TYPE_CHECKING:
    from orderhaven.actions.account_setup import ConnectionRow, ConnectionTrial

_NAME = typer.Argument(help=_("The connection's name, as in 'orderhaven connections'."))


def add_to(app: typer.Typer) -> None:
    about = _(
        "Connect a marketplace or shop: asks what it needs, tests it, and only then saves it.\n\n"
        "An existing connection gets new keys. Secrets are typed unseen, or come from a file or from variables named "
        "ORDERHAVEN_SET_ and the setting's key in capitals."
    )
    app.command(help=about)(connect)
    about = _("All connections: what they are, when they were last pulled, and what is wrong.")
    app.command("connections", help=about)(connection_list)
    app.command(help=_("Pull and push nothing on a connection until it is resumed."))(pause)
    app.command(help=_("Go on with a connection that was paused, by hand or because of trouble."))(resume)
    app.command(help=_("Pull and push a connection now instead of at its next turn."))(poll)


def connect(
    connector: str = typer.Argument(help=_("Which marketplace or shop system.")),
    name: str = typer.Option("", help=_("What you call this connection; default: the connector's name.")),
    given: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help=_("A setting. Repeat it for more.")),
    from_file: Path | None = typer.Option(None, help=_("Settings, one KEY=VALUE per line; - is standard input.")),
    every: str | None = typer.Option(None, help=_("How often it is pulled, as in 5m.")),
) -> None:
    context = action_context()
    from orderhaven.actions import account_setup

    spec = context.spec(connector)
    settings = _given(spec, given, from_file)
    at_a_screen = sys.stdin.isatty() and from_file is None
    is_new = not any(one.name == (name or connector) for one in account_setup.connection_list(context))
    if at_a_screen:
        if spec.limitations:
            say(_(spec.limitations) + "\n", "dim")
        settings |= _ask_for(spec, settings, is_new=is_new)
    trial = account_setup.try_account(context, connector, name or connector, settings)
    say(_("{title} answers: {account}", title=spec.title if is_new else name or connector, account=trial.account.name))
    for remark in trial.account.remarks:
        say(f"  {translate_reason(remark)}")
    if at_a_screen:
        trial = account_setup.choose(trial, _choose(trial))
    done = account_setup.save(context, trial, duration(every))
    if done.is_new:
        say(_("Saved as '{name}'.", name=done.name))
        _say_next(trial, done.name)
    else:
        say(_("'{name}' has its new settings and goes on.", name=done.name))


def connection_list(json: Json = False) -> None:
    context = action_context()
    from orderhaven.actions import account_setup

    rows = account_setup.connection_list(context)
    if json:
        print_json(rows)
        return
    if not rows:
        say(_("Nothing is connected yet. Begin with: orderhaven connect CONNECTOR"))
        return
    headings = (_("name"), _("what"), _("account"), _("state"), _("goes to"), _("last pulled"))
    table(headings, map(_cells, rows), at_least={_("name"): 8, _("state"): 7})
    for row in rows:
        if row.trouble:
            say(f"\n{row.name}: {row.trouble}")


def pause(name: str = _NAME) -> None:
    context = action_context()
    from orderhaven.actions import account_setup

    account_setup.pause(context, name)
    say(_("'{name}' is paused. Go on with: {command}", name=name, command=f"orderhaven resume {quote(name)}"))


def resume(name: str = _NAME) -> None:
    context = action_context()
    from orderhaven.actions import account_setup

    account_setup.resume(context, name)
    say(_("'{name}' goes on.", name=name))


def poll(name: str = _NAME) -> None:
    context = action_context()
    from orderhaven.actions import account_setup

    if account_setup.poll_now(context, name):
        say(_("'{name}' is asked now.", name=name))
    else:
        say(_("'{name}' is due now, but no hub runs here that would ask it. Start one with: orderhaven up", name=name))


# below: what is shown


def _cells(row: ConnectionRow) -> tuple[str, ...]:
    shop = _("{shop} (dry run)", shop=row.shop) if row.dry_run else row.shop
    return row.name, row.title, row.account, _(_STATES[row.state]), shop, moment(row.last_pulled_at)


_STATES = {"active": "active", "paused": "paused", "attention": "needs attention"}


# below: settings


def _given(spec: ConnectorSpec, pairs: list[str], file: Path | None) -> dict[str, str]:
    """From the environment, then a file, then the command line; the later one counts."""
    found = {
        setting.key: os.environ[f"ORDERHAVEN_SET_{setting.key.upper()}"]
        for setting in spec.settings
        if f"ORDERHAVEN_SET_{setting.key.upper()}" in os.environ
    }
    lines = [] if file is None else text_of(file).splitlines()
    for line in [*(line for line in lines if line.strip() and not line.lstrip().startswith("#")), *pairs]:
        key, equals, value = line.partition("=")
        if not equals:
            fail(_("A setting is written KEY=VALUE. This is not: {words}", words=key.strip()[:20]))
        found[key.strip()] = value.strip()
    return found


def _ask_for(spec: ConnectorSpec, given: Mapping[str, str], *, is_new: bool) -> dict[str, str]:
    """Whatever was not given. What the account itself offers a choice of is asked after it answered."""
    answers: dict[str, str] = {}
    for setting in spec.settings:
        if setting.key in given or (setting.kind is SettingKind.LIST and not setting.choices):
            continue
        say(_(setting.help), "dim")
        answers[setting.key] = _prompt(setting, is_new=is_new)
    return {key: value for key, value in answers.items() if value}


def _prompt(setting: Setting, *, is_new: bool) -> str:
    default = setting.default if is_new else ""
    choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
    kept = "" if is_new else " " + _("(leave empty to keep it)")
    answer = typer.prompt(
        _(setting.label) + choices + kept, default=default, hide_input=setting.secret, show_default=bool(default)
    )
    return str(answer).strip()


def _choose(trial: ConnectionTrial) -> dict[str, str]:
    chosen = {}
    for setting in trial.spec.settings:
        offered = trial.account.choices.get(setting.key, ())
        if setting.kind is SettingKind.LIST and (offered or not setting.choices):
            _say_choices(setting, offered)
            now = trial.settings[setting.key]
            chosen[setting.key] = str(typer.prompt(_(setting.label), default=now, show_default=bool(now)))
        elif offered:
            _say_choices(setting, offered)
            chosen[setting.key] = str(typer.prompt(_(setting.label), default=trial.settings[setting.key]))
    return chosen


def _say_choices(setting: Setting, offered: Sequence[str]) -> None:
    there = _("There are: {choices}", choices=", ".join(offered)) if offered else ""
    say(f"{_(setting.help)} {there}".rstrip(), "dim")


def _say_next(trial: ConnectionTrial, name: str) -> None:
    if trial.spec.side == "marketplace":
        command = f"orderhaven link {quote(name)} SHOP --dry-run"
        say(_("Next: {command} shows what would happen and sends nothing.", command=command))
    else:
        say(_("Next: {command}", command=f"orderhaven link MARKETPLACE {quote(name)}"))
