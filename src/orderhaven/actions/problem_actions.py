"""What a person can do about each problem: the buttons that stand beside its sentence."""

from collections.abc import Mapping

from orderhaven.core.problems import ProblemKind
from orderhaven.core.translation import NamedEnum


class ProblemAction(NamedEnum):
    """An action on one order, by the name of its command."""

    RETRY = "retry", "Retry"
    HANDLE = "handle", "Handle manually"
    CANCEL = "cancel", "Cancel the order"
    REFUSE = "refuse", "Refuse"
    ADOPT = "adopt", "It is this shop order"
    CREATE = "create", "Create it"
    CREATE_AGAIN = "create --again", "Create it again"
    IGNORE = "ignore", "Ignore it"
    MAP = "map", "It is this product"
    CHOOSE_CARRIER = "choose-carrier", "Choose the carrier"
    CORRECT = "correct", "Send the code"
    RELEASE = "release", "They were meant"
    DONE = "done", "It is settled"  # nothing of ours to do: say that it was looked at


_USUAL = (ProblemAction.RETRY, ProblemAction.HANDLE)
ACTIONS_FOR: Mapping[ProblemKind, tuple[ProblemAction, ...]] = {
    ProblemKind.UNKNOWN_PRODUCT: (ProblemAction.MAP, *_USUAL),
    ProblemKind.PARTLY_CREATED: (ProblemAction.ADOPT, *_USUAL),
    ProblemKind.REFERENCE_TAKEN: (ProblemAction.ADOPT, ProblemAction.CREATE_AGAIN, ProblemAction.HANDLE),
    ProblemKind.CREATED_TWICE: (ProblemAction.DONE,),
    ProblemKind.TOTAL_DIFFERS: (ProblemAction.DONE,),
    ProblemKind.ADOPTED_DIFFERS: (ProblemAction.ADOPT, ProblemAction.CREATE, ProblemAction.IGNORE),
    ProblemKind.CHANNEL_NOT_LINKED: (ProblemAction.HANDLE, ProblemAction.IGNORE),
    ProblemKind.SHOP_ORDER_GONE: (ProblemAction.CREATE_AGAIN, ProblemAction.CANCEL, ProblemAction.HANDLE),
    ProblemKind.ADDRESS_CHANGED: (ProblemAction.DONE, ProblemAction.HANDLE),
    ProblemKind.LINES_CHANGED: (ProblemAction.DONE, ProblemAction.HANDLE),
    ProblemKind.UNKNOWN_CARRIER: (ProblemAction.CHOOSE_CARRIER, *_USUAL),
    ProblemKind.CARRIER_NOT_LISTED: (ProblemAction.CHOOSE_CARRIER, *_USUAL),
    ProblemKind.TRACKING_UNREADABLE: (ProblemAction.DONE, ProblemAction.HANDLE),
    ProblemKind.WAIT_EXTENDED: (ProblemAction.HANDLE,),
    ProblemKind.LATE_TRACKING: (ProblemAction.CORRECT, ProblemAction.DONE),
    ProblemKind.LINES_CANCELLED: (ProblemAction.DONE, ProblemAction.HANDLE),
    ProblemKind.STOP_THE_PARCEL: (ProblemAction.DONE,),
    ProblemKind.PARCEL_MAY_HAVE_LEFT: (ProblemAction.DONE,),
    ProblemKind.SHOP_CANCELLED_LATE: (ProblemAction.DONE,),
    ProblemKind.MARKETPLACE_CANCELLED_LATE: (ProblemAction.DONE,),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: (ProblemAction.DONE,),
    ProblemKind.REOPENED_AFTER_SHIPPING: (ProblemAction.DONE,),
    ProblemKind.REOPENED_AFTER_CANCELLING: (ProblemAction.DONE,),
    ProblemKind.LATE_CANCELLATION_REQUEST: (ProblemAction.DONE, ProblemAction.HANDLE),
    ProblemKind.CANCELLATIONS_ON_HOLD: (ProblemAction.RELEASE, ProblemAction.HANDLE),
}


def offers(kind: ProblemKind) -> tuple[ProblemAction, ...]:
    return ACTIONS_FOR.get(kind, _USUAL)
