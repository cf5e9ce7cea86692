"""What is told to people and programs by itself, and what came of each message."""

from enum import StrEnum

from django.db import models
from django.db.models import Q

from orderhaven.store.models.access import User
from orderhaven.store.models.trade import Merchant


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class NoticeWish(models.Model):
    """This person wants to be told of that kind. No row: as `store.notices.WISHED_BY_DEFAULT` says."""

    user = models.ForeignKey(User, models.CASCADE)
    merchant = models.ForeignKey(Merchant, models.CASCADE)
    kind = models.CharField(max_length=20)
    wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant", "kind"], name="one_wish_per_kind")]


class Notice(models.Model):
    """One thing worth a message: noted when it begins, told together with others of its kind, closed when it is over."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    kind = models.CharField(max_length=20)
    about = models.CharField(max_length=120)  # what it is about, so that it is noted once
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)  # null: not told yet
    over_at = models.DateTimeField(null=True)  # null: it lasts

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "kind", "about"], condition=Q(over_at__isnull=True), name="noted_once"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "about"], name="notice_about"),
            models.Index(fields=["at"], name="notice_untold", condition=Q(told_at__isnull=True)),
        ]


class Webhook(models.Model):
    """An address of a program that is called for what happens."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    url = models.URLField(max_length=500)
    kinds = models.JSONField(default=list)  # of core.notices.HookKind
    secret = models.TextField()  # encrypted; signs every call
    cursor = models.BigIntegerField(default=0)  # the last event that was looked at for it
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=100)
    paused_at = models.DateTimeField(null=True)  # by a person, or after days of failing

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "url"], name="one_webhook_per_address")]


class DeliveryState(StrEnum):
    DUE = "due"
    DONE = "done"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """One mail or call: the outbox of notices, and its log."""

    merchant = models.ForeignKey(Merchant, models.CASCADE)
    channel = models.CharField(max_length=10)
    user = models.ForeignKey(User, models.CASCADE, null=True)  # of a mail
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True)  # of a call
    kind = models.CharField(max_length=30)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=DeliveryState.DUE)
    attempt = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, default="")  # what the last attempt came to

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"], name="delivery_due"),
            models.Index(fields=["merchant", "channel", "-id"], name="delivery_log"),
            models.Index(fields=["finished_at"], name="delivery_finished"),
        ]
