"""Commands on connections: connect, connections, pause, resume, poll."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import duration, fail, moment, print_json, say, table
from orderhaven.ports.connector import Declaration, Kind, Setting

if TYPE_CHECKING:
    from orderhaven.actions.connecting import ConnectionRow, Trial

_NAME = typer.Argument(help="The connection's name, as in 'orderhaven connections'.")


def add_to(app: typer.Typer) -> None:
    app.command()(connect)
    app.command("connections")(connection_list)
    app.command()(pause)
    app.command()(resume)
    app.command()(poll)


def connect(
    connector: str = typer.Argument(help="Which marketplace or shop system."),
    name: str = typer.Option("", help="What you call this connection; default: the connector's name."),
    given: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="A setting. Repeat it for more."),
    from_file: Path | None = typer.Option(None, help="Settings, one KEY=VALUE per line; - is standard input."),
    every: str | None = typer.Option(None, help="How often it is heard, as in 5m."),
) -> None:
    """Connect a marketplace or shop: asks what it needs, tests it, and only then saves it.

    An existing connection gets new keys. Secrets are typed unseen, or come from a file or from variables named
    ORDERHAVEN_SET_ and the setting's key in capitals.
    """
    by = hand()
    from orderhaven.actions import connecting

    declaration = by.declaration(connector)
    settings = _given(declaration, given, from_file)
    at_a_screen = sys.stdin.isatty() and from_file is None
    is_new = not any(one.name == (name or connector) for one in connecting.connection_list(by))
    if at_a_screen:
        if declaration.honest:
            say(declaration.honest + "\n", "dim")
        settings |= _ask_for(declaration, settings, is_new=is_new)
    trial = connecting.try_account(by, connector, name or connector, settings)
    say(f"{declaration.title} answers: {trial.account.name}")
    for remark in trial.account.remarks:
        say(f"  {remark}")
    if at_a_screen:
        trial = connecting.choose(trial, _choose(trial))
    done = connecting.save(by, trial, duration(every))
    say(f"Saved as '{done.name}'." if done.is_new else f"'{done.name}' has its new settings and goes on.")
    if done.is_new:
        _say_next(trial, done.name)


def connection_list(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """All connections: what they are, when they were heard, and what is wrong."""
    by = hand()
    from orderhaven.actions import connecting

    rows = connecting.connection_list(by)
    if json:
        print_json(rows)
        return
    if not rows:
        say("Nothing is connected yet. Begin with: orderhaven connect CONNECTOR")
        return
    headings = ("name", "what", "account", "state", "goes to", "last heard")
    table(headings, map(_cells, rows), at_least={"name": 8, "state": 7})
    for row in rows:
        if row.trouble:
            say(f"\n{row.name}: {row.trouble}")


def pause(name: str = _NAME) -> None:
    """Hear and tell nothing on a connection until it is resumed."""
    by = hand()
    from orderhaven.actions import connecting

    connecting.pause(by, name)
    say(f"'{name}' is paused. Go on with: orderhaven resume {quote(name)}")


def resume(name: str = _NAME) -> None:
    """Go on with a connection that was paused, by hand or because of trouble."""
    by = hand()
    from orderhaven.actions import connecting

    connecting.resume(by, name)
    say(f"'{name}' goes on.")


def poll(name: str = _NAME) -> None:
    """Hear and tell a connection now instead of at its next turn."""
    by = hand()
    from orderhaven.actions import connecting

    if connecting.poll_now(by, name):
        say(f"'{name}' is asked now.")
    else:
        say(f"'{name}' is due now, but no hub runs here that would ask it. Start one with: orderhaven up")


# below: what is shown


def _cells(row: ConnectionRow) -> tuple[str, ...]:
    shop = f"{row.shop} (rehearsal)" if row.rehearsal else row.shop
    return row.name, row.title, row.account, row.state, shop, moment(row.heard_at)


# below: settings


def _given(declaration: Declaration, pairs: list[str], file: Path | None) -> dict[str, str]:
    """From the environment, then a file, then the command line; the later one counts."""
    found = {
        setting.key: os.environ[f"ORDERHAVEN_SET_{setting.key.upper()}"]
        for setting in declaration.settings
        if f"ORDERHAVEN_SET_{setting.key.upper()}" in os.environ
    }
    lines = [] if file is None else (sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")).splitlines()
    for line in [*(line for line in lines if line.strip() and not line.lstrip().startswith("#")), *pairs]:
        key, equals, value = line.partition("=")
        if not equals:
            fail(f"A setting is written KEY=VALUE. This is not: {key.strip()[:20]}")
        found[key.strip()] = value.strip()
    return found


def _ask_for(declaration: Declaration, given: Mapping[str, str], *, is_new: bool) -> dict[str, str]:
    """Whatever was not given. What the account itself offers a choice of is asked after it answered."""
    answers: dict[str, str] = {}
    for setting in declaration.settings:
        if setting.key in given or (setting.kind is Kind.LIST and not setting.choices):
            continue
        say(setting.help, "dim")
        answers[setting.key] = _prompt(setting, is_new=is_new)
    return {key: value for key, value in answers.items() if value}


def _prompt(setting: Setting, *, is_new: bool) -> str:
    default = setting.default if is_new else ""
    choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
    kept = "" if is_new else " (leave empty to keep it)"
    answer = typer.prompt(
        setting.label + choices + kept, default=default, hide_input=setting.secret, show_default=bool(default)
    )
    return str(answer).strip()


def _choose(trial: Trial) -> dict[str, str]:
    chosen = {}
    for setting in trial.declaration.settings:
        offered = trial.account.choices.get(setting.key, ())
        if setting.kind is Kind.LIST and (offered or not setting.choices):
            say(f"{setting.help}{' There are: ' + ', '.join(offered) if offered else ''}", "dim")
            now = trial.settings[setting.key]
            chosen[setting.key] = str(typer.prompt(setting.label, default=now, show_default=bool(now)))
        elif offered:
            say(f"{setting.help} There are: {', '.join(offered)}", "dim")
            chosen[setting.key] = str(typer.prompt(setting.label, default=trial.settings[setting.key]))
    return chosen


def _say_next(trial: Trial, name: str) -> None:
    if trial.declaration.role == "marketplace":
        say(f"Next: orderhaven link {quote(name)} SHOP --rehearse shows what would happen and sends nothing.")
    else:
        say(f"Next: orderhaven link MARKETPLACE {quote(name)}")
