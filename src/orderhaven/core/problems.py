"""Why a person must look: one kind per cause, one English sentence per kind (the message id of every translation)."""

from collections.abc import Mapping
from enum import StrEnum


class ProblemKind(StrEnum):
    # about one order, before or while it is placed
    UNKNOWN_PRODUCT = "unknown_product"
    CURRENCY_REFUSED = "currency_refused"
    NO_LINES = "no_lines"
    ORDER_MISSING = "order_missing"
    REFUSED = "refused"
    HALF_MADE = "half_made"
    PLACED_TWICE = "placed_twice"
    TOTAL_DIFFERS = "total_differs"
    ADOPTED_DIFFERS = "adopted_differs"
    SHOP_ORDER_GONE = "shop_order_gone"
    PERSON_ERASED = "person_erased"
    # about one order, on its way back
    UNKNOWN_CARRIER = "unknown_carrier"
    NUMBER_UNREAD = "number_unread"
    OWN_LABEL = "own_label"
    QUANTITIES_DIFFER = "quantities_differ"
    WAIT_HELD = "wait_held"
    LATER_CODE = "later_code"
    REOPENED_AFTER_SHIPPING = "reopened_after_shipping"
    # about one order, cancelled somewhere
    LINES_CANCELLED = "lines_cancelled"
    STOP_THE_PARCEL = "stop_the_parcel"
    PARCEL_MAY_HAVE_LEFT = "parcel_may_have_left"
    SHOP_CANCELLED_LATE = "shop_cancelled_late"
    CANCELLED_THERE_LATE = "cancelled_there_late"
    SHIPPED_THOUGH_CANCELLED = "shipped_though_cancelled"
    REOPENED_AFTER_CANCELLING = "reopened_after_cancelling"
    BUYER_ASKS_LATE = "buyer_asks_late"
    CANCELLATIONS_HELD = "cancellations_held"
    # about one order, ours
    OUTCOME_UNKNOWN = "outcome_unknown"
    ENDS_THE_HUB = "ends_the_hub"
    TAKES_LONG = "takes_long"
    UNEXPECTED_FACT = "unexpected_fact"
    SURPRISE = "surprise"
    # about a connection
    NAMELESS = "nameless"
    REFUSED_ALIKE = "refused_alike"
    AUTH_REFUSED = "auth_refused"
    ACCESS_REFUSED = "access_refused"
    WRONG_ADDRESS = "wrong_address"
    CLOCK_OFF = "clock_off"
    OTHER_ACCOUNT = "other_account"


