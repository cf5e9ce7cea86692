"""One transaction's changes to orders, gathered in memory and written in a few batched statements.

What moves an order, and what follows from that, stands in `follow_ups.py`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import repeat

from django.db import connection as database
from django.db import transaction

from orderhaven.core.problems import ProblemKind
from orderhaven.store.connections import connections
from orderhaven.store.models import (
    REJECTED_STATES,
    UNFINISHED,
    UNSENT,
    Event,
    Line,
    Message,
    MessageKind,
    MessageState,
    Order,
    Problem,
    Shipment,
    Side,
    SyncState,
)
from orderhaven.store.outbox.payloads import EMPTY_PAYLOADS, Payload
from orderhaven.store.sql.execute import insert, insert_values, relaxed_durability, update
from orderhaven.store.sql.rows import new_row, orders_with_messages
from orderhaven.store.sql.statements import open_problems

SIDE_OF: Mapping[MessageKind, Side] = {
    MessageKind.CREATE: Side.SHOP,
    MessageKind.CANCEL_SHOP: Side.SHOP,
    MessageKind.ACCEPT: Side.MARKETPLACE,
    MessageKind.CONFIRM: Side.MARKETPLACE,
    MessageKind.CANCEL: Side.MARKETPLACE,
    MessageKind.REFUSE: Side.MARKETPLACE,
    MessageKind.CORRECT: Side.MARKETPLACE,
}
# a parcel to stop comes first, then what a marketplace measures by the minute, then new work
RANK: Mapping[MessageKind, int] = {
    MessageKind.CANCEL_SHOP: 0, MessageKind.CANCEL: 1, MessageKind.ACCEPT: 2, MessageKind.CONFIRM: 3,
    MessageKind.REFUSE: 4, MessageKind.CORRECT: 5,
    MessageKind.CREATE: 6,
}  # fmt: skip
# the first that fits any message of a side
_SYNC_BY_STATES = (
    (SyncState.REJECTED, REJECTED_STATES),
    (SyncState.PENDING, UNFINISHED),
    (SyncState.SYNCED, frozenset({MessageState.DONE})),
)


def orders_to_change(keys: Collection[int], *, whole: bool = False) -> list[Order]:
    """Orders with everything a move may look at, in a few queries whatever their number, oldest first.

    They are held until the transaction ends: both sides, and a person, may have news of one order at once. `whole`: with all
    of their columns, for what a person does, which may look at any.
    """
    hold_orders(keys)
    return orders_with_messages(keys, whole=whole)


def hold_orders(keys: Collection[int]) -> None:
    """Keep others from changing these orders and their messages. On SQLite a transaction is the only writer anyway."""
    if database.features.has_select_for_update:
        list(Order.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("id").values_list("id"))


_EVENT_COLUMNS = ("order", "at", "actor", "kind", "data")


class UnitOfWork:
    """Use within one transaction: change, then `write`."""

    def __init__(self, now: datetime, actor: str = "hub") -> None:
        self.now = now
        self.actor = actor
        self._orders: dict[int, tuple[Order, set[str]]] = {}
        self._lines: dict[int, tuple[Line, set[str]]] = {}
        self._messages: dict[int, tuple[Message, set[str]]] = {}
        self._new_messages: list[Message] = []
        self._events: list[tuple[object, ...]] = []  # by _EVENT_COLUMNS: the most frequent rows by far
        self._problems: list[Problem] = []
        self._shipments: list[Shipment] = []
        self._resolved: set[tuple[int, str]] = set()
        self._resolved_messages: dict[int, int] = {}
        self._touched: dict[str, dict[int, Order]] = {side: {} for side in Side}
        self._nudged: set[int] = set()
        self._waits: dict[int, datetime] = {}

    # what callers do

    def change(self, order: Order, **columns: object) -> None:
        _set(self._orders, order, columns)

    def change_line(self, line: Line, **columns: object) -> None:
        _set(self._lines, line, columns)

    def change_message(self, order: Order, message: Message, **columns: object) -> None:
        self._touched[message.side][order.id] = order
        _set(self._messages, message, columns)

    def restart(self, order: Order, message: Message, state: MessageState) -> None:
        """At once, and nothing that went wrong before counts against it any more."""
        self.change_message(
            order,
            message,
            state=state,
            due_at=self.now,
            not_found_count=0,
            rounds=0,
            deaths=0,
            failing_since=None,
            finished_at=None,
        )

    def enqueue(
        self, order: Order, kind: MessageKind, payload: Payload | None = None, *, again: bool = False
    ) -> Message | None:
        """Queue a message; one that is open or blocked already serves, and None comes back.

        So does one that was sent and withdrawn before its outcome was known: it is verified before it is repeated, unless `again`.
        `payload`: what is known beforehand of what goes out; None: nothing.
        """
        same = [message for message in order.outbox if message.kind == kind]
        if any(message.state in UNFINISHED for message in same):
            return None
        if not again and self._requeue_withdrawn(order, same):
            return None
        side = SIDE_OF[kind]
        message = new_row(
            Message,
            order_id=order.id,
            connection_id=order.own_link.shop_id if side is Side.SHOP else order.connection_id,
            side=side,
            kind=kind,
            generation=max((message.generation + 1 for message in same), default=0),
            rank=RANK[kind],
            state=MessageState.QUEUED,
            created_at=self.now,
            due_at=self.now,
            payload=EMPTY_PAYLOADS[kind] if payload is None else payload,
        )
        self.add_message(order, message)
        return message

    def add_message(self, order: Order, message: Message) -> None:
        order.outbox.append(message)
        self._new_messages.append(message)
        self._touched[message.side][order.id] = order
        self._nudged.add(message.connection_id)

    def withdraw_unsent(self, order: Order, kinds: Collection[MessageKind]) -> None:
        """Withdraw what was not sent yet; what is in flight goes on and is recorded."""
        for message in order.outbox:
            if message.kind in kinds and message.state in UNSENT:
                self._withdraw(order, message)

    def event(self, order: Order, kind: str, data: Mapping[str, object] | None = None) -> None:
        self._events.append((order.id, self.now, self.actor, kind, dict(data or {})))

    def problem(
        self,
        order: Order,
        kind: ProblemKind,
        values: Mapping[str, str] = {},
        *,
        message: Message | None = None,
        evidence: str = "",
    ) -> None:
        key = message.id if message is not None else None
        self._problems.append(
            new_row(
                Problem,
                order_id=order.id,
                message_id=key,
                kind=kind,
                values=dict(values),
                evidence=evidence,
                at=self.now,
            )
        )

    def add_shipment(self, shipment: Shipment) -> None:
        self._shipments.append(shipment)

    def resolve(self, order: Order, kinds: Iterable[ProblemKind]) -> None:
        self._resolved.update(zip(repeat(order.id), kinds))

    def resolve_of_message(self, message: Message) -> None:
        """The problems that sending this message had."""
        self._resolved_messages[message.id] = message.order_id

    def nudge(self, connection_id: int) -> None:
        self._nudged.add(connection_id)

    def wait(self, order: Order, until: datetime) -> None:
        self.change(order, wait_until=until)
        shop = order.own_link.shop_id
        self._waits[shop] = min(until, self._waits.get(shop, until))

    def touch(self, order: Order) -> None:
        """Derive again how far each side is in sync."""
        for orders in self._touched.values():
            orders[order.id] = order

    def write(self) -> None:
        """Everything, in a fixed order of tables; the caller's transaction makes it one fact."""
        for side, orders in self._touched.items():
            column = f"{side}_sync"
            for order in orders.values():
                if getattr(order, column) != (state := _sync_state(order, side)):
                    self.change(order, **{column: state})
        insert(
            [message for message in self._new_messages if message.state != MessageState.WITHDRAWN], ignore_repeats=True
        )
        for changed in (self._orders, self._lines, self._messages):
            _update(changed)
        insert(self._shipments, ignore_repeats=True)
        self._write_resolved()
        new = insert(self._problems, ignore_repeats=True, returning=("order_id", "kind"))
        self._events += [(order_id, self.now, self.actor, "problem", {"problem": kind}) for order_id, kind in new]
        insert_values(Event, _EVENT_COLUMNS, self._events)
        # only once all this is committed: two runs that hold their own connection would wait for each other's for good.
        # A death in between costs until the next pull at most: a run plans from the messages and waits themselves
        if self._nudged or self._waits:
            transaction.on_commit(self._nudge_connections)

    # below: how

    def _nudge_connections(self) -> None:
        with relaxed_durability():
            connections.nudge_push(self._nudged, self.now)
            for shop, until in self._waits.items():
                connections.bring_wait_forward(shop, until)

    def _requeue_withdrawn(self, order: Order, same: Collection[Message]) -> bool:
        newest = max((message.generation for message in same), default=0)
        left = [one for one in same if one.generation == newest and one.state == MessageState.WITHDRAWN]
        if not any(one.attempt for one in left):
            return False
        for one in left:
            self.restart(order, one, MessageState.UNCONFIRMED if one.attempt else MessageState.QUEUED)
            self.nudge(one.connection_id)
        return True

    def _withdraw(self, order: Order, message: Message) -> None:
        message.state = MessageState.WITHDRAWN
        if message._state.adding:
            return
        self.change_message(order, message, state=MessageState.WITHDRAWN, finished_at=self.now)
        self.resolve_of_message(message)

    def _write_resolved(self) -> None:
        orders = {order_id for order_id, _ in self._resolved} | set(self._resolved_messages.values())
        over = [
            key
            for key, order_id, kind, message_id in open_problems(orders)
            if (order_id, kind) in self._resolved or message_id in self._resolved_messages
        ]
        if over:
            Problem.objects.filter(pk__in=over).update(resolved_at=self.now)


def _set(changed: dict, row: object, columns: Mapping[str, object]) -> None:  # type: ignore[type-arg]
    if not columns:
        return
    vars(row).update(columns)
    key = row.id  # type: ignore[attr-defined]
    if key in changed:
        changed[key][1].update(columns)
    else:
        changed[key] = row, set(columns)


def _update(changed: dict) -> None:  # type: ignore[type-arg]
    by_columns: dict[frozenset[str], list] = {}  # type: ignore[type-arg]
    for row, columns in changed.values():
        by_columns.setdefault(frozenset(columns), []).append(row)
    for columns, rows in by_columns.items():
        update(rows, columns)


def _sync_state(order: Order, side: str) -> SyncState:
    """How far a side is in sync, from its messages; a side may also know it by itself."""
    states = {message.state for message in order.outbox if message.side == side}
    for state, so_as in _SYNC_BY_STATES:
        if states & so_as:
            return state
    knows = bool(order.shop_ref) if side == Side.SHOP else order.handled_externally
    return SyncState.SYNCED if knows else SyncState.NONE
