"""What a person does with one order: try again, take over, give back, cancel, refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.core.access import Power
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import facts_so_far
from orderhaven.core.shipment import CancelReason
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import SHOWN_AS, Fact, OutsideTable, Status, move
from orderhaven.ports.connector import Can
from orderhaven.store import connections
from orderhaven.store.consequences import move_order
from orderhaven.store.hands import changing, go_on_with_the_shop, messages_with, open_problems, take_over
from orderhaven.store.ledger import Ledger
from orderhaven.store.models import Kind, MessageState, Order
from orderhaven.store.payloads import CancelPayload
from orderhaven.store.shapes import facts_of
from orderhaven.store.versions import ExpectedVersion

# said by a person in another way: Retry must not say it for them
_NOT_BY_RETRY = frozenset({ProblemKind.CANCELLATIONS_HELD, ProblemKind.ADOPTED_DIFFERS})
# with these the other side said no, or nothing was sent at all
_NOT_DONE = frozenset(
    {
        ProblemKind.UNKNOWN_PRODUCT,
        ProblemKind.CURRENCY_REFUSED,
        ProblemKind.NO_LINES,
        ProblemKind.REFUSED,
        ProblemKind.UNKNOWN_CARRIER,
        ProblemKind.OWN_LABEL,
    }
)
_AWAY = (ShopState.CANCELLED, ShopState.TRASHED, ShopState.GONE)


@dataclass(frozen=True, slots=True)
class Retried:
    ref: str
    messages: int  # how many are told, or looked for, again
    problems: int  # how many count as mended until they show again
    reads: bool  # whether a side is asked about the order anew


@needs(Power.ACT)
def retry(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> Retried:
    """The person has mended it: everything of this order that waits is tried at once. Nothing that may have happened is
    repeated before it was looked for. Raises Impossible when the order is not there."""
    found = by.order(ref)
    return retry_ids(by, [found.order_id], expected=expected)[0]


@needs(Power.ACT)
def retry_ids(by: Hand, order_ids: Sequence[int], *, expected: ExpectedVersion | None = None) -> list[Retried]:
    """The same for orders by their keys, in one transaction."""
    with changing(order_ids, by.clock.now(), by.actor, expected) as (ledger, rows):
        done = [_retry(ledger, row) for row in rows]
    connections.end_quiet({side for row in rows for side in (row.link.shop_id, row.link.marketplace_id)})
    return done


@needs(Power.ACT)
def handle(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """A person takes the order over: nothing more is sent, what happens is still written down. Raises Impossible."""
    found = by.order(ref)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        if row.status == Status.MANUAL:
            raise impossible("Order {ref} is handled by hand already. To undo that, give it back.", ref=row.ref)
        _demand(row, Fact.TAKEN_OVER, _("there is nothing to take over"))
        take_over(ledger, row)
        ledger.solve(row, open_problems(row.pk))


@needs(Power.ACT)
def give_back(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> Status:
    """Let the hub go on with an order from where the facts have it. Raises Impossible when nobody took it over."""
    found = by.order(ref)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        if row.status != Status.MANUAL:
            raise impossible(
                "Order {ref} is not handled by hand; it is '{status}'. There is nothing to give back.",
                ref=row.ref,
                status=shown(row),
            )
        move_order(ledger, row, Fact.GIVEN_BACK)
        _follow_the_marketplace(ledger, row)
        go_on_with_the_shop(ledger, row)
        _read_shop_anew(row, ledger, by)
        return Status(row.status)


@needs(Power.ACT)
def cancel(
    by: Hand, ref: str, reason: CancelReason = CancelReason.OUT_OF_STOCK, *, expected: ExpectedVersion | None = None
) -> None:
    """Cancel at the marketplace and in the shop; or accept the buyer's wish to. Raises Impossible."""
    found = by.order(ref)
    marketplace = by.declaration(found.connector)
    if Can.CANCEL not in marketplace.can:
        raise impossible(
            "{marketplace} cannot be told to cancel. Cancel order {ref} there; it is heard here within minutes.",
            marketplace=marketplace.title,
            ref=found.ref,
        )
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        asked = row.status == Status.CANCELLATION_REQUESTED
        if row.shop_state == ShopState.COMPLETED and not asked:
            raise impossible(
                "The shop has completed order {ref}: the parcel may have left. Reopen it there first.", ref=row.ref
            )
        _move(ledger, row, Fact.CANCEL_ACCEPTED, _("it cannot be cancelled from here; settle it at the marketplace"))
        ledger.solve(row, open_problems(row.pk))
        _say_why(ledger, row, CancelReason.BUYER_ASKED if asked else reason)


