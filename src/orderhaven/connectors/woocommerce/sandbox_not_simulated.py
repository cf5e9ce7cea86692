"""What WooCommerce does and this sandbox does not: it refuses it as not played, and never takes it.

Each row is a kind of request that the connector does not send and whose effect it does not read. What stands in no row
and is no route of the sandbox is no route of WooCommerce either: 404.
"""

import re
from collections.abc import Sequence

from msgspec import Struct


class NotPlayedKind(Struct, frozen=True):
    methods: frozenset[str]
    path: re.Pattern[str]  # below /wp-json
    reason: str


ONE_PRODUCT_AT_A_TIME = "products are made and thrown away by the merchant, one by one"
_ALL = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_WRITES = _ALL - {"GET", "HEAD"}

NOT_PLAYED: Sequence[NotPlayedKind] = (
    NotPlayedKind(
        _ALL,
        re.compile(r"/wc/v3/(customers|coupons|shipping|shipping_methods|payment_gateways|data|marketing)(/.*)?"),
        "customers, coupons, shipping zones and payment gateways are a merchant's set-up, which the connector never asks for",
    ),
    NotPlayedKind(
        _ALL,
        re.compile(r"/wc/v3/products/(attributes|categories|tags|shipping_classes|reviews|brands)(/.*)?"),
        "the shop's catalogue is not what an order is made of",
    ),
    NotPlayedKind(
        _WRITES,
        re.compile(r"/wc/v3/products(/\d+)?(/(duplicate|variations|variations/\d+|variations/generate))?"),
        ONE_PRODUCT_AT_A_TIME,
    ),
    NotPlayedKind(
        _WRITES,
        re.compile(r"/wc/v3/(taxes|settings|system_status)(/.*)?"),
        "the shop's settings and taxes are the merchant's; the connector only reads them",
    ),
    NotPlayedKind(
        _ALL,
        re.compile(
            r"/wc/v3/(orders/statuses|orders/\d+/(actions|receipt|fulfillments/\d+/metadata)(/.*)?|webhooks/batch|reports(/.*)?)"
        ),
        "what a person does in WooCommerce's own screens, which shows in no order that is read",
    ),
    NotPlayedKind(
        _ALL,
        re.compile(
            r"/(oembed|wc/(v1|v2|pos|store|private)|wc-(admin|analytics|admin-email|telemetry)|jetpack|wccom-site"
            r"|wp-(abilities|site-health|block-editor)|wp)(/.*)?"
        ),
        "of all that a site serves, only WooCommerce's REST API v3 is played",
    ),
)

# the same for what a request asks beside its path
NO_OTHER_DECIMALS = "amounts are shown with two decimals, as nobody asks otherwise"
NO_CATALOGUE = "products are found by SKU, EAN, name, status and change: the shop's catalogue is not played"
NOTHING_ELSE_OF_A_PRODUCT = (
    "only a product's texts, price, taxes and stock can be set: the rest says nothing of an order"
)
NO_OTHER_ORDER = "lists are sorted by what the connector sorts by"
NO_OTHER_WEBHOOKS = "webhooks of customers, of coupons and of actions are not played: the hub listens to orders"


def reason_not_played(method: str, path: str) -> str:
    """Why the sandbox does not play this request; "" when it does."""
    for kind in NOT_PLAYED:
        if method in kind.methods and kind.path.fullmatch(path):
            return kind.reason
    return ""
