"""A new database, made at once as the models are now.

All migrations one after the other come to the same tables (`tests/store/test_new_database.py`), and take eighty times as long: Django
works out every model anew at each step.
"""

from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model


def is_new() -> bool:
    return not MigrationRecorder(connection).applied_migrations()


def make() -> None:
    """All of it or nothing: one transaction."""
    recorder = MigrationRecorder(connection)
    models: list[type[Model]] = [recorder.Migration, *apps.get_models()]
    with connection.schema_editor() as editor:
        for model in models:
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        there = MigrationLoader(None).disk_migrations or {}
        recorder.migration_qs.bulk_create(recorder.Migration(app=app, name=name) for app, name in there)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)


def bring_up_to_date() -> None:
    """A new database, or one with orders in it."""
    if is_new():
        make()
    else:
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