@needs(Power.ACT)
def refuse(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> bool:
    """Say no to a buyer's wish to cancel: the order is to be shipped. Raises Impossible.

    Whether the marketplace is told now; where it takes no refusal, shipping is what refuses.
    """
    found = by.order(ref)
    is_told = Can.REFUSE_CANCELLATION in by.declaration(found.connector).can
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        if row.status != Status.CANCELLATION_REQUESTED:
            raise impossible(
                "The buyer does not ask to cancel order {ref}; it is '{status}'.", ref=row.ref, status=shown(row)
            )
        move_order(ledger, row, Fact.CANCEL_REFUSED)
        if is_told:
            ledger.put(row, Kind.REFUSE)
    return is_told


def shown(row: Order) -> str:
    """The status as people read it."""
    return _(SHOWN_AS[Status(row.status)][1]).lower()


def _retry(ledger: Ledger, row: Order) -> Retried:
    count, refused = 0, messages_with(row.pk, _NOT_DONE)
    for message in row.outbox:
        match message.state:
            case MessageState.PARKED:
                # what was sent once may have happened, unless it was refused: it is looked for before it is repeated
                may_be_done = message.attempt and message.id not in refused
                ledger.begin_anew(row, message, MessageState.UNCLEAR if may_be_done else MessageState.DUE)
            case MessageState.STOPPED:  # what was refused did not happen
                ledger.change_message(row, message, state=MessageState.DUE, due_at=ledger.now, finished_at=None)
            case MessageState.DUE | MessageState.UNCLEAR:
                ledger.change_message(row, message, due_at=min(message.due_at, ledger.now), failing_since=None)
            case _:
                continue
        ledger.nudge(message.connection_id)
        count += 1
    mended = open_problems(row.pk) - _NOT_BY_RETRY
    ledger.solve(row, mended)
    reads = _read_again(ledger, row, mended)
    if count or mended or reads:
        ledger.event(row, "retried")
    return Retried(row.ref, count, len(mended), reads)


def _read_again(ledger: Ledger, row: Order, mended: frozenset[ProblemKind]) -> bool:
    if row.read_at is None:
        ledger.change(row, read_due_at=ledger.now)
        connections.nudge(row.link.marketplace_id, ledger.now, "hear_at")
    if row.shop_ref and mended:
        if ProblemKind.SHOP_ORDER_GONE in mended:
            ledger.change(row, shop_state="")  # so that the same answer is said again
        connections.nudge(row.link.shop_id, ledger.now, "reread_at")
    return row.read_at is None or bool(row.shop_ref and mended)


def _move(ledger: Ledger, row: Order, fact: Fact, otherwise: str) -> None:
    _demand(row, fact, otherwise)
    move_order(ledger, row, fact)


def _demand(row: Order, fact: Fact, otherwise: str) -> None:
    """A wish outside the table is refused; it is no Problem of the order. Raises Impossible."""
    try:
        move(Status(row.status), fact)
    except OutsideTable:
        raise impossible("Order {ref} is '{status}': {why}.", ref=row.ref, status=shown(row), why=otherwise) from None


def _follow_the_marketplace(ledger: Ledger, row: Order) -> None:
    """What happened at the marketplace while a person had the order. What we confirmed ourselves stays ours."""
    facts = facts_so_far(Status(row.status), map(facts_of, row.kept_lines))
    ours = row.confirmed_at is not None and not row.handled_by_others
    if ours and Fact.SHIPPED_THERE not in facts and Fact.CANCELLED_THERE not in facts:
        facts = [Fact.SHIPPED_THERE]
    for fact in facts:
        move_order(ledger, row, fact)
    if ours and row.status == Status.SHIPPED:
        ledger.change(row, closed_at=row.confirmed_at)


def _read_shop_anew(row: Order, ledger: Ledger, by: Hand) -> None:
    if row.shop_ref:
        if row.shop_state in _AWAY:
            ledger.change(row, shop_state="")  # so that what was heard meanwhile counts as news
        connections.nudge(row.link.shop_id, by.clock.now(), "reread_at")


def _say_why(ledger: Ledger, row: Order, reason: CancelReason) -> None:
    for message in row.outbox:
        is_unsent = message.state == MessageState.DUE and not message.attempt
        if is_unsent and isinstance(message.payload, CancelPayload):
            message.payload = replace(message.payload, reason=reason)
            if message.pk is not None:
                ledger.change_message(row, message, payload=message.payload)
