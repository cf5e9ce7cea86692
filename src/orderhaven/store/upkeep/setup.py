"""Opening the store: Django configured, folder made, schema brought up to date."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import django
import structlog
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError

from orderhaven import paths
from orderhaven.core.translation import _
from orderhaven.store.upkeep import new_database
from orderhaven.store.upkeep.backup import copy_database, unfinished_copy
from orderhaven.store.upkeep.privacy import make_private

log = structlog.get_logger()
_APP = "store"
_MIGRATING = 0x6F726465  # ours among a PostgreSQL's advisory locks


def configure() -> None:
    """Make Django ready once; the data folder comes into being readable by its owner alone."""
    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderhaven.settings")
    if not paths.database_url():
        paths.data_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    django.setup()


class Unusable(Exception):
    """Why this database is not opened, and the way back. Nothing was written to it."""


def open_store() -> None:
    """Configure and migrate. Of several processes at once the first migrates, and the others wait for it.

    An SQLite file that somebody used is copied first. Raises Unusable for a file that lost its contents, for a database of
    a newer version, and when migrating breaks off.
    """
    configure()
    _demand_private_folder()
    from orderhaven.store.upkeep import doctor

    if not _is_made_by_nobody() and not doctor.migrations_missing():
        _refuse_newer_schema()
        return
    with _nobody_else_migrates():
        _refuse_emptied_file()
        _refuse_file_of_others()
        _refuse_newer_schema()
        if missing := doctor.migrations_missing():
            _migrate(missing)
        paths.unfinished_file().unlink(missing_ok=True)


def demand_sound() -> None:
    """Read all of an SQLite file before a hub begins to work on it. Raises Unusable."""
    from orderhaven.store.upkeep import doctor

    damage = doctor.damage()
    if damage:
        raise Unusable(
            _("The database {file} is damaged ({damage}).", file=paths.sqlite_file(), damage=damage) + f" {_way_back()}"
        )


def _way_back() -> str:
    return _("Nothing was written to it. Bring your last backup back: see docs/how-to/back-up-and-restore.md")


def _migrate(missing: Sequence[str]) -> None:
    before = _copy_of_what_was_there(missing[0])
    try:
        if before is not None:  # years of orders take minutes
            for number, name in enumerate(missing, 1):
                log.info("database_upgrade", step=number, of=len(missing))
                call_command("migrate", *name.split(".", 1), verbosity=0, interactive=False, skip_checks=True)
        new_database.bring_up_to_date()
    except Exception as error:
        if before is None:
            raise
        raise Unusable(
            _(
                "The database could not be brought up to date ({cause}). As it was before, it stands in {file}. Mend the "
                "cause and start this version again, or put that file back and install the version before: see "
                "docs/how-to/upgrade.md",
                cause=str(error) if isinstance(error, DatabaseError | OSError) else _("an error in Orderhaven"),
                file=before,
            )
        ) from error


def _copy_of_what_was_there(first: str) -> Path | None:
    """None for a new database and for PostgreSQL, which has its own tool. Raises NoBackup; then nothing was changed."""
    from django.db import connection

    if paths.database_url() or "store_order" not in connection.introspection.table_names():
        return None
    target = paths.sqlite_file().with_suffix(f".before-{first.partition('.')[2]}.sqlite3")
    newest = target.with_suffix(".newest")
    for left_over in (newest, unfinished_copy(newest)):  # of one that was killed here: nobody else migrates now
        left_over.unlink(missing_ok=True)
    copy_database(newest)
    newest.replace(target)
    return target


def _is_made_by_nobody() -> bool:
    """Whether there is no database yet, or an SQLite file of no bytes: somebody makes it right now, or it was emptied."""
    file = paths.sqlite_file()
    return not paths.database_url() and not (file.exists() and file.stat().st_size)


@contextmanager
def _nobody_else_migrates() -> Iterator[None]:
    """Held by one process at a time, and given back when that process ends, however it does."""
    from django.db import connection

    if paths.database_url():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])
        return
    with paths.migration_lock_file().open("a") as held:
        fcntl.flock(held.fileno(), fcntl.LOCK_EX)
        yield


def _refuse_emptied_file() -> None:
    """SQLite takes a file of no bytes for a new database, and would begin again without a single order."""
    file = paths.sqlite_file()
    if not paths.database_url() and file.exists() and file.stat().st_size == 0:
        raise Unusable(_("The database {file} is empty: its contents are gone.", file=file) + f" {_way_back()}")


def _refuse_file_of_others() -> None:
    """A file that was copied without the journal beside it may have none of our tables, and would begin again as well."""
    from django.db import connection

    file = paths.sqlite_file()
    if paths.database_url():
        return
    if not file.exists():
        paths.unfinished_file().touch()  # so that a first start that breaks off is taken up again
    elif not paths.unfinished_file().exists() and "django_migrations" not in connection.introspection.table_names():
        raise Unusable(
            _(
                "The database {file} has none of Orderhaven's tables: it is of another program, or what stood in the file "
                "beside it was left behind when it was copied.",
                file=file,
            )
            + f" {_way_back()}"
        )


def _demand_private_folder() -> None:
    folder = paths.data_folder()
    if not make_private(folder):
        raise Unusable(
            _(
                "Others can read {folder}, where the orders are kept, and it is not this user's own. Give Orderhaven a folder "
                "of its own, as with: install -d -m 0700 FOLDER. Then name it in ORDERHAVEN_DATA.",
                folder=folder,
            )
        )


def close_store() -> None:
    """At the end of a hub: all of it stands in one file then."""
    from django.db import connections

    from orderhaven.store.upkeep.privacy import take_in_the_journal

    take_in_the_journal()
    connections.close_all()


def _refuse_newer_schema() -> None:
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    applied = {name for app, name in loader.applied_migrations or {} if app == _APP}
    newer = sorted(applied - {name for app, name in loader.disk_migrations or {} if app == _APP})
    if newer:
        raise Unusable(
            _(
                "The database was brought up to date by a newer Orderhaven (it has {changes}), and this version would "
                "damage it. Nothing was written. Install that version again, or put the backup from before the upgrade "
                "back: see docs/how-to/upgrade.md",
                changes=", ".join(newer),
            )
        )
