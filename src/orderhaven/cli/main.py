"""The `orderhaven` command."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from orderhaven import __version__, paths
from orderhaven.cli import (
    accounts,
    carriers,
    connections,
    links,
    onboarding,
    order_actions,
    order_list,
    shipping,
    upkeep,
    users,
)
from orderhaven.cli.console import err
from orderhaven.cli.usage_errors import in_our_words
from orderhaven.core.errors import HubError
from orderhaven.core.translation import _

app = typer.Typer(
    name="orderhaven",
    help=_("Marketplace orders into your webshop, track & trace back, each exactly once."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for part in (upkeep, users, connections, accounts, links, order_list, order_actions, onboarding, shipping, carriers):
    part.add_to(app)
in_our_words(app)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Orderhaven {__version__}")
        raise typer.Exit


@app.callback()
def orderhaven(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help=_("Say which version this is."))
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run a command. Whatever goes wrong ends in a sentence on stderr and exit 1."""
    sys.exit(run(app))


def run(command: Callable[[], object]) -> int:
    """The exit code of one command; its trouble is said, never shown as a stack trace."""
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the edge of the command line: a person reads what comes out here
        err.print(Text(sentence_of(error)))
        return 1
    return 0


def sentence_of(error: Exception) -> str:
    """What to say of an error. One that nobody expected leaves its trace in a file, and that is said."""
    if isinstance(error, BrokenPipeError):
        return ""
    if isinstance(error, HubError) or type(error).__name__ in _SPEAK_FOR_THEMSELVES:
        if isinstance(error.__cause__, Exception):
            _keep_trace(error)
        return str(error)
    return _of_database(error) or _of_disk(error) or _unexpected(error)


# by name: importing them needs Django's settings, which may be what is wrong
_SPEAK_FOR_THEMSELVES = frozenset({"ActionRefused", "KeysLost", "AlreadyRunning", "BadCursor", "NoBackup", "Unusable"})


def _of_database(error: Exception) -> str:
    if "django" not in sys.modules:
        return ""
    try:
        from orderhaven.store.upkeep.doctor import database_trouble
    except Exception:  # noqa: BLE001 - Django could not be set up: then it is not the database that speaks
        return ""
    return database_trouble(error)


def _of_disk(error: Exception) -> str:
    if not isinstance(error, OSError):
        return ""
    where = error.filename or paths.data_folder()
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _("The disk is full ({file}). What was written before is safe; make room and try again.", file=where)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return _(
                "{file} cannot be used: {error}. Look at its owner and rights, or choose another folder.",
                file=where,
                error=error.strerror,
            )
        case errno.ENOENT | errno.EISDIR | errno.ENOTDIR:
            return _("{file}: {error}. Look whether the name is right.", file=where, error=error.strerror)
        case None:
            return str(error)  # raised by us, with a sentence
        case _:
            return f"{where}: {error.strerror}."


def _unexpected(error: Exception) -> str:
    what = _("Something unexpected went wrong in Orderhaven.")
    file = paths.log_file()
    if not _keep_trace(error):
        return f"{what} " + _("Its trace could not be written to {file}. Run 'orderhaven doctor'.", file=file)
    return f"{what} " + _(
        "The trace is in {file}; please report it. Nothing that was promised is lost: try again.", file=file
    )


def _keep_trace(error: Exception) -> bool:
    """Whether it could be written to the file of errors."""
    trace = "".join(traceback.format_exception(error))
    try:
        with os.fdopen(os.open(paths.log_file(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as log:
            log.write(f"{datetime.now(UTC).isoformat()} orderhaven {__version__}\n{trace}\n")
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
