"""The version of an order: it changes with every event of it, every step of its messages, and every problem that comes or goes.
That of a link or a connection changes with every setting of it.

Whoever decides by what was read says so, and the change is made only to what was read.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Max

from orderhaven.store.models import Connection, Event, Link, LinkChannel, Message, Problem


class Changed(Exception):
    """It is not any more what it was when it was read."""


Of = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """What somebody read and wants changed in no other version: `of` gives the version that `key` has now."""

    of: Of
    key: int
    version: str

    def demand(self) -> None:
        """Asked where it is about to change, while nobody else can. Raises Changed."""
        if self.of(self.key) != self.version:
            raise Changed


def version_of(order_id: int) -> str:
    """Opaque. Three queries."""
    event = Event.objects.filter(order_id=order_id).aggregate(newest=Max("pk"))["newest"]
    problems = Problem.objects.filter(order_id=order_id, resolved_at__isnull=True)
    newest, number = problems.aggregate(newest=Max("pk"), number=Count("pk")).values()
    messages = Message.objects.filter(order_id=order_id).order_by("pk").values_list("pk", "state", "attempt")
    return _short(([(event, newest, number)], list(messages)))


def version_of_link(link_id: int) -> str:
    """Opaque. Nobody else changes the link until the end of the transaction."""
    found = Link.objects.select_for_update(of=("self",)) if connection.in_atomic_block else Link.objects
    row = _row(found.filter(pk=link_id).values(*_OF_A_LINK).first())
    scope = LinkChannel.objects.filter(link=link_id).order_by("channel", "pk")
    return _short((row, list(scope.values_list("channel", "does_orders", "does_stock", "does_returns"))))


def version_of_connection(connection_id: int) -> str:
    """The same of a connection. How it does is no part of it, but whether it is active, paused or in trouble is."""
    found = Connection.objects.select_for_update() if connection.in_atomic_block else Connection.objects
    return _short(_row(found.filter(pk=connection_id).values(*_OF_A_CONNECTION).first()))


# below: how


_OF_A_LINK = (*(field.attname for field in Link._meta.concrete_fields), "marketplace__pull_every_s")
_OF_A_CONNECTION = ("name", "settings", "secrets", "pull_every_s", "state", "account_choices")


def _row(found: Mapping[str, Any] | None) -> object:
    return sorted((found or {}).items())


def _short(facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
