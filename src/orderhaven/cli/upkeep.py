"""Commands that run and look after the hub: up, doctor, backup, keys, demo."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhaven import paths
from orderhaven.cli.console import Json, err, print_json, say, table, zone
from orderhaven.cli.context import action_context
from orderhaven.cli.users import welcome_address
from orderhaven.core.translation import ENGLISH, _, current_catalogue, n_
from orderhaven.log import LOG_FORM, LogForm, log_to_stderr
from orderhaven.ports.connector import clock_of_the_environment

if TYPE_CHECKING:
    from orderhaven.web.listen_address import ListenAddress

keys = typer.Typer(help=_("The keys that encrypt the secrets of your connections."), no_args_is_help=True)

_FASTEST = 7200
_STORE_THREADS = 4  # on PostgreSQL
_DAYS = "ORDERHAVEN_PERSONAL_DATA_DAYS"


def add_to(app: typer.Typer) -> None:
    about = _(
        "Run hub and web interface until they are stopped (Ctrl-C or SIGTERM). The log goes to stderr: as words on a terminal, "
        "else a JSON object a line."
    )
    app.command(help=about)(up)
    about = _("Play a day of trade between two sandboxes and compare all sides, order by order.")
    app.command(help=about)(demo)
    about = _("Check database, disk, keys, clock, hub and every connection, and say what to do.")
    app.command(help=about)(doctor)
    app.command(help=_("Copy the database to a file while the hub runs. The keys are not in it."))(backup)
    keys.command(help=_("Encrypt every secret with a new key and forget the old one."))(rotate)
    app.add_typer(keys, name="keys")


def up(
    no_web: Annotated[bool, typer.Option("--no-web", help=_("Only the hub, without the web interface."))] = False,
    listen: str = typer.Option(
        "127.0.0.1:8080", envvar="ORDERHAVEN_LISTEN", help=_("Where the web interface listens.")
    ),
    log: LogForm | None = typer.Option(
        None, envvar=LOG_FORM, help=_("How the log is written; without it words on a terminal, else JSON.")
    ),
) -> None:
    from orderhaven.store.upkeep.setup import close_store, configure, demand_sound, open_store
    from orderhaven.web.listen_address import demand_free, parse_address

    zone()  # a wrong name is said before anything starts
    if log is not None:
        os.environ[LOG_FORM] = log  # for the web's own process
    log_to_stderr()
    place = None if no_web else parse_address(listen)
    if place is not None:
        os.environ["ORDERHAVEN_LISTEN"] = str(place)  # for the address that is shown, and for the web's own process
    configure()
    from orderhaven.sync.lock import only_hub_on

    kept_for = contacts_kept_for(os.environ.get(_DAYS, "30"))
    with only_hub_on(paths.lock_file()):
        if place is not None:
            demand_free(place)
        open_store()
        demand_sound()
        with current_catalogue(ENGLISH):  # logs, and what is written down for readers of any language
            # as long as nobody has an account, whoever reads the log may make the first one
            welcome = welcome_address() if place is not None else ""
            asyncio.run(_run(kept_for, place, welcome))
        close_store()


def demo(
    orders: int = typer.Option(100, min=1, help=_("How many orders are sold.")),
    keep: Annotated[
        bool, typer.Option("--keep", help=_("Leave everything running afterwards, to look around."))
    ] = False,
    speed: float = typer.Option(
        0, help=_("How many times as fast as real time; 0 chooses one that takes under a minute.")
    ),
) -> None:
    if not 0 <= speed <= _FASTEST:  # beyond it a call takes hours of that clock, and log-ins end before they are used
        raise typer.BadParameter(
            _("a speed of {speed} cannot be played. Give one from 1 to {most}.", speed=f"{speed:g}", most=_FASTEST),
            param_hint="--speed",
        )
    from orderhaven.demo import run_demo

    raise typer.Exit(run_demo(orders=orders, keep=keep, speed=speed))


def doctor(json: Json = False) -> None:
    context = action_context()
    from orderhaven.actions.doctor import look_after

    checks = list(look_after(context))
    if json:
        print_json(checks)
    else:
        rows = [(_("ok") if check.is_well else _("ATTENTION"), check.name, check.sentence) for check in checks]
        headings = ("", _("looked at"), _("found"))
        table(headings, rows, at_least={"": 9, headings[1]: 12})
    bad = sum(not check.is_well for check in checks)
    if bad:
        err.print(n_("{number} thing needs your attention.", "{number} things need your attention.", bad))
        raise typer.Exit(1)


def backup(file: Path = typer.Argument(help=_("The new file; a backup never overwrites one."))) -> None:
    action_context()
    from orderhaven.actions.upkeep import backup

    made = backup(file)
    say(_("{file}: {size} bytes, checked.", file=made.file, size=f"{made.size:,}"))
    say(_("The secrets in it open only with {keys}. Keep a copy of that in another place.", keys=made.keys))


def rotate() -> None:
    action_context()
    from orderhaven.actions.upkeep import rotate_keys

    rewritten = rotate_keys()
    done = n_(
        "{number} connection encrypted with a new key, in {place}.",
        "{number} connections encrypted with a new key, in {place}.",
        rewritten, place=paths.keys_place(),
    )  # fmt: skip
    say(f"{done} {_('Backups from before need the old one.')}")


def contacts_kept_for(days: str) -> timedelta:
    """How long buyers' personal data stays after an order was closed. Raises ActionRefused."""
    from orderhaven.actions.errors import ActionRefused

    if not days.isdecimal() or not 1 <= int(days) <= 180:
        text = _("{name} is '{days}'. Give a whole number of days from 1 to 180.", name=_DAYS, days=days)
        raise ActionRefused(text)
    return timedelta(days=int(days))


