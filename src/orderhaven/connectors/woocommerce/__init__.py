"""WooCommerce, by its REST API v3."""

from datetime import timedelta

from orderhaven.connectors.woocommerce.reasons import REASONS
from orderhaven.ports.connector import Capability, ConnectorSpec, Limits, Setting, SettingKind, Side

_SETTINGS = (
    Setting(
        "url",
        "Address of the shop",
        "As in the browser: https://www.example.com, without /wp-admin.",
        SettingKind.URL,
    ),
    Setting(
        "key",
        "Consumer key",
        "WooCommerce > Settings > Advanced > REST API > Add key: a shop manager's, with Read/Write (ck_...).",
        secret=True,
    ),
    Setting("secret", "Consumer secret", "Shown once, beside the key. Begins with cs_.", secret=True),
    Setting(
        "placed_status",
        "Status of a new order",
        "What the shop calls an order that is paid and must be sent. Stock goes down with it.",
        default="processing",
    ),
    Setting(
        "completed_statuses",
        "Statuses that mean: sent",
        "An order in one of these has left.",
        SettingKind.LIST,
        default="completed",
    ),
    Setting(
        "cancelled_statuses",
        "Statuses that mean: cancelled",
        # 'failed' is a payment's fate, and these orders are paid at the marketplace: a person must look at it
        # first
        "An order in one of these will not be sent. A wholly refunded order is one of them.",
        SettingKind.LIST,
        default="cancelled,refunded",
    ),
    Setting(
        "fulfilled_is_completed",
        "A complete fulfilment means: sent",
        "Only for shops that use WooCommerce's own fulfilments, which leave the status as it is.",
        SettingKind.YES_NO,
        default="yes",
    ),
    Setting(
        "mail_buyer",
        "Let the shop mail the buyer",
        "With 'no' the order has no e-mail address of the buyer: the only way to keep WooCommerce silent.",
        SettingKind.YES_NO,
        default="no",
    ),
    Setting(
        "lower_stock",
        "Lower the shop's stock",
        "With 'no' each line is marked as already taken from stock; cancelling it then returns nothing.",
        SettingKind.YES_NO,
        default="yes",
    ),
    Setting(
        "tracking_meta_keys",
        "More places of track & trace codes",
        "Meta keys in which a plugin of yours keeps the code, if Orderhaven does not find it by itself.",
        SettingKind.LIST,
        default="",
    ),
    Setting(
        "label_meta_key",
        "Place of a marketplace label's number",
        "The custom field of an order in which you note the number of a label bought at the marketplace.",
        default="orderhaven_label",
    ),
    Setting(
        "more_currencies",
        "Currencies beside the shop's own",
        "WooCommerce takes an order in any currency; only those you name here are sent, such as SEK.",
        SettingKind.LIST,
        default="",
    ),
)

_LIMITATIONS = (
    "WooCommerce's REST API cannot keep the shop from mailing the buyer (woocommerce issue 14890). With "
    "'Let the shop mail the buyer' off, the order is therefore made without a billing e-mail address, "
    "and the marketplace's relay address is kept in the custom field 'orderhaven_email'. The shop's own "
    "'new order' mail to you goes out all the same. Nor has it a switch for stock: with 'Lower the shop's "
    "stock' off, every line is marked as already taken. An order's discount is spread over its lines, "
    "because WooCommerce computes the tax of a negative fee in its own way."
)

SPEC = ConnectorSpec(
    name="woocommerce",
    title="WooCommerce",
    side=Side.SHOP,
    settings=_SETTINGS,
    capabilities=frozenset(
        {
            Capability.CANCEL,
            Capability.FIND_BY_REFERENCE,
            Capability.FIND_PRODUCTS_BY_EAN,
            Capability.SETS_PRICES,
            Capability.SUPPRESS_MAIL,
            Capability.FULFILLED_BY_MARKETPLACE,
            Capability.EDIT_ORDERS,
            Capability.REOPEN_ORDERS,
            Capability.TRASH_ORDERS,
            Capability.DELETE_ORDERS,
        }
    ),
    limits=Limits(
        poll_floor=timedelta(minutes=1),
        call_timeout_s=45.0,
        # a shop on two cores makes 4 to 10 orders a second, however many ask: more at once only makes each
        # one slower
        concurrent_calls=4,
        orders_per_lookup=100,  # per_page's maximum
        # PHP goes on after we gave up: max_execution_time is 30 to 300 s with most hosts
        visibility_delay=timedelta(minutes=5),
        overlap=timedelta(minutes=10),
        # codes are order meta, and a change of meta moves the order's date; a fulfilment does not surely
        refresh_every=timedelta(minutes=30),
    ),
    connector="orderhaven.connectors.woocommerce.connector:WooCommerce",
    sandbox="orderhaven.connectors.woocommerce.sandbox:Sandbox",
    webhook="orderhaven.connectors.woocommerce.webhook:judge",
    replay="orderhaven.connectors.woocommerce.replay:Recorded",
    version="REST v3 (WooCommerce 9.9 and later)",
    limitations=_LIMITATIONS,
    error_reasons=REASONS,
    plays_demo=True,
)
