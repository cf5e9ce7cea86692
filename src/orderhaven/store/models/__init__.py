"""The schema. Times are aware UTC, money is Decimal beside its currency, personal data of buyers stands in `Person` alone."""

from orderhaven.store.models.access import Allowance, Invitation, Membership, Token, User
from orderhaven.store.models.notices import Channel, Delivery, DeliveryState, Notice, NoticeWish, Webhook
from orderhaven.store.models.orders import Hold, Line, Order, Person, PersonRole, Told
from orderhaven.store.models.outbox import (
    IN_FLIGHT,
    REFUSED,
    SENT,
    UNFINISHED,
    UNSENT,
    Event,
    Message,
    MessageState,
    Problem,
    Shipment,
    Side,
)
from orderhaven.store.models.trade import (
    Connection,
    ConnectionState,
    DeliveredByMarketplace,
    Link,
    Merchant,
    ProductLookup,
    ProductMatch,
)
from orderhaven.store.payloads import Kind

__all__ = [
    "IN_FLIGHT",
    "REFUSED",
    "SENT",
    "UNFINISHED",
    "UNSENT",
    "Allowance",
    "Channel",
    "Connection",
    "ConnectionState",
    "DeliveredByMarketplace",
    "Delivery",
    "DeliveryState",
    "Event",
    "Hold",
    "Invitation",
    "Kind",
    "Line",
    "Link",
    "Membership",
    "Merchant",
    "Message",
    "MessageState",
    "Notice",
    "NoticeWish",
    "Order",
    "Person",
    "PersonRole",
    "Problem",
    "ProductLookup",
    "ProductMatch",
    "Shipment",
    "Side",
    "Token",
    "Told",
    "User",
    "Webhook",
]
