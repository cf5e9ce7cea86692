"""Who trades, with which accounts, joined how."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.functional import cached_property

from orderhaven.core.order import WORKING_DAYS
from orderhaven.ports.account import AccountChoices, KeptAccount
from orderhaven.store.sql.struct_field import StructField


class KeptAccountField(StructField):
    struct_decoder = msgspec.json.Decoder(KeptAccount)


class AccountChoicesField(StructField):
    struct_decoder = msgspec.json.Decoder(AccountChoices)


class Merchant(models.Model):
    """The tenant. Everything else belongs to one, directly or through its connection or order."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.CharField(max_length=60, unique=True)  # its part of every web address


class ConnectionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    ATTENTION = "attention"  # by an AccountProblem, which `problem_kind` names


class Connection(models.Model):
    """One account with a connector, and its own schedule: what is due is what these times say, nothing else."""

    merchant = models.ForeignKey(Merchant, models.PROTECT)
    connector = models.CharField(max_length=60)
    side = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    settings = models.JSONField(default=dict)
    secrets = models.TextField(default="")  # encrypted
    token = models.TextField(default="")  # encrypted; a session's short-lived token
    fingerprint = models.CharField(max_length=200)
    account_name = models.CharField(max_length=200, default="")
    currencies = models.JSONField(default=list)  # what a shop sells in; empty: it does not say
    channels = models.JSONField(default=dict)  # of a marketplace: code -> what it calls it; empty: it has none
    account = KeptAccountField(default=KeptAccount)
    account_choices = AccountChoicesField(default=AccountChoices)
    account_read_at = models.DateTimeField(null=True)  # null: not since this is kept
    account_due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, default=ConnectionState.ACTIVE)
    problem_kind = models.CharField(max_length=40, default="")
    problem_values = models.JSONField(default=dict)

    pull_every_s = models.PositiveIntegerField(default=300)
    pull_at = models.DateTimeField(null=True)
    push_at = models.DateTimeField(null=True)  # null: nothing to tell
    wait_at = models.DateTimeField(null=True)  # of a shop: when the first wait for a code ends
    refresh_at = models.DateTimeField(null=True)  # of a shop: when open orders are read again
    refresh_after = models.BigIntegerField(default=0)  # how far that has come: the key of the last order that was read
    backoff_until = models.DateTimeField(null=True)  # after failures or on their wish: nothing is sent before this
    cursor = models.TextField(default="")
    last_pulled_at = models.DateTimeField(null=True)  # the last whole pull
    # the fence: every claim raises it, every later write of that run requires it
    epoch = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rejections = models.PositiveIntegerField(default=0)  # of the account, one after another; a hiccup is not yet a no
    rejected_since = models.DateTimeField(null=True)
    last_error = models.TextField(default="")
    # the refusal that the latest orders met, one after the other: see store.outbox.repeated_rejections
    repeated_cause = models.CharField(max_length=200, default="")
    repeated_reason = models.TextField(default="")
    repeated_count = models.PositiveIntegerField(default=0)
    # when one of the orders that it stopped is tried; null: it stops none
    repeated_retry_at = models.DateTimeField(null=True)
    # made before private networks had to be allowed: it may stay there
    keeps_private_network = models.BooleanField(default=False)
    nudge_key = models.CharField(max_length=40, default="")  # of the address that the other side may call; "": none

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="connection_name"),
            models.UniqueConstraint(fields=["connector", "fingerprint"], name="one_account_one_connection"),
        ]


class FulfilledByMarketplace(StrEnum):
    """What happens in the shop with orders that the marketplace ships itself."""

    IGNORE = "ignore"  # listed here, not created in the shop
    CREATE = "create"  # created as completed once shipped, without touching stock


def working_days() -> list[int]:
    return list(WORKING_DAYS)


