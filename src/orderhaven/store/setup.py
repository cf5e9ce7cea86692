"""Opening the store: Django configured, folder made, schema brought up to date."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.apps import apps
from django.core.management import call_command

from orderhaven import paths
from orderhaven.core.language import _

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

    Raises Unusable for a file that lost its contents and for a database of a newer version.
    """
    configure()
    from orderhaven.store import doctor

    if not _is_made_by_nobody() and not doctor.migrations_missing():
        _refuse_newer_schema()
        return
    with _nobody_else_migrates():
        _refuse_emptied_file()
        _refuse_newer_schema()
        if doctor.migrations_missing():
            call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def demand_sound() -> None:
    """Read all of an SQLite file before a hub begins to work on it. Raises Unusable."""
    from orderhaven.store import doctor

    damage = doctor.damage()
    if damage:
        raise Unusable(
            _("The database {file} is damaged ({damage}).", file=paths.sqlite_file(), damage=damage) + f" {_way_back()}"
        )


def _way_back() -> str:
    return _("Nothing was written to it. Bring your last backup back: see docs/how-to/back-up-and-restore.md")


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
