"""What a person does with one order: try again, take over, give back, cancel, refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission
from orderhaven.core.commands import CancelReason
from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import STATUS_NAMES, Status, Trigger, UnexpectedTrigger, initial_triggers, transition
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability
from orderhaven.store.connections import connections
from orderhaven.store.models import MessageKind, MessageState, Order
from orderhaven.store.orders.changes import changing, go_on_with_the_shop, messages_with, open_problems, take_over
from orderhaven.store.orders.conversions import facts_of
from orderhaven.store.orders.follow_ups import is_accepted, transition_order
from orderhaven.store.orders.unit_of_work import UnitOfWork
from orderhaven.store.orders.unlinked import say_where_it_goes
from orderhaven.store.outbox.payloads import CancelPayload
from orderhaven.store.upkeep.versions import ExpectedVersion

# said by a person in another way: Retry must not say it for them
_NOT_BY_RETRY = frozenset(
    {ProblemKind.CANCELLATIONS_ON_HOLD, ProblemKind.ADOPTED_DIFFERS, ProblemKind.CHANNEL_NOT_LINKED}
)
# with these the other side said no, or nothing was sent at all
_NOT_DONE = frozenset(
    {
        ProblemKind.UNKNOWN_PRODUCT,
        ProblemKind.CURRENCY_REFUSED,
        ProblemKind.NO_LINES,
        ProblemKind.REJECTED,
        ProblemKind.UNKNOWN_CARRIER,
        ProblemKind.CARRIER_NOT_LISTED,
        ProblemKind.REASON_NOT_LISTED,
        ProblemKind.OWN_LABEL,
        ProblemKind.TRACKING_REQUIRED,
        ProblemKind.ONLY_WHOLE_SHIPMENTS,
        ProblemKind.ONLY_WHOLE_CANCELLATIONS,
        ProblemKind.ONLY_WHOLE_LINES,
    }
)
_AWAY = (ShopState.CANCELLED, ShopState.TRASHED, ShopState.GONE)


@dataclass(frozen=True, slots=True)
class RetryResult:
    ref: str
    messages: int  # how many are sent, or verified, again
    problems: int  # how many count as mended until they show again
    reads: bool  # whether a side is asked about the order anew


@requires(Permission.WRITE)
def retry(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> RetryResult:
    """The person has mended it: everything of this order that waits is tried at once. Nothing that may have happened is
    repeated before it was looked for. Raises ActionRefused when the order is not there."""
    found = context.order(ref)
    return retry_ids(context, [found.order_id], expected=expected)[0]


@requires(Permission.WRITE)
def retry_ids(
    context: ActionContext, order_ids: Sequence[int], *, expected: ExpectedVersion | None = None
) -> list[RetryResult]:
    """The same for orders by their keys, in one transaction."""
    with changing(order_ids, context.clock.now(), context.actor, expected) as (uow, rows):
        done = [_retry(uow, row) for row in rows]
    sides = {row.connection_id for row in rows} | {row.link.shop_id for row in rows if row.link is not None}
    connections.end_backoff(sides)
    return done


@requires(Permission.WRITE)
def handle(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """A person takes the order over: nothing more is sent, what happens is still written down. Raises ActionRefused."""
    found = context.order(ref)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        if row.status == Status.MANUAL:
            raise action_refused("Order {ref} is handled manually already. To undo that, give it back.", ref=row.ref)
        _demand(row, Trigger.TAKEN_OVER, _("there is nothing to take over"))
        take_over(uow, row)
        uow.resolve(row, open_problems(row.pk))


@requires(Permission.WRITE)
def give_back(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> Status:
    """Let the hub go on with an order from where the facts have it. Raises ActionRefused when nobody took it over."""
    found = context.order(ref)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        if row.status != Status.MANUAL:
            raise action_refused(
                "Order {ref} is not handled manually; it is '{status}'. There is nothing to give back.",
                ref=row.ref,
                status=shown(row),
            )
        transition_order(uow, row, Trigger.GIVEN_BACK)
        _follow_the_marketplace(uow, row)
        go_on_with_the_shop(uow, row)
        say_where_it_goes(uow, row, row.channel)
        _read_shop_anew(row, uow, context)
        return Status(row.status)


@requires(Permission.WRITE)
def cancel(
    context: ActionContext,
    ref: str,
    reason: CancelReason = CancelReason.OUT_OF_STOCK,
    *,
    expected: ExpectedVersion | None = None,
) -> None:
    """Cancel at the marketplace and in the shop; or accept the buyer's wish to. Raises ActionRefused."""
    found = context.order(ref)
    marketplace = context.marketplace_of(found)
    if Capability.CANCEL not in marketplace.capabilities:
        raise action_refused(
            "{marketplace} takes no cancellation. Cancel order {ref} there; it shows here within minutes.",
            marketplace=found.marketplace,
            ref=found.ref,
        )
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        asked = row.status == Status.CANCELLATION_REQUESTED
        if row.shop_state == ShopState.COMPLETED and not asked:
            raise action_refused(
                "The shop has completed order {ref}: the parcel may have left. Reopen it there first.", ref=row.ref
            )
        _demand(row, Trigger.CANCELLATION_ACCEPTED, _("it cannot be cancelled from here; settle it at the marketplace"))
        transition_order(uow, row, Trigger.CANCELLATION_ACCEPTED)
        uow.resolve(row, open_problems(row.pk))
        _say_why(uow, row, CancelReason.BUYER_REQUEST if asked else reason)


