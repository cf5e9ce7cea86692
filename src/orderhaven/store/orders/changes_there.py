"""What a marketplace changed of an order that was read: until its shop order is begun that simply counts, then a person is told."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from orderhaven.core.order import Address, MarketplaceLine, MarketplaceOrder
from orderhaven.core.problems import ProblemKind
from orderhaven.store.models import Line, Order, OrderContact
from orderhaven.store.orders.conversions import address_of
from orderhaven.store.orders.follow_ups import in_shop
from orderhaven.store.orders.unit_of_work import UnitOfWork

_NO_PLACE = frozenset({"email", "phone", "salutation"})  # relays change, and no parcel goes elsewhere for it
_WHERE = tuple(name for name in Address.__struct_fields__ if name not in _NO_PLACE)
_KEPT_TO = Decimal("0.0001")  # how exactly amounts are kept


class AsRead(NamedTuple):
    """What an order was made of when it was read before."""

    lines: Mapping[str, Line]  # by their refs
    addresses: Mapping[str, Address]  # by role; none that was erased, or not shown yet


def as_read(rows: Sequence[Order]) -> Mapping[int, AsRead]:
    """Before they are changed. No query where there are none."""
    found = {row.id: AsRead({}, {}) for row in rows}
    if not found:
        return found
    lines: dict[int, dict[str, Line]] = {key: {} for key in found}
    people: dict[int, dict[str, Address]] = {key: {} for key in found}
    for line in Line.objects.filter(order__in=found):
        lines[line.order_id][line.ref] = line
    for person in OrderContact.objects.filter(order__in=found):
        people[person.order_id][person.role] = address_of(person)
    return {key: AsRead(lines[key], people[key]) for key in found}


def take_changes(uow: UnitOfWork, row: Order, before: AsRead, whole: MarketplaceOrder) -> None:
    """What was read is recorded already; this says what of it is new, and drops lines of which nothing is made yet."""
    if row.closed_at is not None:
        return
    is_made, side = in_shop(row), {"side": row.connection.name}
    if _goes_elsewhere(before, whole):
        uow.event(row, "address_changed_there")
        if is_made:
            uow.problem(row, ProblemKind.ADDRESS_CHANGED, side)
    if names := _other_lines(before, whole):
        uow.event(row, "lines_changed_there", {"lines": ", ".join(names)})
        if is_made:
            uow.problem(row, ProblemKind.LINES_CHANGED, {**side, "lines": ", ".join(names)})
    gone = [line.id for line in _gone(before, whole)]
    if gone and not is_made:
        Line.objects.filter(pk__in=gone).delete()


def _goes_elsewhere(before: AsRead, whole: MarketplaceOrder) -> bool:
    now = {"ship_to": whole.ship_to, "bill_to": whole.bill_to}
    return any(
        getattr(was, name) != getattr(now[role], name)
        for role, was in before.addresses.items()
        if now[role].is_known
        for name in _WHERE
    )


def _other_lines(before: AsRead, whole: MarketplaceOrder) -> list[str]:
    """What the lines are called that are new, gone, or others than they were."""
    others = [line for line in whole.lines if line.ref not in before.lines or _differs(before.lines[line.ref], line)]
    gone = [line.title or line.sku or line.ref for line in _gone(before, whole)]
    return [line.title or line.sku or line.ref for line in others] + gone


def _differs(was: Line, now: MarketplaceLine) -> bool:
    if (was.sku, was.ean, was.ordered) != (now.sku[:200], now.ean[:20], now.quantities.ordered):
        return True
    amounts = ((was.unit_price, now.unit_price.amount), (was.discount, now.discount.amount))
    return any(kept.quantize(_KEPT_TO) != said.quantize(_KEPT_TO) for kept, said in amounts)


def _gone(before: AsRead, whole: MarketplaceOrder) -> list[Line]:
    """Lines that are not listed any more, though something of them was still to be shipped."""
    listed = {line.ref for line in whole.lines}
    return [
        line for ref, line in before.lines.items() if ref not in listed and line.ordered > line.shipped + line.cancelled
    ]