class Link(models.Model):
    """Channels of one marketplace connection joined to one shop connection; which ones: `LinkChannel`."""

    merchant = models.ForeignKey(Merchant, models.PROTECT)
    name = models.CharField(max_length=100)  # by which people and programs address it
    marketplace = models.ForeignKey(Connection, models.PROTECT, related_name="links")
    shop = models.ForeignKey(Connection, models.PROTECT, related_name="links_of_shop")
    from_at = models.DateTimeField()  # older orders are listed and wait for a person's word
    dry_run = models.BooleanField(default=False)
    accepts_by_itself = models.BooleanField(default=True)  # else a person says yes to each order that waits for one
    wait_s = models.PositiveIntegerField(default=3 * 3600)
    ship_by_margin_s = models.PositiveIntegerField(default=3600)  # before a ship-by time that the marketplace states
    # by which a ship-by time is estimated: see core.order.estimated_ship_by
    transit_days = models.PositiveSmallIntegerField(default=1)
    working_days = models.JSONField(default=working_days)  # ISO weekdays
    cut_off = models.CharField(max_length=5, default="17:00")
    time_zone = models.CharField(max_length=60, default="")  # "": the hub's own
    free_days = models.JSONField(default=list)  # ISO dates
    fulfilled_by_marketplace = models.CharField(max_length=10, default=FulfilledByMarketplace.IGNORE)
    cancellations_per_hour = models.PositiveIntegerField(default=5)
    default_carrier = models.CharField(max_length=40, default="")
    carrier_rules = models.JSONField(default=list)  # [{"kind", "match", "carrier"}], first match wins
    own_carriers = models.JSONField(default=list)  # whom the merchant uses: they decide where several have such codes
    ships_from = models.CharField(max_length=2, default="")  # ISO-2 country; "": not said

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "name"], name="link_name")]

    @cached_property
    def scope(self) -> "Sequence[LinkChannel]":
        """What it does, channel by channel; as one query gave it, or as `prefetch_related` did."""
        return sorted(self.link_channels.all(), key=lambda row: row.channel or "")

    @property
    def channels(self) -> tuple[str, ...]:
        """Those that it names; none: all that the marketplace has."""
        return tuple(row.channel for row in self.scope if row.channel is not None)

    @property
    def does_orders(self) -> bool:
        return any(row.does_orders for row in self.scope)

    @property
    def does_stock(self) -> bool:
        return any(row.does_stock for row in self.scope)

    @property
    def does_returns(self) -> bool:
        return any(row.does_returns for row in self.scope)


def _key_of_routing(kind: str) -> Any:
    return Concat(Cast("connection_id", models.CharField(max_length=20)), Value(f":{kind}"))


class OrderRouting(models.Model):
    """How the orders of a marketplace are divided between its links: all to one, or by channel. It can be only one of the two.

    The links that do orders refer to it by a key that says which, so that the database itself refuses a link for all
    channels beside one for a single channel, whoever writes at the same time.
    """

    key = models.CharField(max_length=40, primary_key=True)  # "7:all" or "7:channel", where 7 is the connection
    connection = models.OneToOneField(Connection, models.CASCADE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(key=_key_of_routing("all")) | Q(key=_key_of_routing("channel")), name="routing_key"
            )
        ]


class LinkChannel(models.Model):
    """What a link does with one channel of its marketplace, or with all of them."""

    link = models.ForeignKey(Link, models.CASCADE, related_name="link_channels")
    connection = models.ForeignKey(Connection, models.PROTECT)  # the marketplace of the link
    channel = models.CharField(max_length=100, null=True)  # null: all
    does_orders = models.BooleanField(default=True)
    # kept for what is to come: nothing is done with these two yet
    does_stock = models.BooleanField(default=False)
    does_returns = models.BooleanField(default=False)
    routing = models.ForeignKey(OrderRouting, models.PROTECT, null=True)  # of one that does orders

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["link", "channel"], name="one_row_per_channel_of_a_link"),
            # a channel belongs to at most one link that does orders ...
            models.UniqueConstraint(
                fields=["connection", "channel"], condition=Q(does_orders=True), name="one_link_per_channel"
            ),
            models.UniqueConstraint(
                fields=["connection"], condition=Q(does_orders=True, channel=None), name="one_link_for_all_channels"
            ),
            # ... and one for all channels stands beside no other: they would refer to two routings of one connection
            models.CheckConstraint(
                condition=Q(does_orders=False, routing=None)
                | Q(does_orders=True, channel=None, routing__isnull=False, routing=_key_of_routing("all"))
                | Q(does_orders=True, channel__isnull=False, routing__isnull=False, routing=_key_of_routing("channel")),
                name="routing_of_a_channel",
            ),
        ]


class ProductLookup(models.Model):
    """Which products a shop said that it has, when somebody last looked that up for a link in dry run."""

    link = models.OneToOneField(Link, models.CASCADE, primary_key=True)
    at = models.DateTimeField()
    products = models.JSONField(default=list)  # [[SKU, EAN, the shop's product, or "" for none]]


class ProductMatch(models.Model):
    """A person's word that this article of a marketplace is that product of the shop."""

    shop = models.ForeignKey(Connection, models.CASCADE)
    sku = models.CharField(max_length=200)
    product_ref = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "sku"], name="one_product_per_sku")]
