"""The schema. Times are aware UTC, money is Decimal beside its currency, personal data stands in `Person` alone."""

from enum import StrEnum

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from orderhaven.core.searching import LONGEST_KEY


class Merchant(models.Model):
    """The tenant. Everything else belongs to one, directly or through its connection or order."""

    name = models.CharField(max_length=200, unique=True)


class ConnectionState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # by a person
    ATTENTION = "attention"  # by an AccountProblem, which `problem_kind` names


class Connection(models.Model):
    """One account with a connector, and its own schedule: what is due is what these times say, nothing else."""

    merchant = models.ForeignKey(Merchant, models.PROTECT)
    connector = models.CharField(max_length=60)
    role = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    settings = models.JSONField(default=dict)
    secrets = models.TextField(default="")  # encrypted
    token = models.TextField(default="")  # encrypted; a session's short-lived token
    fingerprint = models.CharField(max_length=200)
    account_name = models.CharField(max_length=200, default="")
    currencies = models.JSONField(default=list)  # what a shop sells in; empty: it does not say
    state = models.CharField(max_length=20, default=ConnectionState.ACTIVE)
    problem_kind = models.CharField(max_length=40, default="")
    problem_values = models.JSONField(default=dict)

    hear_every_s = models.PositiveIntegerField(default=300)
    hear_at = models.DateTimeField(null=True)
    tell_at = models.DateTimeField(null=True)  # null: nothing to tell
    wait_at = models.DateTimeField(null=True)  # of a shop: when the first wait for a code ends
    reread_at = models.DateTimeField(null=True)  # of a shop: when open orders are read again
    quiet_until = models.DateTimeField(null=True)  # after failures or on their wish: nothing is sent before this
    cursor = models.TextField(default="")
    heard_at = models.DateTimeField(null=True)  # the last whole hearing
    epoch = models.BigIntegerField(
        default=0
    )  # the fence: every claim raises it, every later write of that cycle requires it
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="connection_name"),
            models.UniqueConstraint(fields=["connector", "fingerprint"], name="one_account_one_connection"),
        ]


class DeliveredByMarketplace(StrEnum):
    """What happens in the shop with orders that the marketplace ships itself."""

    LEAVE = "leave"  # listed here, not placed
    PLACE = "place"  # placed as completed once shipped, without touching stock


class Link(models.Model):
    """One marketplace connection joined to one shop connection."""

    merchant = models.ForeignKey(Merchant, models.PROTECT)
    marketplace = models.OneToOneField(Connection, models.PROTECT, related_name="link")
    shop = models.ForeignKey(Connection, models.PROTECT, related_name="links")
    from_at = models.DateTimeField()  # older orders are listed and wait for a person's word
    rehearsal = models.BooleanField(default=False)
    wait_s = models.PositiveIntegerField(default=3 * 3600)
    ship_by_margin_s = models.PositiveIntegerField(default=2 * 3600)
    delivered_by_marketplace = models.CharField(max_length=10, default=DeliveredByMarketplace.LEAVE)
    cancellations_per_hour = models.PositiveIntegerField(default=5)
    default_carrier = models.CharField(max_length=40, default="")
    carrier_rules = models.JSONField(default=list)  # [{"kind", "match", "carrier"}], first match wins
    own_carriers = models.JSONField(default=list)  # whom the merchant uses: they decide where several have such codes
    ships_from = models.CharField(max_length=2, default="")  # ISO-2 country; "": not said


class ProductMatch(models.Model):
    """A person's word that this article of a marketplace is that product of the shop."""

    shop = models.ForeignKey(Connection, models.CASCADE)
    sku = models.CharField(max_length=200)
    product_ref = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shop", "sku"], name="one_product_per_sku")]


class Hold(StrEnum):
    """Why an order is listed and not placed."""

    NONE = ""
    OLDER = "older"  # from before the link: a person says place, adopt or leave
    LEFT = "left"  # a person said leave


