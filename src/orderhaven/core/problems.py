"""Why a person must look: one kind per cause, one English sentence per kind (the message id of every translation)."""

from collections.abc import Mapping

from orderhaven.core.translation import NamedEnum


class ProblemKind(NamedEnum):
    # about one order, before or while it is created in the shop
    UNKNOWN_PRODUCT = "unknown_product", "Unknown product"
    CURRENCY_REFUSED = "currency_refused", "Currency not sold in"
    NO_LINES = "no_lines", "Order without lines"
    ORDER_MISSING = "order_missing", "Not found at the marketplace"
    ADDRESS_MISSING = "address_missing", "Address not shown"
    REJECTED = "rejected", "Rejected"
    PARTLY_CREATED = "partly_created", "Shop order incomplete"
    REFERENCE_TAKEN = "reference_taken", "Number taken in the shop"
    CREATED_TWICE = "created_twice", "More than once in the shop"
    TOTAL_DIFFERS = "total_differs", "Total differs"
    ADOPTED_DIFFERS = "adopted_differs", "Shop order does not match"
    SHOP_ORDER_GONE = "shop_order_gone", "Shop order gone"
    CONTACT_ERASED = "contact_erased", "Buyer's data erased"
    CHANNEL_NOT_LINKED = "channel_not_linked", "Channel without a link"
    ADDRESS_CHANGED = "address_changed", "Address changed"
    LINES_CHANGED = "lines_changed", "Order changed"
    # about one order, on its way back
    UNKNOWN_CARRIER = "unknown_carrier", "Carrier uncertain"
    CARRIER_NOT_LISTED = "carrier_not_listed", "Carrier without a code"
    TRACKING_UNREADABLE = "tracking_unreadable", "Not a tracking number"
    OWN_LABEL = "own_label", "Label number missing"
    TRACKING_REQUIRED = "tracking_required", "Track & trace code required"
    ONLY_WHOLE_SHIPMENTS = "only_whole_shipments", "Only shipped as a whole"
    QUANTITIES_DIFFER = "quantities_differ", "Quantities differ"
    WAIT_EXTENDED = "wait_extended", "Shop cannot be read"
    LATE_TRACKING = "late_tracking", "Code came later"
    REOPENED_AFTER_SHIPPING = "reopened_after_shipping", "Reopened after shipping"
    # about one order, cancelled somewhere
    REASON_NOT_LISTED = "reason_not_listed", "Reason without a code"
    ONLY_WHOLE_CANCELLATIONS = "only_whole_cancellations", "Only cancelled as a whole"
    ONLY_WHOLE_LINES = "only_whole_lines", "Line only cancelled as a whole"
    LINES_CANCELLED = "lines_cancelled", "Lines cancelled"
    STOP_THE_PARCEL = "stop_the_parcel", "Stop the parcel"
    PARCEL_MAY_HAVE_LEFT = "parcel_may_have_left", "Parcel may have left"
    SHOP_CANCELLED_LATE = "shop_cancelled_late", "Cancelled in the shop too late"
    MARKETPLACE_CANCELLED_LATE = "marketplace_cancelled_late", "Cancelled there too late"
    SHIPPED_THOUGH_CANCELLED = "shipped_though_cancelled", "Shipped though cancelled"
    REOPENED_AFTER_CANCELLING = "reopened_after_cancelling", "Reopened after cancelling"
    LATE_CANCELLATION_REQUEST = "late_cancellation_request", "Buyer asks too late"
    CANCELLATIONS_ON_HOLD = "cancellations_on_hold", "Cancellations held"
    # about one order, ours
    OUTCOME_UNKNOWN = "outcome_unknown", "Outcome unknown"
    ENDS_THE_HUB = "ends_the_hub", "Ends Orderhaven"
    DELAYED = "delayed", "Takes long"
    UNEXPECTED_UPDATE = "unexpected_update", "Unexpected news"
    UNEXPECTED_RESPONSE = "unexpected_response", "Unknown answer"
    # about a connection
    UNIDENTIFIED_ROWS = "unidentified_rows", "Row without an order number"
    REPEATED_REJECTION = "repeated_rejection", "Rejected for the same cause"
    AUTH_REJECTED = "auth_rejected", "Key rejected"
    ACCESS_REJECTED = "access_rejected", "Not let in"
    WRONG_ADDRESS = "wrong_address", "Wrong address"
    CLOCK_OFF = "clock_off", "Clock is off"
    OTHER_ACCOUNT = "other_account", "Another account"


