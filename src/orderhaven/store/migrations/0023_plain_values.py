"""Values and keys in rows take the names that the code has now. In batches, each committed by itself; a second run goes on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import connection, migrations, models, transaction

_AT_ONCE = 5_000

MESSAGE_KINDS = {"place": "create"}
MESSAGE_STATES = {
    "held": "on_hold", "due": "queued", "sending": "in_flight", "unclear": "unconfirmed", "awaiting": "processing",
    "told": "done", "parked": "blocked", "dropped": "withdrawn",
}  # fmt: skip
SYNC_STATES = {"being_told": "pending", "told": "synced", "refused": "rejected"}
PROBLEMS = {
    "refused": "rejected", "half_made": "partly_created", "placed_twice": "created_twice", "person_erased": "contact_erased",
    "number_unread": "tracking_unreadable", "wait_held": "wait_extended", "later_code": "late_tracking",
    "cancelled_there_late": "marketplace_cancelled_late", "buyer_asks_late": "late_cancellation_request",
    "cancellations_held": "cancellations_on_hold", "takes_long": "delayed", "unexpected_fact": "unexpected_update",
    "surprise": "unexpected_response", "nameless": "unidentified_rows", "refused_alike": "repeated_rejection",
    "auth_refused": "auth_rejected", "access_refused": "access_rejected",
}  # fmt: skip
TRIGGERS = {
    "completed_with_code": "completed_tracked", "completed_bare": "completed_untracked", "code": "tracking_added",
    "wait_over": "wait_expired", "part_sent": "partly_shipped", "rest_sent": "rest_shipped",
    "shipped_there": "marketplace_shipped", "cancelled_there": "marketplace_cancelled",
    "cancelled_there_late": "marketplace_cancelled_late", "buyer_asks": "cancellation_requested",
    "cancel_accepted": "cancellation_accepted", "cancel_refused": "cancellation_refused",
    "cancel_withdrawn": "cancellation_withdrawn",
}  # fmt: skip
EVENTS = {
    "heard": "received", "placed": "shop_order_created", "handled_by_others": "handled_externally", "half_made": "partly_created", "unclear": "unconfirmed",
    "refused": "rejected", "left": "ignored", "to_be_placed": "create_requested", "to_be_placed_again": "recreate_requested",
    "cancel_told": "cancel_synced", "accept_told": "accept_synced", "refuse_told": "refuse_synced",
    "nameless": "unidentified_rows", "refused_alike": "repeated_rejection", "code": "tracking_added",
    "corrected": "tracking_corrected", "token_made": "token_created", "token_ended": "token_revoked",
    "webhook_made": "webhook_created", "webhook_ended": "webhook_deleted", "invitation_taken_back": "invitation_revoked",
    "closed": "account_locked",
}  # fmt: skip
HOOKS = {"order.heard": "order.received", "order.placed": "order.created"}
SCOPES = {"look": "read", "act": "write", "set_up": "configure"}
DELIVERED = {"leave": "ignore", "place": "create"}
RULES = {"code_prefix": "tracking_prefix", "shop_carrier": "carrier_name"}
REASONS = {"buyer_asked": "buyer_request"}

COLUMNS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("Message", "kind"): MESSAGE_KINDS,
    ("Message", "state"): MESSAGE_STATES,
    ("Order", "shop_sync"): SYNC_STATES,
    ("Order", "marketplace_sync"): SYNC_STATES,
    ("Order", "hold"): {"left": "ignored"},
    ("Problem", "kind"): PROBLEMS,
    ("Connection", "problem_kind"): PROBLEMS,
    ("Event", "kind"): EVENTS,
    ("Link", "fulfilled_by_marketplace"): DELIVERED,
    ("Delivery", "kind"): HOOKS,
    ("Delivery", "state"): {"due": "queued"},
}
KEYS = {
    "code": "tracking_number", "fact": "trigger", "pieces": "quantities", "label": "label_number",
    "confirmed_as": "confirmation_reference", "rehearsal": "dry_run",
    "delivered_by_marketplace": "fulfilled_by_marketplace",
}  # fmt: skip
VALUES: Mapping[str, Mapping[str, str]] = {
    # by the key as it was
    "problem": PROBLEMS,
    "fact": TRIGGERS,
    "kind": {**MESSAGE_KINDS, **RULES},
    "reason": REASONS,
    "delivered_by_marketplace": DELIVERED,
}


def rename_values(apps: Any, schema_editor: Any) -> None:
    for (model, column), names in COLUMNS.items():
        _column(apps.get_model("store", model).objects, column, names)
    # "what was asked: why it was rejected", by which one rejection is known from another
    for model, column in (("Message", "rejection_cause"), ("Connection", "repeated_cause")):
        _beginnings(
            apps.get_model("store", model).objects, column, {f"{a}: ": f"{b}: " for a, b in MESSAGE_KINDS.items()}
        )
    for model, column, change in (
        ("Message", "payload", _record), ("Problem", "values", _record), ("Connection", "problem_values", _record),
        ("Event", "data", _event), ("Notification", "data", _record), ("Delivery", "data", _call),
        ("Token", "scopes", lambda old: [SCOPES.get(one, one) for one in old]),
        ("Webhook", "kinds", lambda old: [HOOKS.get(one, one) for one in old]),
        ("Link", "carrier_rules", lambda old: [_record(one) for one in old]),
    ):  # fmt: skip
        _json(apps.get_model("store", model).objects, column, change)


def _column(rows: Any, column: str, names: Mapping[str, str]) -> None:
    """No new name is an old one as well: a second run leaves alone what was renamed."""
    renamed = models.Case(*(models.When(**{column: old}, then=models.Value(new)) for old, new in names.items()))
    for some in _batches(rows):
        some.filter(**{f"{column}__in": list(names)}).update(**{column: renamed})


def _beginnings(rows: Any, column: str, names: Mapping[str, str]) -> None:
    for old, new in names.items():
        for some in _batches(rows):
            for key, text in list(some.filter(**{f"{column}__startswith": old}).values_list("pk", column)):
                rows.filter(pk=key).update(**{column: (new + text.removeprefix(old))[:200]})


def _json(rows: Any, column: str, change: Callable[[Any], Any]) -> None:
    field = rows.model._meta.get_field(column)
    statement = f'UPDATE "{rows.model._meta.db_table}" SET "{column}" = %s WHERE id = %s'  # noqa: S608
    for some in _batches(rows):
        changed = [
            (field.get_db_prep_save(new, connection), key)
            for key, old in some.values_list("pk", column)
            if old and (new := change(old)) != old
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, changed)


def _batches(rows: Any) -> Iterator[Any]:
    last = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    for after in range(0, last, _AT_ONCE):
        yield rows.filter(pk__gt=after, pk__lte=after + _AT_ONCE)


def _record(old: Any) -> Any:
    if not isinstance(old, dict):
        return old
    return {KEYS.get(key, key): _value(key, value) for key, value in old.items()}


def _value(key: str, value: Any) -> Any:
    if key == "problems" and isinstance(value, dict):  # of a day's mail: how many of each kind
        return {PROBLEMS.get(name, name): number for name, number in value.items()}
    if key == "values":
        return _record(value)
    if isinstance(value, list) and key in ("items", "over"):
        return [_record(one) for one in value]
    return VALUES.get(key, {}).get(value, value) if isinstance(value, str) else value


def _event(old: Any) -> Any:
    new = _record(old)
    if isinstance(new, dict) and isinstance(new.get("scopes"), str):
        new["scopes"] = ", ".join(SCOPES.get(one, one) for one in new["scopes"].split(", "))
    return new


def _call(old: Any) -> Any:
    """Of a mail what a notification holds; of a call what happened to what."""
    new = _record(old)
    if isinstance(new, dict) and isinstance(new.get("facts"), dict):
        new["data"] = _record(new.pop("facts"))
        if isinstance(account := new.get("connection"), dict) and "role" in account:
            new["connection"] = {"side" if key == "role" else key: value for key, value in account.items()}
    return new


class Migration(migrations.Migration):
    atomic = False  # each batch is a transaction of its own
    dependencies = [("store", "0022_plain_names")]
    operations = [
        migrations.AlterField("delivery", "state", models.CharField(default="queued", max_length=10)),
        migrations.AlterField("link", "fulfilled_by_marketplace", models.CharField(default="ignore", max_length=10)),
        migrations.RunPython(rename_values, migrations.RunPython.noop),
    ]
