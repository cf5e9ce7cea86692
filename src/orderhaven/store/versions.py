"""The version of an order: it changes with every event of it, every step of its messages, and every problem that comes or goes.

Whoever decides by what was read says so, and the change is made only to what was read.
"""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from orderhaven.store import sql


class Changed(Exception):
    """The order is not any more what it was when it was read."""


_LATEST = """
SELECT (SELECT MAX(id) FROM store_event WHERE order_id = %s),
    (SELECT MAX(id) FROM store_problem WHERE order_id = %s AND solved_at IS NULL),
    (SELECT COUNT(*) FROM store_problem WHERE order_id = %s AND solved_at IS NULL)
"""
_MESSAGES = "SELECT id, state, attempt FROM store_message WHERE order_id = %s ORDER BY id"
_read: ContextVar[tuple[int, str] | None] = ContextVar("read", default=None)


def version_of(order_id: int) -> str:
    """Opaque. Two queries."""
    facts = (sql.rows(_LATEST, [order_id] * 3), sql.rows(_MESSAGES, [order_id]))
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


@contextmanager
def as_it_was_read(order_id: int, version: str) -> Iterator[None]:
    """Within the block this order is changed in that version only. Raises Changed."""
    _demand(order_id, version)
    before = _read.set((order_id, version))
    try:
        yield
    finally:
        _read.reset(before)


def demand_as_read(order_ids: Collection[int]) -> None:
    """Asked again where these orders are about to change, while nobody else can, and that once. Raises Changed."""
    read = _read.get()
    if read is not None and read[0] in order_ids:
        _demand(*read)
        _read.set(None)


def _demand(order_id: int, version: str) -> None:
    if version_of(order_id) != version:
        raise Changed
