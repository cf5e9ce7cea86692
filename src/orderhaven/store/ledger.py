"""One transaction's changes to orders, gathered in memory and written in a few batched statements.

What moves an order, and what follows from that, stands in `consequences.py`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import repeat

from django.db import connection as database
from django.db import transaction

from orderhaven.core.problems import ProblemKind
from orderhaven.store import connections
from orderhaven.store.models import (
    REFUSED,
    UNFINISHED,
    UNSENT,
    Event,
    Kind,
    Line,
    Message,
    MessageState,
    Order,
    Problem,
    Shipment,
    Side,
    Told,
)
from orderhaven.store.payloads import NOTHING_KNOWN, Payload
from orderhaven.store.sql.execute import unhurried
from orderhaven.store.sql.loads import moving_orders
from orderhaven.store.sql.orders import open_problems
from orderhaven.store.sql.rows import unsaved
from orderhaven.store.sql.writes import insert, insert_values, update

SIDE_OF: Mapping[Kind, Side] = {
    Kind.PLACE: Side.SHOP,
    Kind.CANCEL_SHOP: Side.SHOP,
    Kind.ACCEPT: Side.MARKETPLACE,
    Kind.CONFIRM: Side.MARKETPLACE,
    Kind.CANCEL: Side.MARKETPLACE,
    Kind.REFUSE: Side.MARKETPLACE,
    Kind.CORRECT: Side.MARKETPLACE,
}
# a parcel to stop comes first, then what a marketplace measures by the minute, then new work
RANK: Mapping[Kind, int] = {
    Kind.CANCEL_SHOP: 0, Kind.CANCEL: 1, Kind.ACCEPT: 2, Kind.CONFIRM: 3, Kind.REFUSE: 4, Kind.CORRECT: 5,
    Kind.PLACE: 6,
}  # fmt: skip
# the first that fits any message of a side
_TOLD_BY_STATES = (
    (Told.REFUSED, REFUSED),
    (Told.BEING_TOLD, UNFINISHED),
    (Told.TOLD, frozenset({MessageState.TOLD})),
)


def orders_to_change(keys: Collection[int], *, whole: bool = False) -> list[Order]:
    """Orders with everything a move may look at, in a few queries whatever their number, oldest first.

    They are held until the transaction ends: both sides, and a person, may have news of one order at once. `whole`: with all
    of their columns, for what a person does, which may look at any.
    """
    hold_orders(keys)
    return moving_orders(keys, whole=whole)


def hold_orders(keys: Collection[int]) -> None:
    """Keep others from changing these orders and their messages. On SQLite a transaction is the only writer anyway."""
    if database.features.has_select_for_update:
        list(Order.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("id").values_list("id"))


_EVENT_COLUMNS = ("order", "at", "actor", "kind", "data")


class Ledger:
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
        self._solved: set[tuple[int, str]] = set()
        self._solved_messages: dict[int, int] = {}
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

    def begin_anew(self, order: Order, message: Message, state: MessageState) -> None:
        """At once, and nothing that went wrong before counts against it any more."""
        self.change_message(
            order,
            message,
            state=state,
            due_at=self.now,
            misses=0,
            rounds=0,
            deaths=0,
            failing_since=None,
            finished_at=None,
        )

    def put(self, order: Order, kind: Kind, payload: Payload | None = None, *, anew: bool = False) -> Message | None:
        """Queue a message; one that is open or parked already serves, and None comes back.

        So does one that was sent and withdrawn before its fate was known: it is looked for before it is repeated, unless `anew`.
        `payload`: what is known beforehand of what goes out; None: nothing.
        """
        same = [message for message in order.outbox if message.kind == kind]
        if any(message.state in UNFINISHED for message in same):
            return None
        if not anew and self._take_up_again(order, same):
            return None
        side = SIDE_OF[kind]
        message = unsaved(
            Message,
            order_id=order.id,
            connection_id=order.link.shop_id if side is Side.SHOP else order.link.marketplace_id,
            side=side,
            kind=kind,
            generation=max((message.generation + 1 for message in same), default=0),
            rank=RANK[kind],
            state=MessageState.DUE,
            made_at=self.now,
            due_at=self.now,
            payload=NOTHING_KNOWN[kind] if payload is None else payload,
        )
        self.add_message(order, message)
        return message

    def add_message(self, order: Order, message: Message) -> None:
        order.outbox.append(message)
        self._new_messages.append(message)
        self._touched[message.side][order.id] = order
        self._nudged.add(message.connection_id)

    def drop_unsent(self, order: Order, kinds: Collection[Kind]) -> None:
        """Withdraw what was not sent yet; what is in flight goes on and is recorded."""
        for message in order.outbox:
            if message.kind in kinds and message.state in UNSENT:
                self._drop(order, message)

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
            unsaved(
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

    def solve(self, order: Order, kinds: Iterable[ProblemKind]) -> None:
        self._solved.update(zip(repeat(order.id), kinds))

    def solve_of(self, message: Message) -> None:
        """The problems that telling this message had."""
        self._solved_messages[message.id] = message.order_id

    def nudge(self, connection_id: int) -> None:
        self._nudged.add(connection_id)

    def wait(self, order: Order, until: datetime) -> None:
        self.change(order, wait_until=until)
        shop = order.link.shop_id
        self._waits[shop] = min(until, self._waits.get(shop, until))

    def touch(self, order: Order) -> None:
        """Derive again what each side has to be told."""
        for orders in self._touched.values():
            orders[order.id] = order

    def write(self) -> None:
        """Everything, in a fixed order of tables; the caller's transaction makes it one fact."""
        for side, orders in self._touched.items():
            column = f"{side}_told"
            for order in orders.values():
                if getattr(order, column) != (told := _told(order, side)):
                    self.change(order, **{column: told})
        insert(
            [message for message in self._new_messages if message.state != MessageState.DROPPED], ignore_repeats=True
        )
        for changed in (self._orders, self._lines, self._messages):
            _update(changed)
        insert(self._shipments, ignore_repeats=True)
        self._write_solved()
        new = insert(self._problems, ignore_repeats=True, returning=("order_id", "kind"))
        self._events += [(order_id, self.now, self.actor, "problem", {"problem": kind}) for order_id, kind in new]
        insert_values(Event, _EVENT_COLUMNS, self._events)
        # only once all this is committed: two cycles that hold their own connection would wait for each other's for good.
        # A death in between costs until the next hearing at most: a cycle plans from the messages and waits themselves
        if self._nudged or self._waits:
            transaction.on_commit(self._nudge_connections)

    # below: how

    def _nudge_connections(self) -> None:
        with unhurried():
            connections.nudge_tell(self._nudged, self.now)
            for shop, until in self._waits.items():
                connections.bring_wait_forward(shop, until)

    def _take_up_again(self, order: Order, same: Collection[Message]) -> bool:
        newest = max((message.generation for message in same), default=0)
        left = [one for one in same if one.generation == newest and one.state == MessageState.DROPPED]
        if not any(one.attempt for one in left):
            return False
        for one in left:
            self.begin_anew(order, one, MessageState.UNCLEAR if one.attempt else MessageState.DUE)
            self.nudge(one.connection_id)
        return True

    def _drop(self, order: Order, message: Message) -> None:
        message.state = MessageState.DROPPED
        if message._state.adding:
            return
        self.change_message(order, message, state=MessageState.DROPPED, finished_at=self.now)
        self.solve_of(message)

    def _write_solved(self) -> None:
        orders = {order_id for order_id, _ in self._solved} | set(self._solved_messages.values())
        over = [
            key
            for key, order_id, kind, message_id in open_problems(orders)
            if (order_id, kind) in self._solved or message_id in self._solved_messages
        ]
        if over:
            Problem.objects.filter(pk__in=over).update(solved_at=self.now)


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


def _told(order: Order, side: str) -> Told:
    """What a side still has to be told of an order, from its messages; a side may also know it by itself."""
    states = {message.state for message in order.outbox if message.side == side}
    for told, so_as in _TOLD_BY_STATES:
        if states & so_as:
            return told
    knows = bool(order.shop_ref) if side == Side.SHOP else order.handled_by_others
    return Told.TOLD if knows else Told.NOTHING
