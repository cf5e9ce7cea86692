"""Webhooks: the addresses of programs, and which events become calls to them."""

import base64
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from orderhaven.core.notifications import WebhookEvent
from orderhaven.ports.connector import is_recent
from orderhaven.store.access import credentials
from orderhaven.store.connections import keys
from orderhaven.store.models import Event, Webhook
from orderhaven.store.notifications import deliveries
from orderhaven.store.upkeep.clock_ahead import SLACK

EVENT_OF_KIND: Mapping[str, WebhookEvent] = {
    # kind of event -> what programs are called for
    "received": WebhookEvent.ORDER_RECEIVED,
    "shop_order_created": WebhookEvent.ORDER_CREATED,
    "adopted": WebhookEvent.ORDER_CREATED,
    "status": WebhookEvent.ORDER_STATUS,
    "problem": WebhookEvent.ORDER_PROBLEM,
    "confirmed": WebhookEvent.SHIPMENT_CONFIRMED,
    "needs_attention": WebhookEvent.CONNECTION_TROUBLE,
    "failing_long": WebhookEvent.CONNECTION_TROUBLE,
    "unidentified_rows": WebhookEvent.CONNECTION_TROUBLE,
}
# what of an event goes along. Nothing else does: a cause or a reason quotes the other side, which might name a buyer
FACTS: Mapping[WebhookEvent, tuple[str, ...]] = {
    WebhookEvent.ORDER_RECEIVED: (),
    WebhookEvent.ORDER_CREATED: ("shop_ref", "number"),
    WebhookEvent.ORDER_STATUS: ("from", "to", "trigger"),
    WebhookEvent.ORDER_PROBLEM: ("problem",),
    WebhookEvent.SHIPMENT_CONFIRMED: ("tracking_number", "carrier"),
    WebhookEvent.CONNECTION_TROUBLE: ("problem", "hours"),
}
MOST_OF_A_MERCHANT = 20
_SECRET_PREFIX = "whsec_"  # so that a leaked one is recognised # noqa: S105
_PLAIN_BASE64 = str.maketrans("-_", "+/")
_AT_ONCE = 500
_MAY_STILL_COME = timedelta(seconds=60)


# ---------------------------------------------------------------- webhooks


def of_merchant(merchant_id: int) -> list[Webhook]:
    return list(Webhook.objects.filter(merchant_id=merchant_id).order_by("id"))


def get_webhook(merchant_id: int, webhook_id: int) -> Webhook | None:
    return Webhook.objects.filter(merchant_id=merchant_id, pk=webhook_id).first()


def create_webhook(
    merchant_id: int, url: str, kinds: Collection[WebhookEvent], now: datetime, actor: str
) -> str | None:
    """The secret that signs its calls, which is shown once; None when the merchant has this address already."""
    secret = _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        with transaction.atomic():
            Webhook.objects.create(
                merchant_id=merchant_id, url=url, kinds=sorted(kinds), secret=keys.encrypt({"secret": secret}),
                cursor=_newest_event(), created_at=now, created_by=actor,
            )  # fmt: skip
            credentials.note(merchant_id, now, actor, "webhook_created", {"url": url})
    except IntegrityError:
        return None
    return secret


def secret_of(hook: Webhook) -> str:
    """Raises KeysLost. Secrets made before Standard Webhooks are in base64 for addresses, and come out in plain base64."""
    return _SECRET_PREFIX + keys.decrypt(hook.secret)["secret"].removeprefix(_SECRET_PREFIX).translate(_PLAIN_BASE64)


def delete_webhook(merchant_id: int, webhook_id: int, now: datetime, actor: str) -> bool:
    """Its log goes with it. Whether there was one."""
    with transaction.atomic():
        found = get_webhook(merchant_id, webhook_id)
        if found is None:
            return False
        credentials.note(merchant_id, now, actor, "webhook_deleted", {"url": found.url})
        found.delete()
    return True


def resume_webhook(merchant_id: int, webhook_id: int, now: datetime, actor: str) -> bool:
    """It is called for what happens from now on. Whether it was paused."""
    with transaction.atomic():
        paused = Webhook.objects.filter(merchant_id=merchant_id, pk=webhook_id, paused_at__isnull=False)
        url = paused.values_list("url", flat=True).first()
        if url is None or not paused.update(paused_at=None, cursor=_newest_event()):
            return False
        credentials.note(merchant_id, now, actor, "webhook_resumed", {"url": url})
    return True


