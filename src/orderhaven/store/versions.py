"""The version of an order: it changes with every event of it, every step of its messages, and every problem that comes or goes.
That of a link or a connection changes with every setting of it.

Whoever decides by what was read says so, and the change is made only to what was read.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection

from orderhaven.store import sql
from orderhaven.store.models import Connection, Link


class Changed(Exception):
    """It is not any more what it was when it was read."""


_LATEST = """
SELECT (SELECT MAX(id) FROM store_event WHERE order_id = %s),
    (SELECT MAX(id) FROM store_problem WHERE order_id = %s AND solved_at IS NULL),
    (SELECT COUNT(*) FROM store_problem WHERE order_id = %s AND solved_at IS NULL)
"""
_MESSAGES = "SELECT id, state, attempt FROM store_message WHERE order_id = %s ORDER BY id"
Of = Callable[[int], str]
_read: ContextVar[tuple[Of, int, str] | None] = ContextVar("read", default=None)


def version_of(order_id: int) -> str:
    """Opaque. Two queries."""
    return _short((sql.rows(_LATEST, [order_id] * 3), sql.rows(_MESSAGES, [order_id])))


def version_of_link(link_id: int) -> str:
    """Opaque. Nobody else changes the link until the end of the transaction."""
    found = Link.objects.select_for_update(of=("self",)) if connection.in_atomic_block else Link.objects
    return _short(_row(found.filter(pk=link_id).values(*_OF_A_LINK).first()))


def version_of_connection(connection_id: int) -> str:
    """The same of a connection. How it does is no part of it, but whether it is active, paused or in trouble is."""
    found = Connection.objects.select_for_update() if connection.in_atomic_block else Connection.objects
    return _short(_row(found.filter(pk=connection_id).values(*_OF_A_CONNECTION).first()))


@contextmanager
def as_it_was_read(key: int, version: str, of: Of = version_of) -> Iterator[None]:
    """Within the block this order, or what `of` gives the version of, is changed in that version only. Raises Changed."""
    _demand(of, key, version)
    before = _read.set((of, key, version))
    try:
        yield
    finally:
        _read.reset(before)


def demand_as_read(keys: Collection[int], of: Of = version_of) -> None:
    """Asked again where these are about to change, while nobody else can, and that once. Raises Changed."""
    read = _read.get()
    if read is not None and read[0] is of and read[1] in keys:
        _demand(*read)
        _read.set(None)


# below: how


_OF_A_LINK = (*(field.attname for field in Link._meta.concrete_fields), "marketplace__hear_every_s")
_OF_A_CONNECTION = ("name", "settings", "secrets", "hear_every_s", "state")


def _demand(of: Of, key: int, version: str) -> None:
    if of(key) != version:
        raise Changed


def _row(found: Mapping[str, Any] | None) -> object:
    return sorted((found or {}).items())


def _short(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
