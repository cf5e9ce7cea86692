"""The statuses of an order, the transitions between them, and the snapshots that trigger one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from orderhaven.core.order import LineQuantities
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ExpectedLine, ShopOrderSnapshot, ShopState, compare, leaving_quantity
from orderhaven.core.translation import NamedEnum


class Status(StrEnum):
    PENDING_CONFIRMATION = "pending_confirmation"
    NOT_SHIPPED = "not_shipped"
    PARTLY_SHIPPED = "partly_shipped"
    WAITING = "waiting"
    SHIPPED = "shipped"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"
    MANUAL = "manual"


STATUS_NAMES: Mapping[Status, tuple[str, str]] = {
    # status: (Dutch, English)
    Status.PENDING_CONFIRMATION: ("In afwachting van bevestiging", "Pending confirmation"),
    Status.NOT_SHIPPED: ("Niet verzonden", "Not shipped"),
    Status.PARTLY_SHIPPED: ("Deels verzonden", "Partly shipped"),
    Status.WAITING: ("In afwachting", "Waiting"),
    Status.SHIPPED: ("Verzonden", "Shipped"),
    Status.CANCELLATION_REQUESTED: ("Annulering aangevraagd", "Cancellation requested"),
    Status.CANCELLED: ("Geannuleerd", "Cancelled"),
    Status.MANUAL: ("Handmatig", "Manual"),
}


class Trigger(NamedEnum):
    """Something learned or decided about an order."""

    ACCEPTED = "accepted", "accepted at the marketplace"
    # it is open again, and the marketplace still waits for a yes
    UNACCEPTED = "unaccepted", "it waits for acceptance again"
    COMPLETED_TRACKED = "completed_tracked", "completed in the shop, with a code"
    COMPLETED_UNTRACKED = "completed_untracked", "completed in the shop, without a code"
    # a track & trace code of an order the shop completed earlier, or not yet
    TRACKING_ADDED = "tracking_added", "a code came"
    WAIT_EXPIRED = "wait_expired", "the wait for a code is over"
    # the shop took completion or cancellation back before the marketplace was told
    REOPENED = "reopened", "reopened in the shop"
    # the same, after it was told
    REOPENED_LATE = "reopened_late", "reopened in the shop after the marketplace was updated"
    SHOP_CANCELLED = "shop_cancelled", "cancelled in the shop"
    PARTLY_SHIPPED = "partly_shipped", "a part was sent"
    REST_SHIPPED = "rest_shipped", "the rest was sent or cancelled"  # the last open pieces were sent or cancelled
    MARKETPLACE_SHIPPED = "marketplace_shipped", "shipped at the marketplace"
    MARKETPLACE_CANCELLED = "marketplace_cancelled", "cancelled at the marketplace"
    # after the marketplace had confirmed the shipment
    MARKETPLACE_CANCELLED_LATE = "marketplace_cancelled_late", "cancelled at the marketplace after it was confirmed"
    CANCELLATION_REQUESTED = "cancellation_requested", "the buyer asks to cancel"
    CANCELLATION_ACCEPTED = "cancellation_accepted", "the cancellation was accepted"
    CANCELLATION_REFUSED = "cancellation_refused", "the cancellation was refused"
    CANCELLATION_WITHDRAWN = "cancellation_withdrawn", "the buyer does not want to cancel any more"
    TAKEN_OVER = "taken_over", "taken over"
    GIVEN_BACK = "given_back", "given back"


@dataclass(frozen=True, slots=True)
class Transition:
    to: Status
    problem: ProblemKind | None = None  # what a person must look at because of it


class UnexpectedTrigger(Exception):
    """A fact that the table does not foresee for this status: a Problem on that order."""


_PENDING, _OPEN, _PARTLY, _WAITING = (
    Status.PENDING_CONFIRMATION, Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.WAITING,
)  # fmt: skip
_SHIPPED, _ASKED, _CANCELLED, _MANUAL = (
    Status.SHIPPED, Status.CANCELLATION_REQUESTED, Status.CANCELLED, Status.MANUAL,
)  # fmt: skip

TRANSITIONS: Mapping[Status, Mapping[Trigger, Transition]] = {
    _PENDING: {
        Trigger.ACCEPTED: Transition(_OPEN),
        Trigger.CANCELLATION_REQUESTED: Transition(_ASKED),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_PENDING),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED),
        Trigger.PARTLY_SHIPPED: Transition(_PARTLY),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _OPEN: {
        Trigger.ACCEPTED: Transition(_OPEN),
        Trigger.UNACCEPTED: Transition(_PENDING),
        Trigger.COMPLETED_TRACKED: Transition(_SHIPPED),
        Trigger.COMPLETED_UNTRACKED: Transition(_WAITING),
        Trigger.TRACKING_ADDED: Transition(_OPEN),
        Trigger.REOPENED: Transition(_OPEN),
        Trigger.PARTLY_SHIPPED: Transition(_PARTLY),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.CANCELLATION_REQUESTED: Transition(_ASKED),
        Trigger.CANCELLATION_ACCEPTED: Transition(_CANCELLED),  # the merchant cancels without being asked
        Trigger.CANCELLATION_REFUSED: Transition(_OPEN),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_OPEN),
        Trigger.SHOP_CANCELLED: Transition(_CANCELLED),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _PARTLY: {
        # until parts are confirmed one by one, a completed shop order cannot say which pieces are meant
        Trigger.COMPLETED_TRACKED: Transition(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Trigger.COMPLETED_UNTRACKED: Transition(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Trigger.TRACKING_ADDED: Transition(_PARTLY),
        Trigger.REOPENED: Transition(_PARTLY),
        Trigger.REOPENED_LATE: Transition(_PARTLY),
        Trigger.PARTLY_SHIPPED: Transition(_PARTLY),
        Trigger.REST_SHIPPED: Transition(_SHIPPED),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.CANCELLATION_REQUESTED: Transition(_PARTLY, ProblemKind.LATE_CANCELLATION_REQUEST),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_PARTLY),
        Trigger.SHOP_CANCELLED: Transition(_PARTLY, ProblemKind.SHOP_CANCELLED_LATE),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _WAITING: {
        Trigger.COMPLETED_TRACKED: Transition(_SHIPPED),
        Trigger.COMPLETED_UNTRACKED: Transition(_WAITING),
        Trigger.TRACKING_ADDED: Transition(_SHIPPED),
        Trigger.WAIT_EXPIRED: Transition(_SHIPPED),
        Trigger.REOPENED: Transition(_OPEN),
        Trigger.PARTLY_SHIPPED: Transition(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.SHOP_CANCELLED: Transition(_CANCELLED),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED, ProblemKind.PARCEL_MAY_HAVE_LEFT),
        Trigger.CANCELLATION_REQUESTED: Transition(_WAITING, ProblemKind.LATE_CANCELLATION_REQUEST),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_WAITING),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _ASKED: {
        Trigger.ACCEPTED: Transition(_ASKED),
        Trigger.CANCELLATION_ACCEPTED: Transition(_CANCELLED),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED),
        Trigger.SHOP_CANCELLED: Transition(_CANCELLED),
        Trigger.CANCELLATION_REFUSED: Transition(_OPEN),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_OPEN),
        Trigger.COMPLETED_TRACKED: Transition(_SHIPPED),
        Trigger.COMPLETED_UNTRACKED: Transition(_WAITING),
        Trigger.TRACKING_ADDED: Transition(_ASKED),
        Trigger.REOPENED: Transition(_ASKED),
        Trigger.PARTLY_SHIPPED: Transition(_PARTLY),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.CANCELLATION_REQUESTED: Transition(_ASKED),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _SHIPPED: {
        Trigger.COMPLETED_TRACKED: Transition(_SHIPPED),
        Trigger.COMPLETED_UNTRACKED: Transition(_SHIPPED),
        Trigger.TRACKING_ADDED: Transition(_SHIPPED),
        Trigger.WAIT_EXPIRED: Transition(_SHIPPED),
        Trigger.REOPENED: Transition(_OPEN),
        Trigger.REOPENED_LATE: Transition(_SHIPPED, ProblemKind.REOPENED_AFTER_SHIPPING),
        # the marketplace counts piece by piece what was confirmed as a whole
        Trigger.PARTLY_SHIPPED: Transition(_SHIPPED),
        Trigger.REST_SHIPPED: Transition(_SHIPPED),
        Trigger.MARKETPLACE_SHIPPED: Transition(_SHIPPED),
        Trigger.CANCELLATION_REQUESTED: Transition(_SHIPPED),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_SHIPPED),
        Trigger.SHOP_CANCELLED: Transition(_SHIPPED, ProblemKind.SHOP_CANCELLED_LATE),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED, ProblemKind.PARCEL_MAY_HAVE_LEFT),
        Trigger.MARKETPLACE_CANCELLED_LATE: Transition(_SHIPPED, ProblemKind.MARKETPLACE_CANCELLED_LATE),
        Trigger.TAKEN_OVER: Transition(_MANUAL),
    },
    _CANCELLED: {
        Trigger.COMPLETED_TRACKED: Transition(_CANCELLED, ProblemKind.STOP_THE_PARCEL),
        Trigger.COMPLETED_UNTRACKED: Transition(_CANCELLED, ProblemKind.STOP_THE_PARCEL),
        Trigger.TRACKING_ADDED: Transition(_CANCELLED),
        Trigger.REOPENED: Transition(_OPEN),
        Trigger.REOPENED_LATE: Transition(_CANCELLED, ProblemKind.REOPENED_AFTER_CANCELLING),
        Trigger.SHOP_CANCELLED: Transition(_CANCELLED),
        Trigger.MARKETPLACE_CANCELLED: Transition(_CANCELLED),
        Trigger.CANCELLATION_REQUESTED: Transition(_CANCELLED),
        Trigger.CANCELLATION_WITHDRAWN: Transition(_CANCELLED),
        Trigger.PARTLY_SHIPPED: Transition(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
        Trigger.REST_SHIPPED: Transition(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
        Trigger.MARKETPLACE_SHIPPED: Transition(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
    },
    # a person took over: facts are recorded, nothing moves until it is given back and the facts are read again
    _MANUAL: {fact: Transition(_MANUAL) for fact in Trigger} | {Trigger.GIVEN_BACK: Transition(_OPEN)},
}


def transition(status: Status, trigger: Trigger) -> Transition:
    """Where `fact` takes an order that stands at `status`.

    Raises UnexpectedTrigger when the table does not foresee the pair.
    """
    try:
        return TRANSITIONS[status][trigger]
    except KeyError:
        raise UnexpectedTrigger(f"'{trigger}' came while '{status}'") from None


def is_possible_history(history: list[Status]) -> bool:
    """Whether each step of a status history is a row of the table (a first status is where the first pull put it)."""
    return all(any(step.to is after for step in TRANSITIONS[before].values()) for before, after in pairwise(history))


class Header(StrEnum):
    """What the lines of an order add up to at the marketplace."""

    OPEN = "open"
    PART_SENT = "partly_shipped"
    SENT = "sent"  # nothing is open, and something was sent
    CANCELLED = "cancelled"


def header_of(lines: Iterable[LineQuantities]) -> Header:
    """Lines that the marketplace ships itself count only where all of them are."""
    lines = list(lines)
    ours = [line for line in lines if not line.by_marketplace] or lines
    still_open = [line for line in ours if line.open]
    shipped = [line for line in ours if line.shipped]
    if still_open:
        return Header.PART_SENT if shipped else Header.OPEN
    if shipped:
        return Header.SENT
    return Header.CANCELLED if ours else Header.OPEN


def marketplace_triggers(
    status: Status, before: Iterable[LineQuantities], now: Iterable[LineQuantities], *, confirmed: bool
) -> list[Trigger]:
    """What changed at the marketplace between two sights of the same lines; nothing when nothing did."""
    before, now = list(before), list(now)
    if before == now:
        return []
    facts: list[Trigger] = []
    was, header = header_of(before), header_of(now)
    if header is not was or header is Header.PART_SENT:
        if header is Header.CANCELLED:
            facts.append(Trigger.MARKETPLACE_CANCELLED_LATE if confirmed else Trigger.MARKETPLACE_CANCELLED)
        elif header is Header.SENT:
            facts.append(Trigger.REST_SHIPPED if status is Status.PARTLY_SHIPPED else Trigger.MARKETPLACE_SHIPPED)
        elif header is Header.PART_SENT:
            facts.append(Trigger.PARTLY_SHIPPED)
    asked, asks = _cancellation_requested(before), _cancellation_requested(now)
    if asks and not asked:
        facts.append(Trigger.CANCELLATION_REQUESTED)
    if asked and not asks and header in (Header.OPEN, Header.PART_SENT):
        facts.append(Trigger.CANCELLATION_WITHDRAWN)
    return facts


def initial_triggers(status: Status, lines: Iterable[LineQuantities]) -> list[Trigger]:
    """What happened at the marketplace to an order of which nothing was known before."""
    lines = list(lines)
    untouched = [LineQuantities(line.ref, line.ordered, by_marketplace=line.by_marketplace) for line in lines]
    return marketplace_triggers(status, untouched, lines, confirmed=False)


def newly_cancelled(before: Mapping[str, LineQuantities], now: Iterable[LineQuantities]) -> list[str]:
    """Refs of lines of which pieces were cancelled since."""
    return [line.ref for line in now if line.cancelled > (before[line.ref].cancelled if line.ref in before else 0)]


def _cancellation_requested(lines: Iterable[LineQuantities]) -> bool:
    return any(line.cancellation_requested and line.open for line in lines)


# what the shop shows as open after one of these was opened again there
CLOSED_THERE = frozenset({ShopState.COMPLETED, ShopState.CANCELLED})


class ShopBaseline(Struct, frozen=True):
    """What the hub knows of the shop's side of an order before a snapshot is applied."""

    status: Status
    shop_state: str  # the last ShopState read; "" before the first
    tracking_number: str
    # what the marketplace expects from the merchant, with what we confirmed ourselves
    expected: tuple[ExpectedLine, ...]
    # whether the marketplace was sent (or is being sent) what the shop said last, or knows it by itself: of what is CLOSED_THERE
    synced: bool
    confirmed: bool


