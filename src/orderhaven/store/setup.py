"""Opening the store: Django configured, folder made, schema brought up to date."""

import os

import django
from django.apps import apps
from django.core.management import call_command

from orderhaven import paths


def configure() -> None:
    """Make Django ready once; the data folder comes into being readable by its owner alone."""
    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orderhaven.settings")
    if not paths.database_url():
        paths.data_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    django.setup()


def open_store() -> None:
    """Configure and migrate. Safe to call from several processes: migrations run in one immediate transaction each."""
    configure()
    call_command("migrate", verbosity=0, interactive=False)
