"""More than a few shop cancellations an hour wait for a person's word: a slip of a bulk action must not reach a marketplace."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shipment import CancelReason
from orderhaven.store.ledger import Ledger
from orderhaven.store.models import Kind, Link, Message, MessageState, Order
from orderhaven.store.payloads import CancelPayload


def hold_if_too_many(ledger: Ledger, rows: Sequence[Order], now: datetime) -> None:
    """Hold the cancellations this ledger puts, when they and those of the last hour are more than the link allows."""
    for link, fresh in _by_link(rows).items():
        before = Message.objects.filter(
            connection_id=link.marketplace_id, kind=Kind.CANCEL, made_at__gt=now - timedelta(hours=1)
        ).exclude(state=MessageState.DROPPED)
        count = before.count() + len(fresh)
        if count <= link.cancellations_per_hour:
            continue
        for row, message in fresh:
            message.state = MessageState.HELD
            limit = str(link.cancellations_per_hour)
            ledger.problem(row, ProblemKind.CANCELLATIONS_HELD, {"count": str(count), "limit": limit})


def _by_link(rows: Sequence[Order]) -> dict[Link, list[tuple[Order, Message]]]:
    found: dict[Link, list[tuple[Order, Message]]] = {}
    for row in rows:
        for message in row.outbox:
            unsaved, payload = message._state.adding and message.state == MessageState.DUE, message.payload
            if unsaved and isinstance(payload, CancelPayload) and payload.reason is not CancelReason.BUYER_ASKED:
                found.setdefault(row.link, []).append((row, message))
    return found
