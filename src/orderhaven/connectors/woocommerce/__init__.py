"""WooCommerce, by its REST API v3."""

from datetime import timedelta

from orderhaven.ports.connector import Can, Declaration, Kind, Limits, Role, Setting

_SETTINGS = (
    Setting(
        "url",
        "Address of the shop",
        "As in the browser: https://www.example.com, without /wp-admin.",
        Kind.URL,
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
        Kind.LIST,
        default="completed",
    ),
    Setting(
        "cancelled_statuses",
        "Statuses that mean: cancelled",
        # 'failed' is a payment's fate, and these orders are paid at the marketplace: a person must look at it
        # first
        "An order in one of these will not be sent. A wholly refunded order is one of them.",
        Kind.LIST,
        default="cancelled,refunded",
    ),
    Setting(
        "fulfilled_is_completed",
        "A complete fulfilment means: sent",
        "Only for shops that use WooCommerce's own fulfilments, which leave the status as it is.",
        Kind.YES_NO,
        default="yes",
    ),
    Setting(
        "mail_buyer",
        "Let the shop mail the buyer",
        "With 'no' the order has no e-mail address of the buyer: the only way to keep WooCommerce silent.",
        Kind.YES_NO,
        default="no",
    ),
    Setting(
        "lower_stock",
        "Lower the shop's stock",
        "With 'no' each line is marked as already taken from stock; cancelling it then returns nothing.",
        Kind.YES_NO,
        default="yes",
    ),
    Setting(
        "tracking_meta_keys",
        "More places of track & trace codes",
        "Meta keys in which a plugin of yours keeps the code, if Orderhaven does not find it by itself.",
        Kind.LIST,
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
        Kind.LIST,
        default="",
    ),
)

_HONEST = (
    "WooCommerce's REST API cannot keep the shop from mailing the buyer (woocommerce issue 14890). With "
    "'Let the shop mail the buyer' off, the order is therefore made without a billing e-mail address, "
    "and the marketplace's relay address is kept in the custom field 'orderhaven_email'. The shop's own "
    "'new order' mail to you goes out all the same. Nor has it a switch for stock: with 'Lower the shop's "
    "stock' off, every line is marked as already taken. An order's discount is spread over its lines, "
    "because WooCommerce computes the tax of a negative fee in its own way."
)

DECLARATION = Declaration(
    name="woocommerce",
    title="WooCommerce",
    role=Role.SHOP,
    settings=_SETTINGS,
    can=frozenset({Can.CANCEL, Can.FIND_PRODUCTS_BY_EAN, Can.SUPPRESS_MAIL, Can.TAKE_DELIVERED}),
    limits=Limits(
        poll_floor=timedelta(minutes=1),
        call_timeout_s=45.0,
        # a shop on two cores makes 4 to 10 orders a second, however many ask: more at once only makes each
        # one slower
        calls_at_once=4,
        orders_per_look=100,  # per_page's maximum
        # PHP goes on after we gave up: max_execution_time is 30 to 300 s with most hosts
        settle=timedelta(minutes=5),
        overlap=timedelta(minutes=10),
        # codes are order meta, and a change of meta moves the order's date; a fulfilment does not surely
        reread_every=timedelta(minutes=30),
    ),
    connector="orderhaven.connectors.woocommerce.connector:WooCommerce",
    sandbox="orderhaven.connectors.woocommerce.sandbox:Sandbox",
    webhook="orderhaven.connectors.woocommerce.webhook:judge",
    replay="orderhaven.connectors.woocommerce.replay:Recorded",
    version="REST v3 (WooCommerce 9.9 and later)",
    honest=_HONEST,
)
