"""What is worth a notification: noted when it begins, forgotten when it is over. Looks at open things only, never at history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from orderhaven.core.notifications import NotificationKind
from orderhaven.core.problems import ProblemKind
from orderhaven.store.models import Connection, ConnectionState, Merchant, Notification, Order, Problem
from orderhaven.store.sql import execute as sql
from orderhaven.store.sql.execute import insert
from orderhaven.store.sql.rows import new_row

FAILS_FOR = timedelta(minutes=5)  # less is a hiccup that nobody needs to hear of
LATE_WITHIN = timedelta(hours=4)
DIGEST_HOURS = range(7, 12)  # of the hub's own day; a hub that starts later leaves that day's out
_AT_ONCE = 500  # the next look takes the rest
_ALL_CLEAR_FOLLOWS = frozenset({NotificationKind.CONNECTION})
# what a problem's sentence may name. Left out are words that came from outside: they might quote a buyer's name or street
SAFE_VALUES = frozenset({
    "candidates", "carrier", "cancel_reason", "tracking_number", "count", "currency", "duration", "trigger", "hours", "limit",
    "line", "lines", "place", "ref", "seconds", "shop_ref", "shop_refs", "shop_total", "side", "channel", "sku", "status", "title",
    "total",
})  # fmt: skip


def scan(now: datetime, zone: ZoneInfo) -> None:
    """Note what is new, close what is over. A few statements for each kind, however much there is."""
    for kind, watched in _watched(now).items():
        with transaction.atomic():
            _close(kind, watched, now)
            _note(kind, watched, now)
    with transaction.atomic():
        _note_digests(now, zone)


@dataclass(frozen=True, slots=True)
class _Watched:
    begins: str  # gives merchant and key of what is to be noted
    lasts: str  # gives the keys of what is still so
    begins_given: Sequence[Any] = ()
    lasts_given: Sequence[Any] = ()


# SQLite is led to the indexes of what is open: by CROSS JOIN, whose order it keeps, and by a condition on an index's first
# column that is always true. By itself it would read all problems and all orders that ever were.
# What an outage makes of single orders is not sent while it lasts: the connection's own notification says it once.
_PROBLEM_BEGINS = """
SELECT o.merchant_id, p.id FROM store_problem p CROSS JOIN store_order o JOIN store_connection m ON m.id = o.connection_id
    LEFT JOIN store_link l ON l.id = o.link_id LEFT JOIN store_connection s ON s.id = l.shop_id
WHERE p.resolved_at IS NULL AND p.order_id > 0 AND o.id = p.order_id AND NOT (p.kind IN ('wait_extended', 'delayed') AND (
    s.failing_since IS NOT NULL OR s.state = 'attention' OR m.failing_since IS NOT NULL OR m.state = 'attention'))
"""
_PROBLEM_LASTS = "SELECT p.id FROM store_problem p WHERE p.resolved_at IS NULL"
_SAYS_SOMETHING = "c.problem_kind = 'unidentified_rows' OR c.repeated_retry_at IS NOT NULL"  # though it works
_CONNECTION_BEGINS = f"""
SELECT c.merchant_id, c.id FROM store_connection c
WHERE c.state = 'attention' OR (c.state = 'active' AND (c.failing_since <= %s OR {_SAYS_SOMETHING}))
"""
_CONNECTION_LASTS = f"""
SELECT c.id FROM store_connection c
WHERE c.state = 'attention' OR (c.state = 'active' AND (c.failing_since IS NOT NULL OR {_SAYS_SOMETHING}))
"""
_ASKS = "o.closed_at IS NULL AND o.status = 'cancellation_requested'"
_CANCELLATION_BEGINS = f"""
SELECT o.merchant_id, o.id FROM store_merchant m CROSS JOIN store_order o WHERE o.merchant_id = m.id AND {_ASKS}
"""
_CANCELLATION_LASTS = f"SELECT o.id FROM store_order o WHERE {_ASKS}"
_IS_LATE = """
o.closed_at IS NULL AND o.status IN ('pending_confirmation', 'not_shipped', 'partly_shipped')
    AND (o.ship_by <= %s OR o.expires_at <= %s) AND NOT o.by_marketplace AND o.hold = '' AND NOT l.dry_run
"""
_LATE_BEGINS = f"""
SELECT o.merchant_id, o.id FROM store_merchant m CROSS JOIN store_order o JOIN store_link l ON l.id = o.link_id
WHERE o.merchant_id = m.id AND {_IS_LATE}
"""
_LATE_LASTS = f"SELECT o.id FROM store_order o JOIN store_link l ON l.id = o.link_id WHERE {_IS_LATE}"


def _watched(now: datetime) -> Mapping[NotificationKind, _Watched]:
    late = [now + LATE_WITHIN] * 2
    return {
        NotificationKind.PROBLEM: _Watched(_PROBLEM_BEGINS, _PROBLEM_LASTS),
        NotificationKind.CONNECTION: _Watched(_CONNECTION_BEGINS, _CONNECTION_LASTS, [now - FAILS_FOR]),
        NotificationKind.CANCELLATION: _Watched(_CANCELLATION_BEGINS, _CANCELLATION_LASTS),
        NotificationKind.LATE: _Watched(_LATE_BEGINS, _LATE_LASTS, late, late),
    }


# ---------------------------------------------------------------- what is new

_NEW = """
SELECT x.merchant_id, x.id FROM ({begins}) x WHERE NOT EXISTS (
    SELECT 1 FROM store_notification n WHERE n.kind = '{kind}' AND n.about = CAST(x.id AS TEXT))
