"""A new database is made at once, and is what all migrations together make."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from orderhaven.store.upkeep import new_database
from tests.stores import point_store_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[dict[str, object]]]:
    """Two databases in which nothing was made yet."""
    kept = connections.databases["default"]
    if request.param == "sqlite":
        yield [{**kept, "NAME": str(tmp_path / f"{name}.sqlite3")} for name in ("one", "other")]
    else:
        server: dict[str, object] = request.getfixturevalue("postgres_database")
        names = [f"empty_{name}" for name in ("one", "other")]
        for name in names:
            _on(server, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
        yield [{**server, "NAME": name} for name in names]
    point_store_at(kept)


def _on(database: dict[str, object], *statements: str) -> None:
    point_store_at(database)
    with connection.cursor() as cursor:
        for one in statements:
            cursor.execute(one)


def described() -> dict[str, Any]:
    """Of every table of ours what a column and a constraint is; not what its index is called, nor what a column holds that was
    added. Of Django's own tables their names."""
    with connection.cursor() as cursor:
        look = connection.introspection
        tables = sorted(look.table_names(cursor))
        return dict.fromkeys(tables) | {
            table: (
                {one.name: (one.type_code, one.null_ok) for one in look.get_table_description(cursor, table)},
                sorted(map(_without_type, look.get_constraints(cursor, table).values()), key=repr),
                look.get_primary_key_column(cursor, table),
            )
            for table in tables
            if table.startswith("store_")
        }


def _without_type(constraint: dict[str, Any]) -> dict[str, Any]:
    return {name: constraint[name] for name in ("columns", "primary_key", "unique", "foreign_key", "check", "index")}


def test_it_is_what_all_migrations_make(empty: list[dict[str, object]]) -> None:
    point_store_at(empty[0])
    call_command("migrate", verbosity=0)
    step_by_step = described(), MigrationRecorder(connection).applied_migrations().keys(), Permission.objects.count()

    point_store_at(empty[1])
    new_database.bring_up_to_date()

    at_once = described(), MigrationRecorder(connection).applied_migrations().keys(), Permission.objects.count()
    assert at_once == step_by_step
    assert not new_database.is_new()
