"""Orders, what is in them, and who bought them."""

from enum import StrEnum

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from orderhaven.core.order import LONGEST_KEY
from orderhaven.store.models.connections import Connection, Link, Merchant
from orderhaven.store.models.outbox import Message
from orderhaven.store.sql.loaded import LoadedModel


class Hold(StrEnum):
    """Why an order is listed and not created in the shop."""

    NONE = ""
    OLDER = "older"  # from before the link: a user says create, adopt or ignore
    IGNORED = "ignored"  # a user said ignore
    NO_LINK = "no_link"  # no link does orders of its channel


class SyncState(StrEnum):
    """How far one side is in sync, derived from its messages."""

    NONE = ""
    PENDING = "pending"
    SYNCED = "synced"
    REJECTED = "rejected"


class Order(LoadedModel):
    outbox: list[Message]  # its messages, where `sql.loads.orders_with_messages` loaded it

    # every foreign key here begins an index below: one of its own would only be written
    merchant = models.ForeignKey(Merchant, models.PROTECT, db_index=False)
    connection = models.ForeignKey(Connection, models.PROTECT, db_index=False)  # the marketplace
    link = models.ForeignKey(Link, models.PROTECT, null=True, db_index=False)  # null: none does orders of its channel
    ref = models.CharField(max_length=100)
    channel = models.CharField(max_length=100, default="")  # "" where the marketplace has none
    # under which its shop order is found, as it was composed when the order was first seen: see core.references
    reference = models.CharField(max_length=200, default="")
    status = models.CharField(max_length=30)
    hold = models.CharField(max_length=10, default=Hold.NONE)

    # what the marketplace says
    placed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)  # null: seen in a list, the whole of it is still to be read
    read_due_at = models.DateTimeField(null=True)  # when a failed fetch is tried again
    currency = models.CharField(max_length=3, default="")
    prices_include_vat = models.BooleanField(default=True)
    shipping_cost = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    discount = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    language = models.CharField(max_length=10, default="")
    country = models.CharField(max_length=2, default="")  # where it goes
    ship_by = models.DateTimeField(null=True)
    ship_by_is_estimated = models.BooleanField(
        default=False
    )  # else the marketplace states it; see store.orders.conversions
    deliver_by = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(
        max_length=100, default=""
    )  # as its list showed it: see ports.marketplace.OrderSummary
    waits_for = models.CharField(max_length=20, default="")  # core.order.WaitsFor
    marketplace_label = models.BooleanField(default=False)
    by_marketplace = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False)
    meta = models.JSONField(default=list)

    # what the shop says
    shop_ref = models.CharField(max_length=100, default="")
    shop_number = models.CharField(max_length=100, default="")
    shop_state = models.CharField(max_length=10, default="")  # "" until the shop was read
    shop_status = models.CharField(max_length=60, default="")
    completed_at = models.DateTimeField(null=True)
    wait_until = models.DateTimeField(null=True)
    tracking_number = models.CharField(max_length=100, default="")
    # a field for the number holds what is none: `Person` has the text
    tracking_unreadable = models.BooleanField(default=False)
    carrier_name = models.CharField(max_length=200, default="")
    tracking_url = models.TextField(default="")
    label_number = models.CharField(max_length=100, default="")
    chosen_carrier = models.CharField(max_length=40, default="")  # a person's choice for this order

    # what was sent
    shop_sync = models.CharField(max_length=10, default=SyncState.NONE)
    marketplace_sync = models.CharField(max_length=10, default=SyncState.NONE)
    confirmed_at = models.DateTimeField(null=True)
    handled_externally = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "ref"], name="one_row_per_order")]
        indexes = [
            models.Index(F("merchant"), F("id").desc(), name="order_list"),
            models.Index(F("merchant"), F("status"), F("id").desc(), name="order_by_status"),
            models.Index(F("merchant"), F("placed_at").desc(), F("id").desc(), name="order_by_day"),
            # the merchant comes first, so that SQLite does not take it where a partial index below is meant
            models.Index(F("merchant"), F("link"), F("id").desc(), name="order_of_link"),
            models.Index(F("merchant"), F("id").desc(), name="order_by_marketplace", condition=Q(by_marketplace=True)),
            # everything that the tabs of open orders count and show
            models.Index(
                fields=["merchant", "status", "ship_by"], name="order_open_tabs", condition=Q(closed_at__isnull=True)
            ),
            models.Index(fields=["shop_ref"], name="order_by_shop_ref"),
            models.Index(fields=["ref"], name="order_by_ref"),
            models.Index(fields=["shop_number"], name="order_by_shop_number"),
            models.Index(fields=["tracking_number"], name="order_by_tracking_number"),
            models.Index(fields=["link", "wait_until"], name="order_waits", condition=Q(wait_until__isnull=False)),
            models.Index(fields=["connection", "id"], name="order_unread", condition=Q(read_at__isnull=True)),
            # those of no link: there are few
            models.Index(
                F("merchant"), F("connection"), F("id").desc(), name="order_of_no_link", condition=Q(link__isnull=True)
            ),
            models.Index(fields=["link", "id"], name="order_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["closed_at"], name="order_closed", condition=Q(closed_at__isnull=False)),
        ]

    @property
    def own_link(self) -> Link:
        """Of an order that is in a shop or on its way there: such a one has a link."""
        if self.link is None:
            raise LookupError(f"order {self.pk} has no link")
        return self.link

    @cached_property
    def prefetched_lines(self) -> "list[Line]":
        """Its lines as they were loaded with it; of an order that the ORM loaded, asked for once."""
        self.demand_whole("prefetched_lines")
        return list(self.lines.all())

    @cached_property
    def prefetched_contacts(self) -> "list[OrderContact]":
        self.demand_whole("prefetched_contacts")
        return list(self.contacts.all())


class Line(LoadedModel):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    ref = models.CharField(max_length=100)
    remote_ids = models.JSONField(default=list)
    title = models.TextField(default="")
    sku = models.CharField(max_length=200, default="")
    ean = models.CharField(max_length=20, default="")
    ordered = models.PositiveIntegerField()
    shipped = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    cancellation_requested = models.BooleanField(default=False)
    by_marketplace = models.BooleanField(default=False)
    in_shop = models.PositiveIntegerField(default=0)  # pieces that stand in the shop's order
    product_ref = models.CharField(max_length=100, default="")  # the shop's product in that order
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    discount = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    commission = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=4, null=True)
    services = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "ref"], name="one_row_per_line")]
        indexes = [
            models.Index(fields=["sku", "order"], name="line_by_sku"),
            models.Index(fields=["ean", "order"], name="line_by_ean"),
        ]


