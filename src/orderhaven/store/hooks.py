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

from orderhaven.core.notices import HookKind
from orderhaven.ports.clock import is_recent
from orderhaven.store import access, deliveries, keys
from orderhaven.store.clock_ahead import SLACK
from orderhaven.store.models import Event, Webhook

HOOK_OF: Mapping[str, HookKind] = {
    # kind of event -> what programs are called for
    "heard": HookKind.ORDER_HEARD,
    "placed": HookKind.ORDER_PLACED,
    "adopted": HookKind.ORDER_PLACED,
    "status": HookKind.ORDER_STATUS,
    "problem": HookKind.ORDER_PROBLEM,
    "confirmed": HookKind.SHIPMENT_CONFIRMED,
    "needs_attention": HookKind.CONNECTION_TROUBLE,
    "failing_long": HookKind.CONNECTION_TROUBLE,
    "nameless": HookKind.CONNECTION_TROUBLE,
}
# what of an event goes along. Nothing else does: a cause or a reason quotes the other side, which might name a buyer
FACTS: Mapping[HookKind, tuple[str, ...]] = {
    HookKind.ORDER_HEARD: (),
    HookKind.ORDER_PLACED: ("shop_ref", "number"),
    HookKind.ORDER_STATUS: ("from", "to", "fact"),
    HookKind.ORDER_PROBLEM: ("problem",),
    HookKind.SHIPMENT_CONFIRMED: ("code", "carrier"),
    HookKind.CONNECTION_TROUBLE: ("problem", "hours"),
}
MOST_OF_A_MERCHANT = 20
_SECRET_PREFIX = "whsec_"  # so that a leaked one is recognised # noqa: S105
_PLAIN_BASE64 = str.maketrans("-_", "+/")
_AT_ONCE = 500
_MAY_STILL_COME = timedelta(seconds=60)


# ---------------------------------------------------------------- webhooks


def of_merchant(merchant_id: int) -> list[Webhook]:
    return list(Webhook.objects.filter(merchant_id=merchant_id).order_by("id"))


def one(merchant_id: int, webhook_id: int) -> Webhook | None:
    return Webhook.objects.filter(merchant_id=merchant_id, pk=webhook_id).first()


def make(merchant_id: int, url: str, kinds: Collection[HookKind], now: datetime, actor: str) -> str | None:
    """The secret that signs its calls, which is shown once; None when the merchant has this address already."""
    secret = _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        with transaction.atomic():
            Webhook.objects.create(
                merchant_id=merchant_id, url=url, kinds=sorted(kinds), secret=keys.encrypt({"secret": secret}),
                cursor=_newest_event(), made_at=now, made_by=actor,
            )  # fmt: skip
            access.note(merchant_id, now, actor, "webhook_made", {"url": url})
    except IntegrityError:
        return None
    return secret


def secret_of(hook: Webhook) -> str:
    """Raises KeysLost. Secrets made before Standard Webhooks are in base64 for addresses, and come out in plain base64."""
    return _SECRET_PREFIX + keys.decrypt(hook.secret)["secret"].removeprefix(_SECRET_PREFIX).translate(_PLAIN_BASE64)


def end(merchant_id: int, webhook_id: int, now: datetime, actor: str) -> bool:
    """Its log goes with it. Whether there was one."""
    with transaction.atomic():
        found = one(merchant_id, webhook_id)
        if found is None:
            return False
        access.note(merchant_id, now, actor, "webhook_ended", {"url": found.url})
        found.delete()
    return True


def resume(merchant_id: int, webhook_id: int, now: datetime, actor: str) -> bool:
    """It is called for what happens from now on. Whether it was paused."""
    with transaction.atomic():
        paused = Webhook.objects.filter(merchant_id=merchant_id, pk=webhook_id, paused_at__isnull=False)
        url = paused.values_list("url", flat=True).first()
        if url is None or not paused.update(paused_at=None, cursor=_newest_event()):
            return False
        access.note(merchant_id, now, actor, "webhook_resumed", {"url": url})
    return True


def put_test(hook: Webhook, now: datetime) -> None:
    facts = {"at": now.isoformat(), "facts": {"test": "It arrived."}}
    deliveries.put_calls([(hook, deliveries.TEST, facts)], now)


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
class _Happened:
    merchant_id: int
    kind: HookKind
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
        deliveries.put_calls(calls, now)
    return len(calls)


def _move_cursor(hooks: Sequence[Webhook], before: int, after: int) -> set[int]:
    """Whoever moves the cursor makes the calls: of two processes that do this at once, one finds it moved."""
    there = Webhook.objects.filter(pk__in=[hook.pk for hook in hooks], cursor=before, paused_at__isnull=True)
    mine = set(there.select_for_update().values_list("pk", flat=True))  # the other one waits, then finds it moved
    Webhook.objects.filter(pk__in=mine).update(cursor=after)
    return mine


_COLUMNS = (
    "pk", "kind", "at", "data", "order__merchant_id", "order__merchant__slug", "order__link__marketplace__name",
    "order__ref", "order__status", "order__shop_number", "connection__merchant_id", "connection__merchant__slug",
    "connection__name", "connection__role",
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


def _happened(event: Mapping[str, Any]) -> _Happened | None:
    """As a call tells it; None for what nobody is called for."""
    kind = HOOK_OF.get(event["kind"])
    if kind is None:
        return None
    side = "order" if event["order__ref"] is not None else "connection"
    told = {name: event["data"][name] for name in FACTS[kind] if name in event["data"]}
    facts = {
        "event": event["pk"],
        "at": event["at"].isoformat(),
        "merchant": event[f"{side}__merchant__slug"],
        **(_order(event) if side == "order" else _connection(event)),
        "facts": told,
    }
    return _Happened(event[f"{side}__merchant_id"], kind, facts)


def _order(event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "order": {
            "marketplace": event["order__link__marketplace__name"],
            "ref": event["order__ref"],
            "status": event["order__status"],
            "shop_number": event["order__shop_number"],
        }
    }


def _connection(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"connection": {"name": event["connection__name"], "role": event["connection__role"]}}


def _newest_event() -> int:
    return Event.objects.aggregate(newest=Max("pk"))["newest"] or 0