LIMIT {limit}
"""  # in any order: by key, SQLite would walk through all of a table to save the sorting


def _note(kind: NotificationKind, watched: _Watched, now: datetime) -> None:
    new = sorted(sql.rows(_NEW.format(begins=watched.begins, kind=kind, limit=_AT_ONCE), watched.begins_given))
    if not new:
        return
    facts = _FACTS[kind]([key for _, key in new])
    rows = [
        new_row(Notification, merchant_id=merchant_id, kind=str(kind), about=str(key), data=facts[key], at=now)
        for merchant_id, key in new
        if key in facts
    ]
    insert(rows, ignore_repeats=True)


def _of_problems(keys: Collection[int]) -> dict[int, dict[str, Any]]:
    columns = ("pk", "order__connection__name", "order__ref", "kind", "values")
    return {
        key: {**_order(marketplace, ref), "problem": kind, "values": _safe(values)}
        for key, marketplace, ref, kind, values in Problem.objects.filter(pk__in=keys).values_list(*columns)
    }


def _of_connections(keys: Collection[int]) -> dict[int, dict[str, Any]]:
    return {
        row.pk: {
            "connection": row.name,
            **_trouble(row),
            "reason": row.last_error[:200],
            "since": row.failing_since.isoformat() if row.failing_since else "",
        }
        for row in Connection.objects.filter(pk__in=keys)
    }


def _trouble(row: Connection) -> dict[str, Any]:
    if row.state == ConnectionState.ACTIVE and row.repeated_retry_at is not None:
        return {"problem": str(ProblemKind.REPEATED_REJECTION), "values": {"side": row.name}}
    return {"problem": row.problem_kind, "values": row.problem_values}


def _of_orders(keys: Collection[int]) -> dict[int, dict[str, Any]]:
    columns = ("pk", "connection__name", "ref", "ship_by", "ship_by_is_estimated", "expires_at")
    return {
        key: {
            **_order(marketplace, ref),
            "ship_by": ship_by.isoformat() if ship_by else "",
            "is_estimated": is_estimated,
            "expires_at": expires_at.isoformat() if expires_at else "",
        }
        for key, marketplace, ref, ship_by, is_estimated, expires_at in Order.objects.filter(pk__in=keys).values_list(
            *columns
        )
    }


_FACTS = {
    NotificationKind.PROBLEM: _of_problems,
    NotificationKind.CONNECTION: _of_connections,
    NotificationKind.CANCELLATION: _of_orders,
    NotificationKind.LATE: _of_orders,
}


def _order(marketplace: str, ref: str) -> dict[str, str]:
    return {"marketplace": marketplace, "ref": ref}


def _safe(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value)[:200] for name, value in values.items() if name in SAFE_VALUES}


# ---------------------------------------------------------------- what is over

_OVER = """
SELECT n.id FROM store_notification n WHERE n.kind = '{kind}' AND n.ended_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM ({lasts}) x WHERE x.id = CAST(n.about AS BIGINT))
ORDER BY n.id LIMIT {limit}
"""
_LASTS_AGAIN = """
UPDATE store_notification SET ended_at = NULL
WHERE kind = '{kind}' AND ended_at IS NOT NULL AND CAST(about AS BIGINT) IN ({lasts})
"""


def _close(kind: NotificationKind, watched: _Watched, now: datetime) -> None:
    """What nobody was notified of is forgotten, and so is what needs no all-clear."""
    if kind in _ALL_CLEAR_FOLLOWS:  # it failed again before its all-clear was sent: for who reads, it lasted
        sql.change(_LASTS_AGAIN.format(kind=kind, lasts=watched.lasts), watched.lasts_given)
    found = sql.rows(_OVER.format(kind=kind, lasts=watched.lasts, limit=_AT_ONCE), watched.lasts_given)
    if not found:
        return
    over = Notification.objects.filter(pk__in=[key for (key,) in found])
    if kind in _ALL_CLEAR_FOLLOWS:
        notified = over.filter(notified_at__isnull=False).exclude(about__in=_paused())
        # a person looked: it never stood still
        notified.exclude(data__problem=ProblemKind.UNIDENTIFIED_ROWS).update(ended_at=now)
    over.filter(ended_at__isnull=True).delete()


def _paused() -> list[str]:
    """A user stopped these, and knows: they do not work again, and nobody is told that they do."""
    return [str(key) for key in Connection.objects.filter(state=ConnectionState.PAUSED).values_list("pk", flat=True)]


# ---------------------------------------------------------------- once a day


def _note_digests(now: datetime, zone: ZoneInfo) -> None:
    """For every merchant, one a day; the notice stays until the next day's, as the mark that it was made."""
    local = now.astimezone(zone)
    if local.hour not in DIGEST_HOURS:
        return
    today = f"{local:%Y%m%d}"
    without = Merchant.objects.exclude(pk__in=_digests().filter(about=today).values("merchant_id"))
    new = list(without.values_list("pk", flat=True))
    if new:
        _digests().filter(merchant_id__in=new).delete()
        rows = [
            new_row(Notification, merchant_id=key, kind=str(NotificationKind.DIGEST), about=today, at=now)
            for key in new
        ]
        insert(rows, ignore_repeats=True)


def _digests() -> QuerySet[Notification]:
    return Notification.objects.filter(kind=NotificationKind.DIGEST)
