"""An order whose confirmation came to its end."""

from orderhaven.core.problems import ProblemKind
from orderhaven.store.models import UNFINISHED, MessageKind, MessageState, Order, Shipment
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.outbox.payloads import ConfirmPayload


def close_confirmed(uow: UnitOfWork, order: Order, ours: ConfirmPayload | None) -> None:
    """`ours`: the last that we confirmed of it; None where others sent all of it."""
    uow.change(order, closed_at=order.closed_at or uow.now)
    if ours is not None:
        uow.change(order, confirmed_at=order.confirmed_at or uow.now)
        uow.event(order, "confirmed", {"tracking_number": ours.tracking_number, "carrier": ours.carrier})
    uow.resolve(order, (ProblemKind.WAIT_EXTENDED, ProblemKind.QUANTITIES_DIFFER))


def is_under_way(order: Order) -> bool:
    return any(one.kind == MessageKind.CONFIRM and one.state in UNFINISHED for one in order.outbox)


def close_without_the_rest(uow: UnitOfWork, order: Order) -> None:
    """What is left of a confirmation is not wanted any more, because others sent or cancelled it: what was confirmed is all."""
    done = [one for one in order.outbox if one.kind == MessageKind.CONFIRM and one.state == MessageState.DONE]
    if done and order.confirmed_at is None and not is_under_way(order):
        close_confirmed(uow, order, last_of_ours(order))


def last_of_ours(order: Order) -> ConfirmPayload | None:
    """What the last shipment that we confirmed before was confirmed with."""
    made = Shipment.objects.filter(order=order, message__kind=MessageKind.CONFIRM).order_by("-id").first()
    return None if made is None else ConfirmPayload(tracking_number=made.tracking_number, carrier=made.carrier)