class Triggers(Struct, frozen=True):
    """What a snapshot of the shop means: triggers for the table, in order, and Problems of the snapshot itself."""

    triggers: tuple[Trigger, ...] = ()
    problems: Mapping[ProblemKind, Mapping[str, str]] = {}


# while an order stands here, its shop order going away needs a person
_ALIVE = frozenset({Status.NOT_SHIPPED, Status.WAITING, Status.CANCELLATION_REQUESTED, Status.PARTLY_SHIPPED})
SNAPSHOT_PROBLEMS = frozenset({ProblemKind.SHOP_ORDER_GONE, ProblemKind.QUANTITIES_DIFFER, ProblemKind.WAIT_EXTENDED})


def shop_triggers(baseline: ShopBaseline, snapshot: ShopOrderSnapshot) -> Triggers:
    """What this snapshot of the shop order adds to what is known."""
    match snapshot.state:
        case ShopState.COMPLETED:
            return _completed(baseline, snapshot)
        case ShopState.CANCELLED:
            news = baseline.shop_state != ShopState.CANCELLED or baseline.status in _ALIVE
            return Triggers((Trigger.SHOP_CANCELLED,) if news else (), _late_tracking(baseline, snapshot))
        case ShopState.TRASHED | ShopState.GONE:
            if baseline.status in _ALIVE:
                return Triggers(
                    problems={ProblemKind.SHOP_ORDER_GONE: {"shop_ref": snapshot.number or snapshot.shop_ref}}
                )
            return Triggers()
        case ShopState.OPEN:
            return _open(baseline, snapshot)


