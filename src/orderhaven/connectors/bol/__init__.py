"""bol, by its Retailer API v10."""

from datetime import timedelta

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.ports.connector import Capability, ConnectorSpec, Limits, Setting, SettingKind, Side

_SETTINGS = (
    Setting(
        "client_id",
        "Client ID",
        "bol seller dashboard > Settings > API settings > Client credentials for the Retailer API.",
    ),
    Setting("client_secret", "Client secret", "Beside the client ID, behind 'Show secret'.", secret=True),
    Setting(
        "api_url",
        "Address of the API",
        "Leave as it is, unless you test.",
        SettingKind.URL,
        default="https://api.bol.com",
    ),
    Setting(
        "login_url",
        "Address of the login",
        "Leave as it is, unless you test.",
        SettingKind.URL,
        default="https://login.bol.com",
    ),
)

# Since v10 the code is free text in the specification; these are of the last list that bol published.
_CARRIERS = {
    Carrier.POSTNL: "TNT",  # PostNL was TNT Post when bol chose its words
    Carrier.POSTNL_EXTRA: "TNT-EXTRA",
    Carrier.POSTNL_MAIL: "TNT_BRIEF",
    Carrier.TNT: "TNT-EXPRESS",
    Carrier.DHL: "DHL",
    Carrier.DHL_ECOMMERCE_NL: "DHLFORYOU",
    Carrier.DHL_SAME_DAY: "DHL-SD",
    Carrier.DHL_EXPRESS: "DHL",
    Carrier.DHL_PARCEL_DE: "DHL_DE",
    Carrier.DHL_PARCEL_ES: "DHL",
    Carrier.DHL_PARCEL_PL: "DHL",
    Carrier.DHL_PARCEL_UK: "DHL",
    Carrier.DHL_ECOMMERCE_US: "DHL",
    Carrier.DHL_FREIGHT: "DHL",
    Carrier.DHL_GLOBAL_MAIL: "DHL-GLOBAL-MAIL",
    # bol has a word per country for these two; most parcels start in the Netherlands
    Carrier.DPD: "DPD-NL",
    Carrier.FEDEX: "FEDEX_NL",
    Carrier.GLS: "GLS",
    Carrier.UPS: "UPS",
    Carrier.BPOST: "BPOST_BE",
    Carrier.BPOST_MAIL: "BPOST_BRIEF",
    Carrier.AMPERE: "AMPERE",
    Carrier.BUDBEE: "BUDBEE",
    Carrier.CYCLOON: "CYCLOON",
    Carrier.DYNALOGIC: "DYL",
    Carrier.PACKS: "PACKS",
    Carrier.PARCEL_NL: "PARCEL-NL",
    Carrier.TRANSMISSION: "TRANSMISSION",
    Carrier.TRUNKRS: "TRUNKRS",
    Carrier.LETTER_MAIL: "BRIEFPOST",
    Carrier.COURIER: "COURIER",
    Carrier.OTHER: "OTHER",
}

_LIMITATIONS = (
    "A buyer's request to cancel can be confirmed through the API, not refused: refusing means shipping. An order "
    "line is cancelled as a whole. bol answers a confirmation with 'taken in' and decides later; until then it is "
    "not called confirmed here. Prices come with VAT but without the rate. DPD and FedEx are told by their Dutch carrier "
    "code, or by the Belgian one where the link says that your parcels start in Belgium. Labels are not bought here: "
    "note the number of a bol label in the shop order."
)

_ERROR_REASONS = (
    "the login does not take this client ID and secret",
    "it answered {status}",
    "the login answered {status}",
)

SPEC = ConnectorSpec(
    name="bol",
    title="bol",
    side=Side.MARKETPLACE,
    settings=_SETTINGS,
    capabilities=frozenset(
        {
            Capability.SHIP_PARTS,
            Capability.SHIP_UNTRACKED,
            Capability.CANCEL,
            Capability.CANCEL_LINES,
            Capability.CANCELLATION_REQUESTS,
            Capability.SHOWS_SHIPMENTS,
            Capability.CORRECT_TRACKING,
            Capability.ASYNCHRONOUS_COMMANDS,
            Capability.FULFILMENT,
            Capability.OWN_LABEL,
            Capability.PICKUP_POINTS,
            Capability.GIVES_EAN,
        }
    ),
    limits=Limits(
        poll_floor=timedelta(minutes=1),
        concurrent_calls=8,
        lines_per_confirmation=100,
        lines_per_cancellation=1,  # the list in the request takes one item
        # a request that was given up may wait in bol's own queue before its process status can be seen
        visibility_delay=timedelta(minutes=5),
        outcome_deadline=timedelta(minutes=30),
        outcomes_per_call=1000,
        overlap=timedelta(minutes=10),
        handled_orders_visible=timedelta(hours=48),
    ),
    connector="orderhaven.connectors.bol.connector:Bol",
    sandbox="orderhaven.connectors.bol.sandbox:Sandbox",
    version="Retailer API v10",
    carriers=_CARRIERS,
    carriers_from={"BE": {Carrier.DPD: "DPD-BE", Carrier.FEDEX: "FEDEX_BE"}},
    other_carrier="OTHER",
    carrier_required_with_tracking=True,
    reasons={
        CancelReason.OUT_OF_STOCK: "OUT_OF_STOCK",
        CancelReason.BUYER_REQUEST: "REQUESTED_BY_CUSTOMER",
        CancelReason.OTHER: "OTHER",
    },
    limitations=_LIMITATIONS,
    error_reasons=_ERROR_REASONS,
    plays_demo=True,
)