SENTENCES: Mapping[ProblemKind, str] = {
    ProblemKind.UNKNOWN_PRODUCT: (
        "{sku} ({title}) is not in the shop. Add it there and press Retry, or say which product it is."
    ),
    ProblemKind.CURRENCY_REFUSED: (
        "The order is in {currency}, which the shop does not sell in. Switch that currency on in the shop and press "
        "Retry, or handle the order by hand."
    ),
    ProblemKind.NO_LINES: "The order has no lines to ship. Look it up at the marketplace, then press Retry.",
    ProblemKind.ORDER_MISSING: (
        "{side} says that order {ref} does not exist, although it was there before. Look it up there; press Retry when "
        "it is back, or handle it by hand."
    ),
    ProblemKind.REFUSED: "{side} refuses: {reason}. Mend that and press Retry, or handle the order by hand.",
    ProblemKind.HALF_MADE: (
        "Shop order {shop_ref} was made for this order, but it is not complete ({reason}). Mend or delete it in the shop, "
        "then adopt it or press Retry."
    ),
    ProblemKind.PLACED_TWICE: (
        "The shop has this order more than once: {shop_refs}. Orderhaven follows the oldest; cancel the others in the shop."
    ),
    ProblemKind.TOTAL_DIFFERS: (
        "The shop made the total {shop_total}, the marketplace says {total}. Check tax settings and the order in the shop."
    ),
    ProblemKind.ADOPTED_DIFFERS: (
        "Shop order {shop_ref} does not match this order ({reason}). Choose another one, or place the order."
    ),
    ProblemKind.SHOP_ORDER_GONE: (
        "Shop order {shop_ref} is in the trash or deleted. Place it again, cancel it at the marketplace, or handle it by hand."
    ),
    ProblemKind.PERSON_ERASED: (
        "The buyer's personal data was erased when its time was over, so the order cannot be placed any more. "
        "Handle it by hand."
    ),
    ProblemKind.UNKNOWN_CARRIER: (
        "The carrier of {code} is not certain (perhaps {candidates}). Choose the carrier, then press Retry."
    ),
    ProblemKind.NUMBER_UNREAD: (
        "In {place} of the shop order stands {quoted}, which cannot be read as a tracking number. Put the number there, or empty "
        "that field; without a number the order goes untracked when its wait is over."
    ),
    ProblemKind.OWN_LABEL: (
        "This order travels on the marketplace's own label, and the shop order does not say which. Note the label's number in the "
        "shop order and press Retry, or confirm it at the marketplace."
    ),
    ProblemKind.QUANTITIES_DIFFER: (
        "What the shop sent is not what the marketplace expects ({lines}). Put it right in the shop and press Retry, or handle "
        "the order by hand."
    ),
    ProblemKind.WAIT_HELD: (
        "The wait for a track & trace code is over, but the shop cannot be read to see whether one came. The order is held "
        "until the shop answers or its ship-by time comes near."
    ),
    ProblemKind.LATER_CODE: (
        "Track & trace code {code} came after the shipment was confirmed without it. It is kept here; add it at the marketplace "
        "if you want the buyer to have it."
    ),
    ProblemKind.REOPENED_AFTER_SHIPPING: (
        "The shop reopened this order after its shipment was told to the marketplace. Complete it again or settle it with the buyer."
    ),
    ProblemKind.LINES_CANCELLED: (
        "{lines} was cancelled at the marketplace after the order was placed. Take it out of the shop order before you ship."
    ),
    ProblemKind.STOP_THE_PARCEL: "The order was cancelled and the shop has completed it. Stop the parcel if it has not left yet.",
    ProblemKind.PARCEL_MAY_HAVE_LEFT: (
        "The marketplace cancelled this order after the shop completed it: the parcel may have left. Stop it if you can."
    ),
    ProblemKind.SHOP_CANCELLED_LATE: (
        "The shop cancelled this order after it was shipped. The marketplace still counts it as shipped; settle it there."
    ),
    ProblemKind.CANCELLED_THERE_LATE: (
        "The marketplace cancelled this order after its shipment was confirmed. Look at the order there before you refund anything."
    ),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: (
        "The order is cancelled here, but the marketplace says that it was shipped. Find out which is right and settle it there."
    ),
    ProblemKind.REOPENED_AFTER_CANCELLING: (
        "The shop reopened this order after its cancellation was told to the marketplace. Cancel it again in the shop."
    ),
    ProblemKind.BUYER_ASKS_LATE: (
        "The buyer asks to cancel, but the order was already on its way out. Stop the parcel and cancel, or let it go."
    ),
    ProblemKind.CANCELLATIONS_HELD: (
        "The shop cancelled {count} orders within an hour, more than {limit}. Nothing was cancelled at the marketplace yet: "
        "say whether that was meant."
    ),
    ProblemKind.OUTCOME_UNKNOWN: (
        "Three requests to {side} went out, and it never said what became of them. Look the order up there; press Retry or "
        "handle it by hand."
    ),
    ProblemKind.ENDS_THE_HUB: (
        "Orderhaven ended {count} times in a row while it was sending this to {side}, so it waits; other orders go on. If the "
        "machine ran out of memory or was restarted, press Retry. If not, handle the order by hand and report this."
    ),
    ProblemKind.TAKES_LONG: "{side} has not taken this for {hours} hours ({reason}). Orderhaven keeps trying.",
    ProblemKind.UNEXPECTED_FACT: (
        "While the order was '{status}', this was heard: '{fact}'. That should not happen; look at the order on both sides."
    ),
    ProblemKind.SURPRISE: "{side} answered something unknown: {cause}. Please report it; press Retry or handle the order by hand.",
    ProblemKind.NAMELESS: (
        "{side} lists something without saying which order it is ({cause}). Look there whether an order is missing here, "
        "and report this. Asking {side} by hand takes this notice away."
    ),
    ProblemKind.REFUSED_ALIKE: (
        "{side} refuses order after order for the same cause: {reason}. They are stopped until that is mended. Orderhaven "
        "tries one of them every 15 minutes, and sends all of them once it is taken."
    ),
    ProblemKind.AUTH_REFUSED: (
        "{side} refuses the key or secret ({reason}). Make or copy it again, give it to this connection, then resume it."
    ),
    ProblemKind.ACCESS_REFUSED: (
        "{side} does not let Orderhaven in: {reason}. Mend that there, then resume the connection."
    ),
    ProblemKind.WRONG_ADDRESS: "{url} does not answer as it should ({reason}). Check the address, then resume.",
    ProblemKind.CLOCK_OFF: (
        "The clocks of this machine and of {side} are {duration} apart. Set this machine's clock (NTP), then resume the connection."
    ),
    ProblemKind.OTHER_ACCOUNT: (
        "These keys belong to another account of {side} than the one connected here. Connect that account on its own."
    ),
}


# the same before there is a connection: nothing to resume yet
AT_FIRST: Mapping[ProblemKind, str] = {
    ProblemKind.AUTH_REFUSED: "{side} refuses the key or secret ({reason}). Make or copy it again, and fill it in here.",
    ProblemKind.ACCESS_REFUSED: "{side} does not let Orderhaven in: {reason}. Mend that there, then try again.",
    ProblemKind.WRONG_ADDRESS: "{url} does not answer as it should ({reason}). Check the address, then try again.",
    ProblemKind.CLOCK_OFF: (
        "The clocks of this machine and of {side} are {duration} apart. Set this machine's clock (NTP), then try again."
    ),
}


# What may be a buyer's telephone number or name. It is kept with the buyer's data and added where somebody may see that:
# neither a Problem's values nor logs, mails and webhooks hold it.
QUOTED = "quoted"