class Told(StrEnum):
    """What one side still has to be told, derived from its messages."""

    NOTHING = ""
    BEING_TOLD = "being_told"
    TOLD = "told"
    REFUSED = "refused"


class Order(models.Model):
    outbox: list["Message"]  # its messages, where `loading.moving_orders` loaded it

    merchant = models.ForeignKey(Merchant, models.PROTECT)
    link = models.ForeignKey(Link, models.PROTECT)
    ref = models.CharField(max_length=100)
    status = models.CharField(max_length=30)
    hold = models.CharField(max_length=10, default=Hold.NONE)

    # what the marketplace says
    placed_at = models.DateTimeField()
    heard_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)  # null: seen in a list, the whole of it is still to be read
    read_due_at = models.DateTimeField(null=True)  # when a failed reading is tried again
    currency = models.CharField(max_length=3, default="")
    prices_include_vat = models.BooleanField(default=True)
    shipping_cost = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    discount = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    language = models.CharField(max_length=10, default="")
    country = models.CharField(max_length=2, default="")  # where it goes
    ship_by = models.DateTimeField(null=True)
    deliver_by = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    needs_acceptance = models.BooleanField(default=False)
    marketplace_label = models.BooleanField(default=False)
    by_marketplace = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False)
    buyer_reference = models.CharField(max_length=200, default="")
    meta = models.JSONField(default=list)

    # what the shop says
    shop_ref = models.CharField(max_length=100, default="")
    shop_number = models.CharField(max_length=100, default="")
    shop_state = models.CharField(max_length=10, default="")  # "" until the shop was read
    shop_word = models.CharField(max_length=60, default="")
    completed_at = models.DateTimeField(null=True)
    wait_until = models.DateTimeField(null=True)
    code = models.CharField(max_length=100, default="")
    carrier_word = models.CharField(max_length=200, default="")
    code_url = models.TextField(default="")
    label = models.CharField(max_length=100, default="")
    chosen_carrier = models.CharField(max_length=40, default="")  # a person's choice for this order

    # what was told
    shop_told = models.CharField(max_length=10, default=Told.NOTHING)
    marketplace_told = models.CharField(max_length=10, default=Told.NOTHING)
    confirmed_at = models.DateTimeField(null=True)
    handled_by_others = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "ref"], name="an_order_is_heard_once")]
        indexes = [
            models.Index(F("merchant"), F("id").desc(), name="order_list"),
            models.Index(F("merchant"), F("status"), F("id").desc(), name="order_by_status"),
            models.Index(fields=["shop_ref"], name="order_by_shop_ref"),
            models.Index(fields=["ref"], name="order_by_ref"),
            models.Index(fields=["shop_number"], name="order_by_shop_number"),
            models.Index(fields=["code"], name="order_by_code"),
            models.Index(fields=["link", "wait_until"], name="order_waits", condition=Q(wait_until__isnull=False)),
            models.Index(fields=["link", "id"], name="order_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["link", "id"], name="order_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["closed_at"], name="order_closed", condition=Q(closed_at__isnull=False)),
        ]

    @cached_property
    def kept_lines(self) -> "list[Line]":
        """Its lines as they were loaded with it, or else once."""
        return list(self.lines.all())

    @cached_property
    def kept_people(self) -> "list[Person]":
        return list(self.people.all())


class Line(models.Model):
    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    ref = models.CharField(max_length=100)
    remote_ids = models.JSONField(default=list)
    title = models.TextField(default="")
    sku = models.CharField(max_length=200, default="")
    ean = models.CharField(max_length=20, default="")
    ordered = models.PositiveIntegerField()
    shipped = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    buyer_asks = models.BooleanField(default=False)
    by_marketplace = models.BooleanField(default=False)
    placed = models.PositiveIntegerField(default=0)  # pieces that stand in the shop's order
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    discount = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    commission = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    vat_rate = models.DecimalField(max_digits=6, decimal_places=4, null=True)
    services = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "ref"], name="a_line_stands_once")]
        indexes = [
            models.Index(fields=["sku"], name="line_by_sku"),
            models.Index(fields=["ean"], name="line_by_ean"),
        ]


