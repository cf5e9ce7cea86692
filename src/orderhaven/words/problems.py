"""A problem in a few words, and what its buttons say. Its whole sentence stands in `core.problems`."""

from collections.abc import Mapping

from orderhaven.actions.offers import Offer
from orderhaven.core.problems import ProblemKind

TITLES: Mapping[ProblemKind, str] = {
    ProblemKind.UNKNOWN_PRODUCT: "Unknown product",
    ProblemKind.CURRENCY_REFUSED: "Currency not sold in",
    ProblemKind.NO_LINES: "Order without lines",
    ProblemKind.ORDER_MISSING: "Not found at the marketplace",
    ProblemKind.REFUSED: "Refused",
    ProblemKind.HALF_MADE: "Shop order incomplete",
    ProblemKind.PLACED_TWICE: "More than once in the shop",
    ProblemKind.TOTAL_DIFFERS: "Total differs",
    ProblemKind.ADOPTED_DIFFERS: "Shop order does not match",
    ProblemKind.SHOP_ORDER_GONE: "Shop order gone",
    ProblemKind.PERSON_ERASED: "Buyer's data erased",
    ProblemKind.UNKNOWN_CARRIER: "Carrier uncertain",
    ProblemKind.OWN_LABEL: "Label number missing",
    ProblemKind.QUANTITIES_DIFFER: "Quantities differ",
    ProblemKind.WAIT_HELD: "Shop cannot be read",
    ProblemKind.LATER_CODE: "Code came later",
    ProblemKind.REOPENED_AFTER_SHIPPING: "Reopened after shipping",
    ProblemKind.LINES_CANCELLED: "Lines cancelled",
    ProblemKind.STOP_THE_PARCEL: "Stop the parcel",
    ProblemKind.PARCEL_MAY_HAVE_LEFT: "Parcel may have left",
    ProblemKind.SHOP_CANCELLED_LATE: "Cancelled in the shop too late",
    ProblemKind.CANCELLED_THERE_LATE: "Cancelled there too late",
    ProblemKind.SHIPPED_THOUGH_CANCELLED: "Shipped though cancelled",
    ProblemKind.REOPENED_AFTER_CANCELLING: "Reopened after cancelling",
    ProblemKind.BUYER_ASKS_LATE: "Buyer asks too late",
    ProblemKind.CANCELLATIONS_HELD: "Cancellations held",
    ProblemKind.OUTCOME_UNKNOWN: "Outcome unknown",
    ProblemKind.TAKES_LONG: "Takes long",
    ProblemKind.UNEXPECTED_FACT: "Unexpected news",
    ProblemKind.SURPRISE: "Unknown answer",
    ProblemKind.AUTH_REFUSED: "Key refused",
    ProblemKind.ACCESS_REFUSED: "Not let in",
    ProblemKind.WRONG_ADDRESS: "Wrong address",
    ProblemKind.CLOCK_OFF: "Clock is off",
    ProblemKind.OTHER_ACCOUNT: "Another account",
}
BUTTONS: Mapping[Offer, str] = {
    Offer.RETRY: "Retry",
    Offer.HANDLE: "Handle by hand",
    Offer.CANCEL: "Cancel the order",
    Offer.REFUSE: "Refuse",
    Offer.ADOPT: "It is this shop order",
    Offer.PLACE: "Place it",
    Offer.PLACE_AGAIN: "Place it again",
    Offer.LEAVE: "Leave it alone",
    Offer.MAP: "It is this product",
    Offer.CHOOSE_CARRIER: "Choose the carrier",
    Offer.CORRECT: "Send the code",
    Offer.RELEASE: "They were meant",
    Offer.DONE: "It is settled",
}