@requires(Permission.WRITE)
def accept(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> None:
    """Say yes to an order that waits for it: it goes on once the marketplace shows that it heard. Raises ActionRefused."""
    found = context.order(ref)
    marketplace = context.marketplace_of(found)
    if Capability.ACCEPT not in marketplace.capabilities:
        raise action_refused("{marketplace} asks for no yes to an order.", marketplace=found.marketplace)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        if row.status != Status.PENDING_CONFIRMATION or row.waits_for != WaitsFor.OUR_YES:
            raise action_refused(
                "Order {ref} does not wait for your yes; it is '{status}'.", ref=row.ref, status=shown(row)
            )
        if row.read_at is None:
            raise action_refused("Order {ref} was listed and is not read yet. Try again in a minute.", ref=row.ref)
        if is_accepted(row) or uow.enqueue(row, MessageKind.ACCEPT) is None:
            raise action_refused("Order {ref} was accepted before; its page says how far that is.", ref=row.ref)
        uow.event(row, "accept_requested")


@requires(Permission.WRITE)
def refuse(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> bool:
    """Say no to a buyer's wish to cancel: the order is to be shipped. Raises ActionRefused.

    Whether the marketplace is updated now; where it takes no refusal, shipping is what refuses.
    """
    found = context.order(ref)
    is_sent = Capability.REFUSE_CANCELLATION in context.marketplace_of(found).capabilities
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        if row.status != Status.CANCELLATION_REQUESTED:
            raise action_refused(
                "The buyer does not ask to cancel order {ref}; it is '{status}'.", ref=row.ref, status=shown(row)
            )
        transition_order(uow, row, Trigger.CANCELLATION_REFUSED)
        if is_sent:
            uow.enqueue(row, MessageKind.REFUSE)
    return is_sent


def shown(row: Order) -> str:
    """The status as people read it."""
    return _(STATUS_NAMES[Status(row.status)][1]).lower()


def _retry(uow: UnitOfWork, row: Order) -> RetryResult:
    count, refused = 0, messages_with(row.pk, _NOT_DONE)
    for message in row.outbox:
        match message.state:
            case MessageState.BLOCKED:
                # what was sent once may have happened, unless it was refused: it is looked for before it is repeated
                may_be_done = message.attempt and message.id not in refused
                uow.restart(row, message, MessageState.UNCONFIRMED if may_be_done else MessageState.QUEUED)
            case MessageState.STOPPED:  # what was refused did not happen
                uow.change_message(row, message, state=MessageState.QUEUED, due_at=uow.now, finished_at=None)
            case MessageState.QUEUED | MessageState.UNCONFIRMED:
                uow.change_message(row, message, due_at=min(message.due_at, uow.now), failing_since=None)
            case _:
                continue
        uow.nudge(message.connection_id)
        count += 1
    mended = open_problems(row.pk) - _NOT_BY_RETRY
    uow.resolve(row, mended)
    reads = _read_again(uow, row, mended)
    if count or mended or reads:
        uow.event(row, "retried")
    return RetryResult(row.ref, count, len(mended), reads)


def _read_again(uow: UnitOfWork, row: Order, mended: frozenset[ProblemKind]) -> bool:
    if row.read_at is None:
        uow.change(row, read_due_at=uow.now)
        connections.nudge(row.connection_id, uow.now, "pull_at")
    if row.shop_ref and mended:
        if ProblemKind.SHOP_ORDER_GONE in mended:
            uow.change(row, shop_state="")  # so that the same answer is said again
        connections.nudge(row.own_link.shop_id, uow.now, "refresh_at")
    return row.read_at is None or bool(row.shop_ref and mended)


def _demand(row: Order, fact: Trigger, otherwise: str) -> None:
    """A wish outside the table is refused; it is no Problem of the order. Raises ActionRefused."""
    try:
        transition(Status(row.status), fact)
    except UnexpectedTrigger:
        raise action_refused(
            "Order {ref} is '{status}': {why}.", ref=row.ref, status=shown(row), why=otherwise
        ) from None


def _follow_the_marketplace(uow: UnitOfWork, row: Order) -> None:
    """What happened at the marketplace while a person had the order. What we confirmed ourselves stays ours."""
    triggers = initial_triggers(Status(row.status), map(facts_of, row.prefetched_lines))
    ours = row.confirmed_at is not None and not row.handled_externally
    if ours and Trigger.MARKETPLACE_SHIPPED not in triggers and Trigger.MARKETPLACE_CANCELLED not in triggers:
        triggers = [Trigger.MARKETPLACE_SHIPPED]
    for trigger in triggers:
        transition_order(uow, row, trigger)
    if ours and row.status == Status.SHIPPED:
        uow.change(row, closed_at=row.confirmed_at)


def _read_shop_anew(row: Order, uow: UnitOfWork, context: ActionContext) -> None:
    if row.shop_ref:
        if row.shop_state in _AWAY:
            uow.change(row, shop_state="")  # so that what was pulled meanwhile counts as news
        connections.nudge(row.own_link.shop_id, context.clock.now(), "refresh_at")


def _say_why(uow: UnitOfWork, row: Order, reason: CancelReason) -> None:
    for message in row.outbox:
        is_unsent = message.state == MessageState.QUEUED and not message.attempt
        if is_unsent and isinstance(message.payload, CancelPayload):
            message.payload = replace(message.payload, reason=reason)
            if message.pk is not None:
                uow.change_message(row, message, payload=message.payload)
