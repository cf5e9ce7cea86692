"""Where an order stands for the merchant: one literal table, and `move()`, the only thing that reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from orderhaven.core.problems import ProblemKind


class Status(StrEnum):
    PENDING_CONFIRMATION = "pending_confirmation"
    NOT_SHIPPED = "not_shipped"
    PARTLY_SHIPPED = "partly_shipped"
    WAITING = "waiting"
    SHIPPED = "shipped"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"
    MANUAL = "manual"


SHOWN_AS: Mapping[Status, tuple[str, str]] = {
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


class Fact(StrEnum):
    """Something heard or decided about an order."""

    ACCEPTED = "accepted"
    UNACCEPTED = "unaccepted"  # it is open again, and the marketplace still waits for a yes
    COMPLETED_WITH_CODE = "completed_with_code"
    COMPLETED_BARE = "completed_bare"
    CODE = "code"  # a track & trace code of an order the shop completed earlier, or not yet
    WAIT_OVER = "wait_over"
    REOPENED = "reopened"  # the shop took completion or cancellation back before the marketplace was told
    REOPENED_LATE = "reopened_late"  # the same, after it was told
    SHOP_CANCELLED = "shop_cancelled"
    PART_SENT = "part_sent"
    REST_SENT = "rest_sent"  # the last open pieces were sent or cancelled
    SHIPPED_THERE = "shipped_there"
    CANCELLED_THERE = "cancelled_there"
    CANCELLED_THERE_LATE = "cancelled_there_late"  # after the marketplace had confirmed the shipment
    BUYER_ASKS = "buyer_asks"
    CANCEL_ACCEPTED = "cancel_accepted"
    CANCEL_REFUSED = "cancel_refused"
    CANCEL_WITHDRAWN = "cancel_withdrawn"
    TAKEN_OVER = "taken_over"
    GIVEN_BACK = "given_back"


FACTS: Mapping[Fact, str] = {
    Fact.ACCEPTED: "accepted at the marketplace",
    Fact.UNACCEPTED: "it waits for acceptance again",
    Fact.COMPLETED_WITH_CODE: "completed in the shop, with a code",
    Fact.COMPLETED_BARE: "completed in the shop, without a code",
    Fact.CODE: "a code came",
    Fact.WAIT_OVER: "the wait for a code is over",
    Fact.REOPENED: "reopened in the shop",
    Fact.REOPENED_LATE: "reopened in the shop after the marketplace was told",
    Fact.SHOP_CANCELLED: "cancelled in the shop",
    Fact.PART_SENT: "a part was sent",
    Fact.REST_SENT: "the rest was sent or cancelled",
    Fact.SHIPPED_THERE: "shipped at the marketplace",
    Fact.CANCELLED_THERE: "cancelled at the marketplace",
    Fact.CANCELLED_THERE_LATE: "cancelled at the marketplace after it was confirmed",
    Fact.BUYER_ASKS: "the buyer asks to cancel",
    Fact.CANCEL_ACCEPTED: "the cancellation was accepted",
    Fact.CANCEL_REFUSED: "the cancellation was refused",
    Fact.CANCEL_WITHDRAWN: "the buyer does not want to cancel any more",
    Fact.TAKEN_OVER: "taken over by hand",
    Fact.GIVEN_BACK: "given back",
}


@dataclass(frozen=True, slots=True)
class Move:
    to: Status
    problem: ProblemKind | None = None  # what a person must look at because of it


class OutsideTable(Exception):
    """A fact that the table does not foresee for this status: a Problem on that order."""


_PENDING, _OPEN, _PARTLY, _WAITING = (
    Status.PENDING_CONFIRMATION, Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.WAITING,
)  # fmt: skip
_SHIPPED, _ASKED, _CANCELLED, _MANUAL = (
    Status.SHIPPED, Status.CANCELLATION_REQUESTED, Status.CANCELLED, Status.MANUAL,
)  # fmt: skip

TABLE: Mapping[Status, Mapping[Fact, Move]] = {
    _PENDING: {
        Fact.ACCEPTED: Move(_OPEN),
        Fact.BUYER_ASKS: Move(_ASKED),
        Fact.CANCEL_WITHDRAWN: Move(_PENDING),
        Fact.CANCELLED_THERE: Move(_CANCELLED),
        Fact.PART_SENT: Move(_PARTLY),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _OPEN: {
        Fact.ACCEPTED: Move(_OPEN),
        Fact.UNACCEPTED: Move(_PENDING),
        Fact.COMPLETED_WITH_CODE: Move(_SHIPPED),
        Fact.COMPLETED_BARE: Move(_WAITING),
        Fact.CODE: Move(_OPEN),
        Fact.REOPENED: Move(_OPEN),
        Fact.PART_SENT: Move(_PARTLY),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.BUYER_ASKS: Move(_ASKED),
        Fact.CANCEL_ACCEPTED: Move(_CANCELLED),  # the merchant cancels without being asked
        Fact.CANCEL_REFUSED: Move(_OPEN),
        Fact.CANCEL_WITHDRAWN: Move(_OPEN),
        Fact.SHOP_CANCELLED: Move(_CANCELLED),
        Fact.CANCELLED_THERE: Move(_CANCELLED),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _PARTLY: {
        # until parts are told one by one, a completed shop order cannot say which pieces are meant
        Fact.COMPLETED_WITH_CODE: Move(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Fact.COMPLETED_BARE: Move(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Fact.CODE: Move(_PARTLY),
        Fact.REOPENED: Move(_PARTLY),
        Fact.REOPENED_LATE: Move(_PARTLY),
        Fact.PART_SENT: Move(_PARTLY),
        Fact.REST_SENT: Move(_SHIPPED),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.BUYER_ASKS: Move(_PARTLY, ProblemKind.BUYER_ASKS_LATE),
        Fact.CANCEL_WITHDRAWN: Move(_PARTLY),
        Fact.SHOP_CANCELLED: Move(_PARTLY, ProblemKind.SHOP_CANCELLED_LATE),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _WAITING: {
        Fact.COMPLETED_WITH_CODE: Move(_SHIPPED),
        Fact.COMPLETED_BARE: Move(_WAITING),
        Fact.CODE: Move(_SHIPPED),
        Fact.WAIT_OVER: Move(_SHIPPED),
        Fact.REOPENED: Move(_OPEN),
        Fact.PART_SENT: Move(_PARTLY, ProblemKind.QUANTITIES_DIFFER),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.SHOP_CANCELLED: Move(_CANCELLED),
        Fact.CANCELLED_THERE: Move(_CANCELLED, ProblemKind.PARCEL_MAY_HAVE_LEFT),
        Fact.BUYER_ASKS: Move(_WAITING, ProblemKind.BUYER_ASKS_LATE),
        Fact.CANCEL_WITHDRAWN: Move(_WAITING),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _ASKED: {
        Fact.ACCEPTED: Move(_ASKED),
        Fact.CANCEL_ACCEPTED: Move(_CANCELLED),
        Fact.CANCELLED_THERE: Move(_CANCELLED),
        Fact.SHOP_CANCELLED: Move(_CANCELLED),
        Fact.CANCEL_REFUSED: Move(_OPEN),
        Fact.CANCEL_WITHDRAWN: Move(_OPEN),
        Fact.COMPLETED_WITH_CODE: Move(_SHIPPED),
        Fact.COMPLETED_BARE: Move(_WAITING),
        Fact.CODE: Move(_ASKED),
        Fact.REOPENED: Move(_ASKED),
        Fact.PART_SENT: Move(_PARTLY),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.BUYER_ASKS: Move(_ASKED),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _SHIPPED: {
        Fact.COMPLETED_WITH_CODE: Move(_SHIPPED),
        Fact.COMPLETED_BARE: Move(_SHIPPED),
        Fact.CODE: Move(_SHIPPED),
        Fact.WAIT_OVER: Move(_SHIPPED),
        Fact.REOPENED: Move(_OPEN),
        Fact.REOPENED_LATE: Move(_SHIPPED, ProblemKind.REOPENED_AFTER_SHIPPING),
        # the marketplace counts piece by piece what was confirmed as a whole
        Fact.PART_SENT: Move(_SHIPPED),
        Fact.REST_SENT: Move(_SHIPPED),
        Fact.SHIPPED_THERE: Move(_SHIPPED),
        Fact.BUYER_ASKS: Move(_SHIPPED),
        Fact.CANCEL_WITHDRAWN: Move(_SHIPPED),
        Fact.SHOP_CANCELLED: Move(_SHIPPED, ProblemKind.SHOP_CANCELLED_LATE),
        Fact.CANCELLED_THERE: Move(_CANCELLED, ProblemKind.PARCEL_MAY_HAVE_LEFT),
        Fact.CANCELLED_THERE_LATE: Move(_SHIPPED, ProblemKind.CANCELLED_THERE_LATE),
        Fact.TAKEN_OVER: Move(_MANUAL),
    },
    _CANCELLED: {
        Fact.COMPLETED_WITH_CODE: Move(_CANCELLED, ProblemKind.STOP_THE_PARCEL),
        Fact.COMPLETED_BARE: Move(_CANCELLED, ProblemKind.STOP_THE_PARCEL),
        Fact.CODE: Move(_CANCELLED),
        Fact.REOPENED: Move(_OPEN),
        Fact.REOPENED_LATE: Move(_CANCELLED, ProblemKind.REOPENED_AFTER_CANCELLING),
        Fact.SHOP_CANCELLED: Move(_CANCELLED),
        Fact.CANCELLED_THERE: Move(_CANCELLED),
        Fact.BUYER_ASKS: Move(_CANCELLED),
        Fact.CANCEL_WITHDRAWN: Move(_CANCELLED),
        Fact.PART_SENT: Move(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
        Fact.REST_SENT: Move(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
        Fact.SHIPPED_THERE: Move(_CANCELLED, ProblemKind.SHIPPED_THOUGH_CANCELLED),
    },
    # a person took over: facts are recorded, nothing moves until it is given back and the facts are read again
    _MANUAL: {fact: Move(_MANUAL) for fact in Fact} | {Fact.GIVEN_BACK: Move(_OPEN)},
}


def move(status: Status, fact: Fact) -> Move:
    """Where `fact` takes an order that stands at `status`.

    Raises OutsideTable when the table does not foresee the pair.
    """
    try:
        return TABLE[status][fact]
    except KeyError:
        raise OutsideTable(f"'{fact}' heard while '{status}'") from None


def path_is_lawful(history: list[Status]) -> bool:
    """Whether each step of a status history is a row of the table (a first status is where hearing put it)."""
    return all(any(step.to is after for step in TABLE[before].values()) for before, after in pairwise(history))
