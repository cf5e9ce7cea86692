"""What each side must still be sent, what came of it, and everything that happened."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from orderhaven.store.models.connections import Connection, Merchant
from orderhaven.store.outbox.payloads import PayloadField
from orderhaven.store.sql.loaded import LoadedModel


class MessageState(StrEnum):
    ON_HOLD = "on_hold"  # waits for a person's word before it is due
    QUEUED = "queued"
    IN_FLIGHT = "in_flight"  # begun and not finished: alive, or left behind by a death
    UNCONFIRMED = "unconfirmed"  # may have happened: looked for before it is repeated
    PROCESSING = "processing"  # taken in there, outcome asked for later
    DONE = "done"
    BLOCKED = "blocked"  # a Problem says why; Retry makes it due
    STOPPED = "stopped"  # refused as others were: the connection says why, and they are tried again together
    WITHDRAWN = "withdrawn"  # never sent, and no longer wanted


REJECTED_STATES = frozenset({MessageState.BLOCKED, MessageState.STOPPED})
UNSENT = frozenset({MessageState.ON_HOLD, MessageState.QUEUED}) | REJECTED_STATES
STARTED = frozenset({MessageState.IN_FLIGHT, MessageState.UNCONFIRMED, MessageState.PROCESSING})
UNFINISHED = UNSENT | STARTED
SENT = STARTED | {MessageState.DONE}


class Message(LoadedModel):
    """The outbox: one command that one connection must still be sent about one order."""

    # both begin an index below
    order = models.ForeignKey("store.Order", models.CASCADE, related_name="messages", db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, db_index=False)
    side = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    part = models.PositiveIntegerField(default=0)  # a command is one request: what does not fit in one becomes parts
    generation = models.PositiveIntegerField(default=0)  # how often the same thing was sent before, on a user's word
    rank = models.PositiveSmallIntegerField()  # most urgent first
    state = models.CharField(max_length=12)
    attempt = models.PositiveIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    rounds = models.PositiveIntegerField(default=0)  # how often a request left and nobody said what became of it
    deaths = models.PositiveIntegerField(default=0)  # how often in a row the hub ended while this was being sent
    not_found_count = models.PositiveIntegerField(default=0)  # verifications since `settled_at` that did not find it
    created_at = models.DateTimeField()
    # its first try that came to nothing, as long as none came to anything; null: it was not tried, or not in vain
    failing_since = models.DateTimeField(null=True)
    due_at = models.DateTimeField()  # next sending, look or question, by state
    not_after = models.DateTimeField(null=True)
    payload = PayloadField()
    reference = models.CharField(max_length=220, default="")  # what it bears there for ever, from when it first begins
    prepared = models.TextField(default="")  # what the connector made before the deciding request, and finds it by
    handle = models.CharField(max_length=200, default="")
    # see store.outbox.repeated_rejections; "" when it was never refused
    rejection_cause = models.CharField(max_length=200, default="")
    remote_ref = models.CharField(max_length=200, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "generation", "part"], name="one_message_per_part")
        ]
        indexes = [
            # not partial: SQLite does not use a partial index for a state that comes as a parameter
            models.Index(fields=["connection", "state", "rank", "due_at"], name="message_due"),
            models.Index(fields=["connection", "kind", "created_at"], name="message_by_kind"),
        ]


class Shipment(models.Model):
    """A shipment as the marketplace has it: confirmed by us, or seen there."""

    order = models.ForeignKey("store.Order", models.CASCADE, related_name="shipments")
    message = models.OneToOneField(Message, models.CASCADE)
    tracking_number = models.CharField(max_length=100, default="")
    carrier = models.CharField(max_length=40, default="")
    label_number = models.CharField(max_length=100, default="")
    remote_ref = models.CharField(max_length=200, default="")
    quantities = models.JSONField(default=dict)  # line ref -> quantity
    confirmed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["carrier", "order"], name="shipment_by_carrier")]


class Problem(models.Model):
    """Why a person must look at an order. One open problem per kind; solved ones stay as history."""

    order = models.ForeignKey("store.Order", models.CASCADE, related_name="problems")
    message = models.ForeignKey(Message, models.CASCADE, null=True)  # null: it came from a trigger, not from a command
    kind = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    evidence = models.TextField(default="")
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"], condition=Q(resolved_at__isnull=True), name="one_open_problem_per_kind"
            )
        ]


class Event(models.Model):
    """A fact that happened: append-only, the timeline and the audit log."""

    order = models.ForeignKey("store.Order", models.CASCADE, null=True, related_name="events", db_index=False)
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, db_index=False)
    # when it concerns neither of those
    merchant = models.ForeignKey(Merchant, models.CASCADE, null=True, db_index=False)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)  # "hub", or who did it
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["order", "id"], name="event_timeline"),
            models.Index(fields=["id"], name="event_beside_orders", condition=Q(order__isnull=True)),
            models.Index(
                fields=["connection", "id"], name="event_of_connection", condition=Q(connection__isnull=False)
            ),
        ]
