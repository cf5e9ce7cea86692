"""The schema. Times are aware UTC, money is Decimal beside its currency, personal data of buyers stands in `Person` alone."""

from orderhaven.ports.connector import Side
from orderhaven.store.models.access import Allowance, Invitation, Membership, Token, User
from orderhaven.store.models.connections import (
    Connection,
    ConnectionState,
    FulfilledByMarketplace,
    Link,
    LinkChannel,
    Merchant,
    OrderRouting,
    ProductLookup,
    ProductMatch,
)
from orderhaven.store.models.notifications import (
    Channel,
    Delivery,
    DeliveryState,
    Notification,
    NotificationPreference,
    Webhook,
)
from orderhaven.store.models.orders import ContactRole, Hold, Line, Order, OrderContact, SyncState
from orderhaven.store.models.outbox import (
    REJECTED_STATES,
    SENT,
    STARTED,
    UNFINISHED,
    UNSENT,
    Event,
    Message,
    MessageState,
    Problem,
    Shipment,
)
from orderhaven.store.outbox.payloads import MessageKind
