"""The addresses that the other side may call, and what such a call does to the schedule."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings

from orderhaven.store.models import Connection, ConnectionState

_REST = timedelta(seconds=10)  # between the last pull and one that a call brings forward


def key_of(connection_id: int) -> str:
    """The last part of its address, made on first use. Of two processes that make one, both get the one that stayed."""
    fresh = secrets.token_urlsafe(24)
    Connection.objects.filter(pk=connection_id, nudge_key="").update(nudge_key=fresh)
    return Connection.objects.values_list("nudge_key", flat=True).get(pk=connection_id)


def secret_of(key: str) -> str:
    """What the other side signs with: derived, so that it is nowhere kept. It ends with the secret of the web."""
    return hmac.new(settings.SECRET_KEY.encode(), f"nudge:{key}".encode(), hashlib.sha256).hexdigest()


def of_key(key: str) -> Connection | None:
    return Connection.objects.filter(nudge_key=key).first() if key else None


def pull_soon(row: Connection, now: datetime) -> bool:
    """Bring the next pull forward, to now or to some seconds after the last one; whether that changed anything.

    So calls without end cost no more than a pull every ten seconds. One that is paused, or quiet after failures, stays
    so, and one that comes during a pull changes nothing: then the next poll brings what that one did not.
    """
    at = now if row.last_pulled_at is None else max(now, row.last_pulled_at + _REST)
    rows = Connection.objects.filter(pk=row.pk, state=ConnectionState.ACTIVE, pull_at__gt=at)
    return bool(rows.update(pull_at=at))