def _completed(baseline: ShopBaseline, snapshot: ShopOrderSnapshot) -> Triggers:
    if baseline.shop_state == ShopState.COMPLETED and baseline.status not in _ALIVE:
        return Triggers(
            (Trigger.TRACKING_ADDED,) if _has_new_tracking(baseline, snapshot) else (),
            _late_tracking(baseline, snapshot),
        )
    if (
        baseline.status in _ALIVE
        and (compared := compare(baseline.expected, snapshot.lines, leaving_quantity)).differences
    ):
        return Triggers(problems={ProblemKind.QUANTITIES_DIFFER: {"lines": compared.reason}})
    has_code = bool(snapshot.tracking or snapshot.label_number)
    return Triggers(
        (Trigger.COMPLETED_TRACKED if has_code else Trigger.COMPLETED_UNTRACKED,), _late_tracking(baseline, snapshot)
    )


def _has_new_tracking(baseline: ShopBaseline, snapshot: ShopOrderSnapshot) -> bool:
    return bool(snapshot.tracking) and snapshot.tracking[0].number != baseline.tracking_number


def _late_tracking(baseline: ShopBaseline, snapshot: ShopOrderSnapshot) -> Mapping[ProblemKind, Mapping[str, str]]:
    """Another code than the shipment was confirmed with, however the shop order came to have it.

    One that stands beside the code that was confirmed is of a further parcel.
    """
    if baseline.status is not Status.SHIPPED or not baseline.confirmed or not _has_new_tracking(baseline, snapshot):
        return {}
    is_further = bool(baseline.tracking_number) and baseline.tracking_number in {
        each.number for each in snapshot.tracking
    }
    return {} if is_further else {ProblemKind.LATE_TRACKING: {"tracking_number": snapshot.tracking[0].number}}


def _open(baseline: ShopBaseline, snapshot: ShopOrderSnapshot) -> Triggers:
    facts = []
    if baseline.shop_state in CLOSED_THERE:
        facts.append(Trigger.REOPENED_LATE if baseline.synced else Trigger.REOPENED)
    if _has_new_tracking(baseline, snapshot):
        facts.append(Trigger.TRACKING_ADDED)
    return Triggers(tuple(facts), _late_tracking(baseline, snapshot))
