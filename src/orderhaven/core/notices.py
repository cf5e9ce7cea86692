"""What people and programs are told of by themselves."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a person may want a message about."""

    PROBLEM = "problem"  # an order needs a person
    CONNECTION = "connection"  # an account or a shop cannot be used; and when it can be again
    CANCELLATION = "cancellation"  # a buyer asks to cancel
    LATE = "late"  # an order may miss the time by which it must be sent
    DIGEST = "digest"  # once a day, how things stand


class HookKind(StrEnum):
    """What a program may want to be called for. `orderhaven.store.hooks` says which event is which."""

    ORDER_HEARD = "order.heard"
    ORDER_PLACED = "order.placed"
    ORDER_STATUS = "order.status"
    ORDER_PROBLEM = "order.problem"
    SHIPMENT_CONFIRMED = "shipment.confirmed"
    CONNECTION_TROUBLE = "connection.trouble"