async def _run(kept_for: timedelta, place: ListenAddress | None, welcome: str) -> None:
    import structlog

    from orderhaven.certificates import trusted_authorities
    from orderhaven.connectors.kit.transport import AiohttpTransport
    from orderhaven.core.networks import EVERYWHERE
    from orderhaven.networks import allowed_networks
    from orderhaven.notifications.notifier import deliver, open_notifier
    from orderhaven.store.sql.execute import StoreExecutor
    from orderhaven.sync.sync_run import Hub
    from orderhaven.sync.worker import work
    from orderhaven.words.notifications import write

    log = structlog.get_logger()
    clock = clock_of_the_environment()
    # before anything starts: what the environment says of certificates, networks and mail may be wrong
    trusted, allowed = trusted_authorities(), allowed_networks()
    notifier = open_notifier(clock, write)
    stopping, stop = asyncio.Event(), asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stopping.set)
    log.info("hub_started", folder=str(paths.data_folder()))
    beside = asyncio.create_task(_web_first(stopping, stop, place, welcome))
    command = asyncio.create_task(deliver(notifier, stop))
    try:
        network, as_before = AiohttpTransport(trusted, allowed), AiohttpTransport(trusted, EVERYWHERE)
        await work(
            Hub(clock, StoreExecutor(_STORE_THREADS), network, as_before=as_before, contacts_kept_for=kept_for), stop
        )
    finally:
        stopping.set()
        await beside
        await command
    log.info("hub_stopped")


async def _web_first(stopping: asyncio.Event, stop: asyncio.Event, place: ListenAddress | None, welcome: str) -> None:
    """When they are asked to stop, the web does so first: what people press is still taken in by a hub."""
    from orderhaven.cli.web_process import keep_web_up, say_once_it_listens

    saying = asyncio.create_task(say_once_it_listens(place, stopping, welcome)) if place and welcome else None
    try:
        await (keep_web_up(stopping) if place is not None else stopping.wait())
    finally:
        stop.set()
        if saying is not None:
            await saying
