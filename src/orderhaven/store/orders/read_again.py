"""Orders that are read again: people who are known only now, and what they wait for since."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from orderhaven.core.order import MarketplaceOrder as WholeOrder
from orderhaven.core.order import WaitsFor
from orderhaven.core.status import TRANSITIONS, Status, Trigger
from orderhaven.store.connections.routing import Routing
from orderhaven.store.models import MessageKind, Order, OrderContact
from orderhaven.store.orders.conversions import PERSON_COLUMNS, contact_rows
from orderhaven.store.orders.follow_ups import in_shop, transition_order
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.sql.execute import in_statements, update

UNTIL_SHOWN = timedelta(minutes=15)


def hides_address(whole: WholeOrder) -> bool:
    """It is to be shipped and waits for nobody, and still it does not say where it goes: it is read until it does."""
    is_open = any(line.quantities.open for line in whole.lines)
    return is_open and not (whole.waits_for or whole.ship_to.is_known)


def says_not_when_placed(row: Order) -> bool:
    """Its list did not: then it counts as placed when it was first pulled."""
    return Order.objects.filter(pk=row.id, placed_at=F("received_at")).exists()


@dataclass(frozen=True, slots=True)
class LastRead:
    """When an order was read last."""

    key: int
    at: datetime | None  # None: its next fetch is planned already
    changed_at: datetime


def last_read(routing: Routing, refs: Collection[str]) -> dict[str, LastRead]:
    """Those of these orders that are known, by their refs."""
    known: dict[str, LastRead] = {}
    for some in in_statements(refs):
        rows = Order.objects.filter(connection=routing.connection, ref__in=some)
        for ref, key, at, changed_at in rows.values_list("ref", "id", "read_at", "changed_at"):
            known[ref] = LastRead(key, at, changed_at)
    return known


def without_address(rows: Sequence[Order]) -> list[Order]:
    """Those whose address was never shown: nothing of them was erased."""
    if not rows:
        return []
    keys = set(Order.objects.filter(pk__in=[row.id for row in rows], country="").values_list("id", flat=True))
    return [row for row in rows if row.id in keys]


def renew_people(rows: Sequence[Order], by_ref: Mapping[str, WholeOrder]) -> None:
    """Of orders that were read before: whoever is still there is as they stand now. What was erased does not come back."""
    if not rows:
        return
    kept = {(one.order_id, one.role): one.id for one in OrderContact.objects.filter(order__in=rows)}
    renewed = []
    for row in rows:
        for person in contact_rows(row, by_ref[row.ref]):
            if (row.id, person.role) in kept:
                person.id = kept[row.id, person.role]
                renewed.append(person)
    update(renewed, PERSON_COLUMNS)


def apply_wait(uow: UnitOfWork, row: Order, before: WaitsFor) -> None:
    """What the order waits for now, as it was read, moves it; one that stands in the shop already stays there."""
    now = WaitsFor(row.waits_for)
    if now is before:
        return
    uow.withdraw_unsent(row, (MessageKind.ACCEPT,))
    trigger = Trigger.UNACCEPTED if now else Trigger.ACCEPTED
    if trigger in TRANSITIONS[Status(row.status)] and not (now and in_shop(row)):
        uow.withdraw_unsent(row, (MessageKind.CREATE,))
        transition_order(uow, row, trigger)
