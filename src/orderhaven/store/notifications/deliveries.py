"""Mails and calls on their way: an outbox of its own, and the log of what came of each.

At least once: an attempt is written down before it is sent, so a death in between sends it again, under the same name.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from orderhaven.core.notifications import NotificationKind
from orderhaven.store.access import credentials
from orderhaven.store.models import Channel, Delivery, DeliveryState, Membership, Webhook
from orderhaven.store.sql.execute import insert
from orderhaven.store.sql.rows import new_row

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
TRIED_FOR = timedelta(days=3)
KEPT_FOR = timedelta(days=30)
TEST = "test"  # the kind of a call that a person asked for, to see whether it arrives
AT_ONCE = 4  # to one address, so that one that hangs holds up nobody else's
_ANSWER_AT_MOST = 200
_FORGOTTEN_AT_ONCE = 5000


class DeliveryResult(StrEnum):
    """What one attempt came to."""

    DONE = "done"
    LATER = "later"  # it may work another time
    NEVER = "never"  # trying again would be no use


def name_of(delivery: Delivery) -> str:
    """The same for every attempt, and never again for another delivery, also after a backup was put back."""
    return f"{delivery.pk}-{int(delivery.created_at.timestamp() * 1000)}"


def pause_after(attempt: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(attempt - 1, 20)), LONGEST_PAUSE)


# ---------------------------------------------------------------- making


def enqueue_mails(
    merchant_id: int, user_ids: Sequence[int], kind: NotificationKind, facts: Mapping[str, Any], now: datetime
) -> None:
    """One message, to each of these people."""
    insert([
        new_row(
            Delivery, merchant_id=merchant_id, channel=str(Channel.MAIL), user_id=user_id, kind=str(kind),
            data=dict(facts), created_at=now, due_at=now,
        )
        for user_id in user_ids
    ])  # fmt: skip


def enqueue_calls(calls: Sequence[tuple[Webhook, str, Mapping[str, Any]]], now: datetime) -> None:
    """To each webhook, of this kind, with these facts."""
    insert([
        new_row(
            Delivery, merchant_id=hook.merchant_id, channel=str(Channel.WEBHOOK), webhook_id=hook.pk, kind=kind,
            data=dict(facts), created_at=now, due_at=now,
        )
        for hook, kind, facts in calls
    ])  # fmt: skip


_LATEST = 300


def last_mails(merchant_id: int) -> dict[str, datetime]:
    """When the last mail of each kind was made, as far as the latest few hundred tell."""
    mails = Delivery.objects.filter(merchant_id=merchant_id, channel=Channel.MAIL).order_by("-id")
    found: dict[str, datetime] = {}
    for kind, created_at in mails.values_list("kind", "created_at")[:_LATEST]:
        found.setdefault(kind, created_at)
    return found


# ---------------------------------------------------------------- sending


def begin(now: datetime, until: datetime, busy: Counter[int | None], limit: int) -> list[Delivery]:
    """Take what is due, each for one attempt. Nobody else gets it before `until`; by then it was finished, or is lost.

    `busy` says how many attempts are under way to each webhook (None: by mail).
    """
    # a few to each address, the oldest first, so that a thousand calls for one receiver leave room for the others
    all_due = Delivery.objects.filter(state=DeliveryState.QUEUED, due_at__lte=now)
    place = Window(RowNumber(), partition_by="webhook_id", order_by="id")
    due = (
        all_due.annotate(place=place).filter(place__lte=AT_ONCE).order_by("id").values_list("id", "webhook_id")[:limit]
    )
    room = Counter(busy)
    keys = []
    for key, webhook_id in due:
        room[webhook_id] += 1
        if room[webhook_id] <= AT_ONCE:
            keys.append(key)
    if not keys:
        return []
    with transaction.atomic():
        # of two processes that do this at once, the other one waits for these rows, and then finds them due later
        mine = list(all_due.filter(pk__in=keys).select_for_update().values_list("id", flat=True))
        Delivery.objects.filter(pk__in=mine).update(attempt=F("attempt") + 1, due_at=until)
    rows = Delivery.objects.filter(pk__in=mine)
    return list(rows.select_related("merchant", "user", "webhook").order_by("id"))


def may_read(merchant_id: int, user_id: int) -> bool:
    """Whether somebody may still see what a mail says: works there, and has not been shut out."""
    member = Membership.objects.filter(merchant_id=merchant_id, user_id=user_id)
    return member.filter(user__is_active=True).exists()


def finish(delivery: Delivery, delivery_result: DeliveryResult, answer: str, now: datetime) -> DeliveryState:
    """Write down what this attempt came to, and what is next. An attempt that is not the last any more only counts if it arrived."""
    with transaction.atomic():
        rows = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)
        answer = answer[:_ANSWER_AT_MOST]
        if delivery_result is DeliveryResult.DONE:
            rows.update(state=DeliveryState.DONE, finished_at=now, answer=answer)
            return DeliveryState.DONE
        mine = rows.filter(attempt=delivery.attempt)
        if delivery_result is DeliveryResult.LATER and delivery.kind != TEST and now < delivery.created_at + TRIED_FOR:
            mine.update(due_at=now + pause_after(delivery.attempt), answer=answer)
            return DeliveryState.QUEUED
        if mine.update(state=DeliveryState.GIVEN_UP, finished_at=now, answer=answer):
            _pause_if_it_fails(delivery, delivery_result, now)
    return DeliveryState.GIVEN_UP


def _pause_if_it_fails(delivery: Delivery, delivery_result: DeliveryResult, now: datetime) -> None:
    """A webhook that is gone, or that took nothing for as long as this was tried, is not called any more."""
    if delivery.webhook_id is None or (delivery.kind == TEST and delivery_result is DeliveryResult.LATER):
        return
    arrived = Delivery.objects.filter(
        webhook_id=delivery.webhook_id, state=DeliveryState.DONE, finished_at__gt=delivery.created_at
    )
    if delivery_result is DeliveryResult.NEVER or not arrived.exists():
        pause_webhook(delivery.merchant_id, delivery.webhook_id, now, "hub")


def pause_webhook(merchant_id: int, webhook_id: int, now: datetime, actor: str) -> bool:
    """Call it no more; what waits for it is given up. Whether it was called until now."""
    with transaction.atomic():
        rows = Webhook.objects.filter(merchant_id=merchant_id, pk=webhook_id, paused_at__isnull=True)
        url = rows.values_list("url", flat=True).first()
        if url is None or not rows.update(paused_at=now):
            return False
        Delivery.objects.filter(webhook_id=webhook_id, state=DeliveryState.QUEUED).update(
            state=DeliveryState.GIVEN_UP, finished_at=now, answer=PAUSED
        )
        credentials.note(merchant_id, now, actor, "webhook_paused", {"url": url})
    return True


PAUSED = "the webhook was paused"


# ---------------------------------------------------------------- the log


def log(merchant_id: int, channel: Channel, limit: int = 100) -> list[Delivery]:
    """The latest, newest first, with whom they went to."""
    rows = Delivery.objects.filter(merchant_id=merchant_id, channel=channel).select_related("webhook", "user")
    return list(rows.order_by("-id")[:limit])


def forget_old(now: datetime) -> int:
    """Remove what was finished long ago. How many."""
    old = Delivery.objects.filter(finished_at__lt=now - KEPT_FOR).order_by("finished_at")
    number, _ = Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:_FORGOTTEN_AT_ONCE])).delete()
    return number
