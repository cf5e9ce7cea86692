"""What a person can do about each problem: the buttons that stand beside its sentence."""

from collections.abc import Mapping
from enum import StrEnum

from orderhaven.core.problems import ProblemKind


class Offer(StrEnum):
    """An action on one order, by the name of its command."""

    RETRY = "retry"
    HANDLE = "handle"
    CANCEL = "cancel"
    REFUSE = "refuse"
    ADOPT = "adopt"
    PLACE = "place"
    PLACE_AGAIN = "place --again"
    LEAVE = "leave"
    MAP = "map"
    CHOOSE_CARRIER = "choose-carrier"
    CORRECT = "correct"
    RELEASE = "release"
    DONE = "done"  # nothing of ours to do: say that it was looked at


_USUAL = (Offer.RETRY, Offer.HANDLE)
OFFERS: Mapping[ProblemKind, tuple[Offer, ...]] = {
    ProblemKind.UNKNOWN_PRODUCT: (Offer.MAP, *_USUAL),
    ProblemKind.HALF_MADE: (Offer.ADOPT, *_USUAL),
    ProblemKind.PLACED_TWICE: (Offer.DONE,),
    ProblemKind.TOTAL_DIFFERS: (Offer.DONE,),
    ProblemKind.ADOPTED_DIFFERS: (Offer.ADOPT, Offer.PLACE, Offer.LEAVE),
    ProblemKind.SHOP_ORDER_GONE: (Offer.PLACE_AGAIN, Offer.CANCEL, Offer.HANDLE),
    ProblemKind.UNKNOWN_CARRIER: (Offer.CHOOSE_CARRIER, *_USUAL),
    ProblemKind.NUMBER_UNREAD: (Offer.DONE, Offer.HANDLE),
    ProblemKind.WAIT_HELD: (Offer.HANDLE,),
    ProblemKind.LATER_CODE: (Offer.CORRECT, Offer.DONE),
    ProblemKind.LINES_CANCELLED: (Offer.DONE, Offer.HANDLE),
    ProblemKind.STOP_THE_PARCEL: (Offer.DONE,),
    ProblemKind.PARCEL_MAY_HAVE_LEFT: (Offer.DONE,),
    ProblemKind.SHOP_CANCELLED_LATE: (Offer.DONE,),
    ProblemKind.CANCELLED_THERE_LATE: (Offer.DONE,),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: (Offer.DONE,),
    ProblemKind.REOPENED_AFTER_SHIPPING: (Offer.DONE,),
    ProblemKind.REOPENED_AFTER_CANCELLING: (Offer.DONE,),
    ProblemKind.BUYER_ASKS_LATE: (Offer.DONE, Offer.HANDLE),
    ProblemKind.CANCELLATIONS_HELD: (Offer.RELEASE, Offer.HANDLE),
}


def offers(kind: ProblemKind) -> tuple[Offer, ...]:
    return OFFERS.get(kind, _USUAL)
