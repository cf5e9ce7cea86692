"""What users and API clients are notified of."""

from enum import StrEnum

from orderhaven.core.translation import NamedEnum


class NotificationKind(NamedEnum):
    """What a person may want a message about."""

    PROBLEM = "problem", "an order needs somebody"
    # an account or a shop cannot be used; and when it can be again
    CONNECTION = "connection", "a connection cannot be used, and when it can be again"
    CANCELLATION = "cancellation", "a buyer asks to cancel"
    LATE = "late", "an order may miss its ship-by time"
    DIGEST = "digest", "once a day, how things stand"


class WebhookEvent(StrEnum):
    """What a program may want to be called for. `orderhaven.store.notifications.webhook_subscriptions` says which event is which."""

    ORDER_RECEIVED = "order.received"
    ORDER_CREATED = "order.created"
    ORDER_STATUS = "order.status"
    ORDER_PROBLEM = "order.problem"
    SHIPMENT_CONFIRMED = "shipment.confirmed"
    CONNECTION_TROUBLE = "connection.trouble"
