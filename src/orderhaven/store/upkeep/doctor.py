"""Whether the database is sound, and what a broken one is called in a sentence."""

from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F

from orderhaven import paths
from orderhaven.core.translation import _
from orderhaven.store.models import Merchant


def damage() -> str:
    """What SQLite finds wrong in its file; "" when it is sound, or when the database is not a file of ours."""
    if database.vendor != "sqlite":
        return ""
    with database.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        outcome = str(cursor.fetchone()[0])
    return "" if outcome == "ok" else outcome


def migrations_missing() -> list[str]:
    """Changes of the schema that this version knows and the database does not have."""
    executor = MigrationExecutor(database)
    return [str(migration) for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def write_something() -> None:
    """A real, harmless write. Raises DatabaseError."""
    with transaction.atomic():
        Merchant.objects.update(name=F("name"))


def was_made_meanwhile(error: BaseException) -> str:
    """A sentence when somebody else made the same thing at the same moment; "" for any other error."""
    if not isinstance(error, IntegrityError) or "unique" not in str(error).casefold():
        return ""
    return _("The same was done at the same moment, and once is enough. Look whether it is as you want it.")


_SENTENCES = {
    "disk is full": (
        "The disk is full, so nothing could be written; what was written before is safe. Make room on the disk of "
        "{folder}; the hub goes on by itself."
    ),
    "locked": "Another process keeps the database in {folder} locked. Wait a moment and try again.",
    "readonly": "The database in {folder} cannot be written to. Look at the owner and rights of that folder.",
    "unable to open": "The database in {folder} cannot be opened. Look at the owner and rights of that folder.",
    "malformed": "The database in {folder} is damaged. Stop the hub and bring your last backup back.",
    "not a database": "The file in {folder} is no database of Orderhaven. Bring your last backup back.",
    "disk i/o error": "The disk of {folder} gives errors. Look after the disk, and keep your last backup at hand.",
}


def database_trouble(error: BaseException, *, in_full: bool = True) -> str:
    """A sentence that says what to do; "" when the error is not the database's, or is one that only a bug of ours brings out.

    Not in full for whoever comes by: PostgreSQL's own words name its machine and its account.
    """
    if not isinstance(error, DatabaseError) or isinstance(error, IntegrityError | DataError):
        return ""
    cause = str(error).strip().splitlines()[0] if str(error).strip() else _("it gives no reason")
    for word, text in _SENTENCES.items():
        if word in cause.casefold():
            return _(text, folder=paths.data_folder())
    if database.vendor == "postgresql" and not in_full:
        return _("The database cannot be used just now. The log says why; try again in a while.")
    if database.vendor == "postgresql":
        return _(
            "PostgreSQL says: {cause}. Look whether it runs and whether ORDERHAVEN_DATABASE_URL is right.", cause=cause
        )
    return ""
