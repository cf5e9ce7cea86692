"""Commands that run and look after the hub: up, doctor, backup, keys, demo."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from orderhaven import paths
from orderhaven.cli.desk import clock, hand
from orderhaven.cli.screen import count, err, print_json, say, table

keys = typer.Typer(help="The keys that encrypt the secrets of your connections.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(demo)
    app.command()(doctor)
    app.command()(backup)
    keys.command()(rotate)
    app.add_typer(keys, name="keys")


def up() -> None:
    """Run the hub until it is stopped (Ctrl-C or SIGTERM). Its log goes to stderr, one JSON object per line."""
    from orderhaven.cli.log import log_as_json
    from orderhaven.store.setup import configure, demand_sound, open_store

    log_as_json()
    configure()
    from orderhaven.sync.lock import only_hub_on

    kept_for = people_kept_for(os.environ.get("ORDERHAVEN_PERSONAL_DATA_DAYS", "30"))
    with only_hub_on(paths.lock_file()):
        open_store()
        demand_sound()
        asyncio.run(_run(kept_for))


def demo(
    orders: int = typer.Option(100, min=1, help="How many orders are sold."),
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, to look around.")] = False,
    speed: float = typer.Option(
        0, help="How many times as fast as real time; 0 chooses one that takes under a minute."
    ),
) -> None:
    """Play a day of trade between two sandboxes and compare all sides, order by order."""
    from orderhaven.demo import run_demo

    raise typer.Exit(run_demo(orders=orders, keep=keep, speed=speed))


def doctor(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Check database, disk, keys, clock, hub and every connection, and say what to do."""
    by = hand()
    from orderhaven.actions.doctor import look_after

    checks = list(look_after(by))
    if json:
        print_json(checks)
    else:
        marks = {True: "ok", False: "ATTENTION"}
        rows = [(marks[check.is_well], check.name, check.sentence) for check in checks]
        table(("", "looked at", "found"), rows, at_least={"": 9, "looked at": 12})
    bad = sum(not check.is_well for check in checks)
    if bad:
        err.print(f"{count(bad, 'thing needs', 'things need')} your attention.")
        raise typer.Exit(1)


def backup(file: Path = typer.Argument(help="The new file; a backup never overwrites one.")) -> None:
    """Copy the database to a file while the hub runs. The keys are not in it."""
    hand()
    from orderhaven.actions.upkeep import backup

    made = backup(file)
    say(f"{made.file}: {made.size:,} bytes, checked.")
    say(f"The secrets in it open only with {made.keys}. Keep a copy of that in another place.")


def rotate() -> None:
    """Encrypt every secret with a new key and forget the old one."""
    hand()
    from orderhaven.actions.upkeep import keys_place, rotate_keys

    rewritten = rotate_keys()
    say(
        f"{count(rewritten, 'connection')} encrypted with a new key, in {keys_place()}. "
        "Backups from before need the old one."
    )


def people_kept_for(days: str) -> timedelta:
    """How long buyers' personal data stays after an order was closed. Raises Impossible."""
    from orderhaven.actions.errors import Impossible

    if not days.isdecimal() or not 1 <= int(days) <= 180:
        raise Impossible(f"ORDERHAVEN_PERSONAL_DATA_DAYS is '{days}'. Give a whole number of days from 1 to 180.")
    return timedelta(days=int(days))


async def _run(kept_for: timedelta) -> None:
    import structlog

    from orderhaven.connectors.kit.transport import AioTransport
    from orderhaven.store.hop import Hop
    from orderhaven.sync.hub import Hub
    from orderhaven.sync.worker import work

    log = structlog.get_logger()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    log.info("hub_started", folder=str(paths.data_folder()))
    threads = 4 if paths.database_url() else 1
    await work(Hub(clock(), Hop(threads), AioTransport(), people_kept_for=kept_for), stop)
    log.info("hub_stopped")