def put_test(hook: Webhook, now: datetime) -> None:
    facts = {"at": now.isoformat(), "data": {"test": "It arrived."}}
    deliveries.enqueue_calls([(hook, deliveries.TEST, facts)], now)


# ---------------------------------------------------------------- from events to calls


def fan_out(now: datetime) -> int:
    """Make calls of what happened since each webhook was last looked at, up to some hundred events. How many calls."""
    newest = _newest_event()
    behind = Webhook.objects.filter(paused_at__isnull=True, cursor__lt=newest).order_by("cursor", "id")
    made = 0
    for cursor, hooks in groupby(list(behind), key=lambda hook: hook.cursor):
        made += _fan_out_from(cursor, list(hooks), now)
    return made


@dataclass(frozen=True, slots=True)
class _WebhookEvent:
    merchant_id: int
    kind: WebhookEvent
    facts: Mapping[str, Any]


def _fan_out_from(cursor: int, hooks: Sequence[Webhook], now: datetime) -> int:
    events = _whole(_events_after(cursor), cursor, now)
    if not events:
        return 0
    happened = [one for one in map(_happened, events) if one is not None]
    with transaction.atomic():
        mine = _move_cursor(hooks, cursor, events[-1]["pk"])
        calls = [
            (hook, str(one.kind), one.facts)
            for hook in hooks
            if hook.pk in mine
            for one in happened
            if one.merchant_id == hook.merchant_id and one.kind in hook.kinds
        ]
        deliveries.enqueue_calls(calls, now)
    return len(calls)


def _move_cursor(hooks: Sequence[Webhook], before: int, after: int) -> set[int]:
    """Whoever moves the cursor makes the calls: of two processes that do this at once, one finds it moved."""
    there = Webhook.objects.filter(pk__in=[hook.pk for hook in hooks], cursor=before, paused_at__isnull=True)
    mine = set(there.select_for_update().values_list("pk", flat=True))  # the other one waits, then finds it moved
    Webhook.objects.filter(pk__in=mine).update(cursor=after)
    return mine


_COLUMNS = (
    "pk", "kind", "at", "data", "order__merchant_id", "order__merchant__slug", "order__connection__name",
    "order__ref", "order__status", "order__shop_number", "connection__merchant_id", "connection__merchant__slug",
    "connection__name", "connection__side",
)  # fmt: skip


def _events_after(cursor: int) -> Iterable[Mapping[str, Any]]:
    return list(Event.objects.filter(pk__gt=cursor).order_by("pk").values(*_COLUMNS)[:_AT_ONCE])


def _whole(events: Iterable[Mapping[str, Any]], cursor: int, now: datetime) -> list[Mapping[str, Any]]:
    """Those before which nothing can still come.

    PostgreSQL gives numbers out before it commits: a number that is missing may be on its way, and its event must not be
    passed by. After a minute it is not coming any more: whatever asked for it was undone.
    """
    found: list[Mapping[str, Any]] = []
    for event in events:
        cursor += 1
        if event["pk"] != cursor and is_recent(event["at"], now + SLACK, SLACK + _MAY_STILL_COME):
            break
        cursor = event["pk"]
        found.append(event)
    return found


def _happened(event: Mapping[str, Any]) -> _WebhookEvent | None:
    """As a call says it; None for what nobody is called for."""
    kind = EVENT_OF_KIND.get(event["kind"])
    if kind is None:
        return None
    side = "order" if event["order__ref"] is not None else "connection"
    data = {name: event["data"][name] for name in FACTS[kind] if name in event["data"]}
    facts = {
        "event": event["pk"],
        "at": event["at"].isoformat(),
        "merchant": event[f"{side}__merchant__slug"],
        **(_order(event) if side == "order" else _connection(event)),
        "data": data,
    }
    return _WebhookEvent(event[f"{side}__merchant_id"], kind, facts)


def _order(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "order": {
            "marketplace": event["order__connection__name"],
            "ref": event["order__ref"],
            "status": event["order__status"],
            "shop_number": event["order__shop_number"],
        }
    }


def _connection(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"connection": {"name": event["connection__name"], "side": event["connection__side"]}}


def _newest_event() -> int:
    return Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