class ContactRole(StrEnum):
    SHIP_TO = "ship_to"
    BILL_TO = "bill_to"


class OrderContact(models.Model):
    """A buyer's personal data: the one table that is erased. The first columns follow core.address.Address."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="contacts", db_index=False)
    role = models.CharField(max_length=10)
    salutation = models.TextField(default="")
    first_name = models.TextField(default="")
    last_name = models.TextField(default="")
    company = models.TextField(default="")
    vat_number = models.TextField(default="")
    extra = models.TextField(default="")
    street = models.TextField(default="")
    house_number = models.TextField(default="")
    addition = models.TextField(default="")
    postcode = models.TextField(default="")
    city = models.TextField(default="")
    region = models.TextField(default="")
    country = models.CharField(max_length=2, default="")
    email = models.TextField(default="")
    phone = models.TextField(default="")
    pickup_point = models.TextField(null=True)  # null: not delivered to a pick-up point
    # of who pays alone
    order_reference = models.TextField(default="")  # the buyer's own
    meta = models.JSONField(default=list)  # as core.order.Order.personal_meta
    # what somebody wrote in the shop where the tracking number belongs
    unreadable_tracking = models.TextField(default="")
    # by which the row is found: core.search_keys
    name_key = models.CharField(max_length=LONGEST_KEY, default="")
    postcode_key = models.CharField(max_length=LONGEST_KEY, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "role"], name="one_contact_per_role")]
        indexes = [
            models.Index(fields=["name_key", "order"], name="contact_by_name"),
            models.Index(fields=["postcode_key", "order"], name="contact_by_postcode"),
        ]