class PersonRole(StrEnum):
    SHIP_TO = "ship_to"
    BILL_TO = "bill_to"


class Person(models.Model):
    """A buyer's personal data: the one table that is erased. Columns follow core.address.Address."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="people")
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
    # by which the row is found: core.searching
    name_key = models.CharField(max_length=LONGEST_KEY, default="")
    postcode_key = models.CharField(max_length=LONGEST_KEY, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "role"], name="one_person_per_role")]
        indexes = [
            models.Index(fields=["name_key"], name="person_by_name"),
            models.Index(fields=["postcode_key"], name="person_by_postcode"),
        ]


class Side(StrEnum):
    SHOP = "shop"
    MARKETPLACE = "marketplace"


class Kind(StrEnum):
    """What a message tells."""

    PLACE = "place"
    CANCEL_SHOP = "cancel_shop"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    REFUSE = "refuse"
    CORRECT = "correct"


class MessageState(StrEnum):
    HELD = "held"  # waits for a person's word before it is due
    DUE = "due"
    SENDING = "sending"  # begun and not finished: alive, or left behind by a death
    UNCLEAR = "unclear"  # may have happened: looked for before it is repeated
    AWAITING = "awaiting"  # taken in there, outcome asked for later
    TOLD = "told"
    PARKED = "parked"  # a Problem says why; Retry makes it due
    DROPPED = "dropped"  # never sent, and no longer wanted


class Message(models.Model):
    """The outbox: one thing that one connection must still be told about one order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="messages")
    connection = models.ForeignKey(Connection, models.PROTECT)
    side = models.CharField(max_length=12)
    kind = models.CharField(max_length=12)
    part = models.PositiveIntegerField(default=0)  # a telling is one request: what does not fit in one becomes parts
    generation = models.PositiveIntegerField(default=0)  # how often the same thing was told before, on a person's word
    rank = models.PositiveSmallIntegerField()  # most urgent first
    state = models.CharField(max_length=10)
    attempt = models.PositiveIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    rounds = models.PositiveIntegerField(default=0)  # how often it stayed unclear and was found not done
    misses = models.PositiveIntegerField(default=0)  # looks since `settled_at` that did not find it
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()  # next sending, look or question, by state
    not_after = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)  # composed at begin: what was sent, without personal data
    handle = models.CharField(max_length=200, default="")
    remote_ref = models.CharField(max_length=200, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "generation", "part"], name="a_thing_is_told_once")
        ]
        indexes = [
            # not partial: SQLite does not use a partial index for a state that comes as a parameter
            models.Index(fields=["connection", "state", "rank", "due_at"], name="message_due"),
            models.Index(fields=["connection", "kind", "made_at"], name="message_by_kind"),
        ]


class Shipment(models.Model):
    """A shipment as the marketplace has it: confirmed by us, or seen there."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="shipments")
    message = models.OneToOneField(Message, models.CASCADE)
    code = models.CharField(max_length=100, default="")
    carrier = models.CharField(max_length=40, default="")
    label = models.CharField(max_length=100, default="")
    remote_ref = models.CharField(max_length=200, default="")
    pieces = models.JSONField(default=dict)  # line ref -> quantity
    confirmed_at = models.DateTimeField()


class Problem(models.Model):
    """Why a person must look at an order. One open problem per kind; solved ones stay as history."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="problems")
    message = models.ForeignKey(Message, models.CASCADE, null=True)  # null: it came from a fact, not from telling
    kind = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    evidence = models.TextField(default="")
    at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"], condition=Q(solved_at__isnull=True), name="one_open_problem_per_kind"
            )
        ]


class Event(models.Model):
    """A fact that happened: append-only, the timeline and the audit log."""

    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="events")
    connection = models.ForeignKey(Connection, models.CASCADE, null=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=100)  # "hub", or whose hand it was
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="event_timeline")]
