"""Which database is the store of this process."""

from contextlib import suppress

from django.db import connections


def point_store_at(database: dict[str, object]) -> None:
    """Make `database` the store of this process."""
    connections.close_all()
    with suppress(AttributeError):  # nobody has opened one in this thread yet
        del connections["default"]
    connections.databases["default"] = connections.configure_settings({"default": database})["default"]
