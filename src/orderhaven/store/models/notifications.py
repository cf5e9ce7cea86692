"""What users and API clients are notified of, and what came of each delivery."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from orderhaven.store.models.access import User
from orderhaven.store.models.connections import Merchant


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class NotificationPreference(models.Model):
    """This user wants to be notified of that kind. No row: as `store.notifications.notifications.ENABLED_BY_DEFAULT` says."""

    user = models.ForeignKey(User, models.CASCADE)
    merchant = models.ForeignKey(Merchant, models.CASCADE)
    kind = models.CharField(max_length=20)
    enabled = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant", "kind"], name="one_preference_per_kind")]


class Notification(models.Model):
    """One thing worth a message: noted when it begins, sent together with others of its kind, closed when it is over."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=120)  # what it is about, so that it is noted once
    data = models.JSONField(default=dict)
    at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True)  # null: not sent yet
    ended_at = models.DateTimeField(null=True)  # null: it lasts

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "about"], condition=Q(ended_at__isnull=True), name="one_open_notification"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "about"], name="notification_about"),
            models.Index(fields=["at"], name="notification_unsent", condition=Q(notified_at__isnull=True)),
        ]


class Webhook(models.Model):
    """An address of a program that is called for what happens."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    url = models.URLField(max_length=500)
    kinds = models.JSONField(default=list)  # of core.notifications.HookKind
    secret = models.TextField()  # encrypted; signs every call
    cursor = models.BigIntegerField(default=0)  # the last event that was looked at for it
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)
    paused_at = models.DateTimeField(null=True)  # by a person, or after days of failing

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "url"], name="one_webhook_per_address")]


class DeliveryState(StrEnum):
    QUEUED = "queued"
    DONE = "done"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """One mail or call: the outbox of notices, and its log."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    channel = models.CharField(max_length=10)
    user = models.ForeignKey(User, models.CASCADE, null=True)  # of a mail
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True)  # of a call
    kind = models.CharField(max_length=30)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=DeliveryState.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, default="")  # what the last attempt came to

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"], name="delivery_due"),
            models.Index(fields=["merchant", "channel", "-id"], name="delivery_log"),
            models.Index(fields=["finished_at"], name="delivery_finished"),
        ]
