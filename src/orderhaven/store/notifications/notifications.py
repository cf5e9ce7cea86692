"""Who wants to be notified of what, and what goes out together: one message per merchant and kind, never a storm."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce

from orderhaven.core.access import Role
from orderhaven.core.notifications import NotificationKind
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import is_recent
from orderhaven.store.listing.pages import count_tabs
from orderhaven.store.models import Membership, Notification, NotificationPreference, Problem
from orderhaven.store.notifications import deliveries

_FOR_WHO_ACTS = frozenset(
    {NotificationKind.PROBLEM, NotificationKind.CONNECTION, NotificationKind.CANCELLATION, NotificationKind.LATE}
)
ENABLED_BY_DEFAULT: Mapping[Role, frozenset[NotificationKind]] = {
    Role.VIEWER: frozenset(),
    Role.OPERATOR: _FOR_WHO_ACTS,
    Role.ADMINISTRATOR: _FOR_WHO_ACTS,
}
GATHERED_FOR = timedelta(seconds=60)  # what comes within a minute of the first goes along
APART: Mapping[NotificationKind, timedelta] = {
    # between two messages of a kind to a merchant; what may be late is known for hours, and new orders keep adding to it
    NotificationKind.PROBLEM: timedelta(minutes=15),
    NotificationKind.CONNECTION: timedelta(minutes=15),
    NotificationKind.CANCELLATION: timedelta(minutes=15),
    NotificationKind.LATE: timedelta(hours=1),
    NotificationKind.DIGEST: timedelta(0),
}
MOST_NAMED = 25  # in one message; of the rest it says how many

# ---------------------------------------------------------------- wishes


def preferences(merchant_id: int, user_id: int, role: Role) -> dict[NotificationKind, bool]:
    """What this user is notified of."""
    said = dict(
        NotificationPreference.objects.filter(merchant_id=merchant_id, user_id=user_id).values_list("kind", "enabled")
    )
    return {kind: said.get(kind, kind in ENABLED_BY_DEFAULT[role]) for kind in NotificationKind}


def set_preference(merchant_id: int, user_id: int, wanted: Collection[NotificationKind]) -> None:
    """From now on, these kinds and no others."""
    with transaction.atomic():
        for kind in NotificationKind:
            NotificationPreference.objects.update_or_create(
                merchant_id=merchant_id, user_id=user_id, kind=str(kind), defaults={"enabled": kind in wanted}
            )


def readers(merchant_id: int, kind: NotificationKind) -> list[int]:
    """The keys of those who want to be notified."""
    said = dict(
        NotificationPreference.objects.filter(merchant_id=merchant_id, kind=kind).values_list("user_id", "enabled")
    )
    members = Membership.objects.filter(merchant_id=merchant_id, user__is_active=True).order_by("user_id")
    return [
        user_id
        for user_id, role in members.values_list("user_id", "role")
        if said.get(user_id, kind in ENABLED_BY_DEFAULT[Role(role)])
    ]


# ---------------------------------------------------------------- what goes out together


def notify(now: datetime) -> int:
    """Make the messages whose time has come. How many: one for each reader."""
    return sum(_send_together(merchant_id, kind, now) for merchant_id, kind in _ripe(now))


def _ripe(now: datetime) -> list[tuple[int, NotificationKind]]:
    """Of whom and of what kind something waits for long enough, and the last message of that kind is long enough ago."""
    found = []
    waiting = Notification.objects.filter(Q(notified_at__isnull=True) | Q(ended_at__isnull=False)).values(
        "merchant_id", "kind"
    )
    since = waiting.annotate(since=Min(Coalesce("ended_at", "at"))).order_by("merchant_id", "kind")
    for merchant_id, word, first in since.values_list("merchant_id", "kind", "since"):
        kind = NotificationKind(word)
        waited = kind is NotificationKind.DIGEST or first <= now - GATHERED_FOR
        if waited and not _sent_lately(merchant_id, kind, now):
            found.append((merchant_id, kind))
    return found


def _sent_lately(merchant_id: int, kind: NotificationKind, now: datetime) -> bool:
    return is_recent(deliveries.last_mails(merchant_id).get(kind), now, APART[kind])


def _send_together(merchant_id: int, kind: NotificationKind, now: datetime) -> int:
    """Whoever takes the notifications sends them: of two processes that do this at once, one finds nothing."""
    with transaction.atomic():
        of_kind = Notification.objects.filter(merchant_id=merchant_id, kind=kind)
        new, new_keys = _taken(of_kind.filter(notified_at__isnull=True))
        over, over_keys = _taken(of_kind.filter(ended_at__lte=now - GATHERED_FOR))
        Notification.objects.filter(pk__in=new_keys).update(notified_at=now)
        Notification.objects.filter(pk__in=over_keys).delete()
        if not new and not over:
            return 0
        if kind is NotificationKind.DIGEST:
            facts = _how_things_stand(merchant_id, now)
        else:
            facts = {
                "items": new[:MOST_NAMED],
                "more": max(len(new) - MOST_NAMED, 0),
                "over": over[:MOST_NAMED],
            }
        whom = readers(merchant_id, kind)
        deliveries.enqueue_mails(merchant_id, whom, kind, facts, now)
    return len(whom)


def _taken(notices: QuerySet[Notification]) -> tuple[list[dict[str, Any]], list[int]]:
    rows = list(notices.select_for_update().order_by("pk"))
    return [row.data for row in rows], [row.pk for row in rows]


def _how_things_stand(merchant_id: int, now: datetime) -> dict[str, Any]:
    open_problems = Problem.objects.filter(resolved_at__isnull=True, order__merchant_id=merchant_id)
    by_kind: dict[str, int] = {}
    for kind in open_problems.values_list("kind", flat=True):
        by_kind[kind] = by_kind.get(kind, 0) + 1
    known = {kind: number for kind, number in by_kind.items() if kind in list(ProblemKind)}
    failing = Notification.objects.filter(
        merchant_id=merchant_id, kind=NotificationKind.CONNECTION, ended_at__isnull=True
    )
    return {
        "counts": {str(tab): count.number for tab, count in count_tabs(merchant_id, now).items() if count.is_exact},
        "problems": dict(sorted(known.items(), key=lambda pair: (-pair[1], pair[0]))),
        "connections": sorted(facts["connection"] for facts in failing.values_list("data", flat=True)),
    }