SENTENCES: Mapping[ProblemKind, str] = {
    ProblemKind.UNKNOWN_PRODUCT: (
        "{sku} ({title}) is not in the shop. Add it there and press Retry, or say which product it is."
    ),
    ProblemKind.CURRENCY_REFUSED: (
        "The order is in {currency}, which the shop does not sell in. Switch that currency on in the shop and press "
        "Retry, or handle the order manually."
    ),
    ProblemKind.NO_LINES: "The order has no lines to ship. Look it up at the marketplace, then press Retry.",
    ProblemKind.ORDER_MISSING: (
        "{side} says that order {ref} does not exist, although it was there before. Look it up there; press Retry "
        "when it is back, or handle it manually."
    ),
    ProblemKind.ADDRESS_MISSING: (
        "{side} does not show where this order goes, although it is to be shipped. Nothing is created until it does: it is read "
        "again every 15 minutes. Look it up there, or handle it manually."
    ),
    ProblemKind.REJECTED: "{side} rejects it: {reason}. Mend that and press Retry, or handle the order manually.",
    ProblemKind.PARTLY_CREATED: (
        "Shop order {shop_ref} was made for this order, but it is not complete ({reason}). Mend or delete it in the shop, "
        "then adopt it or press Retry."
    ),
    ProblemKind.REFERENCE_TAKEN: (
        "The shop has order {shop_ref} under this order's number, but it is another one ({reason}). Nothing was created. If it is "
        "this order all the same, adopt it; otherwise create the order again."
    ),
    ProblemKind.CREATED_TWICE: (
        "The shop has this order more than once: {shop_refs}. Orderhaven follows the oldest; cancel the others in the shop."
    ),
    ProblemKind.TOTAL_DIFFERS: (
        "The shop made the total {shop_total}, the marketplace says {total}. Check tax settings and the order in the shop."
    ),
    ProblemKind.ADOPTED_DIFFERS: (
        "Shop order {shop_ref} does not match this order ({reason}). Choose another one, or create the order."
    ),
    ProblemKind.SHOP_ORDER_GONE: (
        "Shop order {shop_ref} is in the trash or deleted. Create it again, cancel it at the marketplace, or handle "
        "it manually."
    ),
    ProblemKind.CONTACT_ERASED: (
        "The buyer's personal data was erased when its time was over, so the order cannot be created any more. "
        "Handle it manually."
    ),
    ProblemKind.CHANNEL_NOT_LINKED: (
        "{side} sold this order {channel}, and no link takes the orders from there, so it was created nowhere. Make a link for "
        "that, or add it to a link that exists; then the order goes on by itself."
    ),
    ProblemKind.ADDRESS_CHANGED: (
        "{side} changed an address of this order after it was created in the shop. Change it in the shop order before you ship."
    ),
    ProblemKind.LINES_CHANGED: (
        "{side} changed the order after it was created in the shop: {lines}. Put articles, quantities and prices of the shop order "
        "right before you ship, or handle the order manually."
    ),
    ProblemKind.UNKNOWN_CARRIER: (
        "The carrier of {tracking_number} is not certain (perhaps {candidates}). Choose the carrier, then press Retry."
    ),
    ProblemKind.CARRIER_NOT_LISTED: (
        "{side} names its own carriers, and none of them is known to be {carrier}. On the page of {side}, say which one it is, then "
        "press Retry; or choose another carrier for this order."
    ),
    ProblemKind.TRACKING_UNREADABLE: (
        "In {place} of the shop order stands {quoted}, which cannot be read as a tracking number. Put the number there, or empty "
        "that field; without a number the order goes untracked when its wait is over."
    ),
    ProblemKind.OWN_LABEL: (
        "This order travels on the marketplace's own label, and the shop order does not say which. Note the label's number in the "
        "shop order and press Retry, or confirm it at the marketplace."
    ),
    ProblemKind.TRACKING_REQUIRED: (
        "{side} takes no shipment without a track & trace code, and the shop order has none. Put one in the shop order and "
        "press Retry, or confirm the shipment at the marketplace."
    ),
    ProblemKind.ONLY_WHOLE_SHIPMENTS: (
        "{side} takes the shipment of an order only as a whole, and this one would go there in parts. Confirm it at the "
        "marketplace, or handle the order manually."
    ),
    ProblemKind.QUANTITIES_DIFFER: (
        "What the shop sent is not what the marketplace expects ({lines}). Put it right in the shop and press "
        "Retry, or handle the order manually."
    ),
    ProblemKind.WAIT_EXTENDED: (
        "The wait for a track & trace code is over, but the shop cannot be read to see whether one came. The order is held "
        "until the shop answers or its ship-by time comes near."
    ),
    ProblemKind.LATE_TRACKING: (
        "Track & trace code {tracking_number} came after the shipment was confirmed without it. "
        "It is kept here; add it at the marketplace "
        "if you want the buyer to have it."
    ),
    ProblemKind.REOPENED_AFTER_SHIPPING: (
        "The shop reopened this order after its shipment was sent to the marketplace. Complete it again or settle "
        "it with the buyer."
    ),
    ProblemKind.REASON_NOT_LISTED: (
        "{side} names its own reasons for a cancellation, and none of them is known to be '{cancel_reason}'. On the page of {side}, "
        "say which one it is, then press Retry."
    ),
    ProblemKind.ONLY_WHOLE_CANCELLATIONS: (
        "{side} cancels an order only as a whole, and part of this one has to stay or was shipped. Settle the rest at the "
        "marketplace, then handle the order manually."
    ),
    ProblemKind.ONLY_WHOLE_LINES: (
        "{side} cancels a line only as a whole, and of line {line} not all open pieces are to be cancelled. Settle that at "
        "the marketplace, then handle the order manually."
    ),
    ProblemKind.LINES_CANCELLED: (
        "{lines} was cancelled at the marketplace after the order was created in the shop. Take it out of the shop "
        "order before you ship."
    ),
    ProblemKind.STOP_THE_PARCEL: "The order was cancelled and the shop has completed it. Stop the parcel if it has not left yet.",
    ProblemKind.PARCEL_MAY_HAVE_LEFT: (
        "The marketplace cancelled this order after the shop completed it: the parcel may have left. Stop it if you can."
    ),
    ProblemKind.SHOP_CANCELLED_LATE: (
        "The shop cancelled this order after it was shipped. The marketplace still counts it as shipped; settle it there."
    ),
    ProblemKind.MARKETPLACE_CANCELLED_LATE: (
        "The marketplace cancelled this order after its shipment was confirmed. Look at the order there before you refund anything."
    ),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: (
        "The order is cancelled here, but the marketplace says that it was shipped. Find out which is right and settle it there."
    ),
    ProblemKind.REOPENED_AFTER_CANCELLING: (
        "The shop reopened this order after its cancellation was sent to the marketplace. Cancel it again in the shop."
    ),
    ProblemKind.LATE_CANCELLATION_REQUEST: (
        "The buyer asks to cancel, but the order was already on its way out. Stop the parcel and cancel, or let it go."
    ),
    ProblemKind.CANCELLATIONS_ON_HOLD: (
        "The shop cancelled {count} orders within an hour, more than {limit}. Nothing was cancelled at the marketplace yet: "
        "say whether that was meant."
    ),
    ProblemKind.OUTCOME_UNKNOWN: (
        "Three requests to {side} went out, and it never said what became of them. Look the order up there; press "
        "Retry or handle it manually."
    ),
    ProblemKind.ENDS_THE_HUB: (
        "Orderhaven ended {count} times in a row while it was sending this to {side}, so it waits; other orders go "
        "on. If the machine ran out of memory or was restarted, press Retry. If not, handle the order manually and "
        "report this."
    ),
    ProblemKind.DELAYED: "{side} has not taken this for {hours} hours ({reason}). Orderhaven keeps trying.",
    ProblemKind.UNEXPECTED_UPDATE: (
        "While the order was '{status}', this came in: '{trigger}'. That should not happen; look at the order on "
        "both sides."
    ),
    ProblemKind.UNEXPECTED_RESPONSE: (
        "{side} answered something unknown: {cause}. Please report it; press Retry or handle the order manually."
    ),
    ProblemKind.UNIDENTIFIED_ROWS: (
        "{side} lists something without saying which order it is ({cause}). Look there whether an order is missing here, "
        "and report this. Asking {side} by hand takes this notice away."
    ),
    ProblemKind.REPEATED_REJECTION: (
        "{side} rejects order after order for the same cause: {reason}. They are stopped until that is mended. "
        "Orderhaven tries one of them every 15 minutes, and sends all of them once it is taken."
    ),
    ProblemKind.AUTH_REJECTED: (
        "{side} rejects the key or secret ({reason}). Make or copy it again, give it to this connection, then "
        "resume it."
    ),
    ProblemKind.ACCESS_REJECTED: (
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
    ProblemKind.AUTH_REJECTED: "{side} rejects the key or secret ({reason}). Make or copy it again, and fill it in "
    "here.",
    ProblemKind.ACCESS_REJECTED: "{side} does not let Orderhaven in: {reason}. Mend that there, then try again.",
    ProblemKind.WRONG_ADDRESS: "{url} does not answer as it should ({reason}). Check the address, then try again.",
    ProblemKind.CLOCK_OFF: (
        "The clocks of this machine and of {side} are {duration} apart. Set this machine's clock (NTP), then try again."
    ),
}


# What may be a buyer's telephone number or name. It is kept with the buyer's data and added where somebody may see that:
# neither a Problem's values nor logs, mails and webhooks hold it.
QUOTED = "quoted"
