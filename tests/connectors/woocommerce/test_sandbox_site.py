"""A site in trouble, and keys of every kind: the sandbox answers as a real shop was recorded to."""

import pytest

from orderhaven.connectors.kit.auth import HeaderKeys, basic
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.woocommerce.sandbox_auth import Rights
from orderhaven.connectors.woocommerce.sandbox_site import SiteState

from .conftest import Shop, run

ORDERS = "/wp-json/wc/v3/orders"
AS_JSON = {"content-type": "application/json"}


def sent(shop: Shop, method: str, path: str, key: tuple[str, str] | None = None, body: bytes = b"") -> Response:
    key = key or (shop.sandbox.auth.key, shop.sandbox.auth.secret)
    asked = Request(method, f"https://shop.test{path}", AS_JSON if body else {}, body)
    signed = run(HeaderKeys(basic(*key)).sign(asked))
    headers = {name.lower(): value for name, value in signed.headers.items()}
    return run(shop.sandbox.handle(Request(signed.method, signed.url, headers, signed.body)))


@pytest.mark.parametrize(
    ("state", "snapshot", "writing", "begins"),
    [
        (SiteState.MAINTENANCE, 503, 503, b'{"code":"wp_die"'),
        (SiteState.NOTICE, 200, 201, b"<br />\n<b>Warning</b>"),
        (SiteState.BOM, 200, 201, b"\xef\xbb\xbf{"),
        (SiteState.FATAL, 500, 500, b'{"code":"internal_server_error"'),
        (SiteState.LOGIN_ONLY, 200, 201, b'{"id":'),
        (SiteState.BLOCKED_401, 401, 401, b'{"code":"rest_login_required"'),
        (SiteState.BLOCKED_403, 403, 403, b'{"code":"rest_forbidden"'),
        (SiteState.FIREWALL_403, 403, 403, b"<html>"),
    ],
)
def test_a_site_in_trouble_answers_as_real_ones_do(
    shop: Shop, state: SiteState, snapshot: int, writing: int, begins: bytes
) -> None:
    shop.sandbox.site.state = state

    read, written = sent(shop, "GET", ORDERS), sent(shop, "POST", ORDERS, body=b"{}")

    assert (read.status, written.status) == (snapshot, writing)
    assert written.body.startswith(begins)
    assert len(shop.sandbox.orders()) == (1 if writing == 201 else 0)


@pytest.mark.parametrize(
    ("state", "status", "total", "stock"),
    [
        (SiteState.FATAL_ON_NEW_ORDER, "pending", "0.00", 100),
        (SiteState.FATAL_AFTER_INSERT, "processing", "12.99", 99),
        (SiteState.FATAL_ON_STATUS, "processing", "12.99", 99),
        (SiteState.REFUSED_HALF_WAY, "checkout-draft", "12.99", 100),
    ],
)
def test_what_an_error_leaves_behind_depends_on_where_it_happens(
    shop: Shop, state: SiteState, status: str, total: str, stock: int
) -> None:
    shop.sandbox.site.state = state

    answer = sent(shop, "POST", ORDERS, body=b'{"status":"processing","line_items":[{"product_id":101}]}')

    (left,) = shop.sandbox.orders()
    assert answer.status == (400 if state is SiteState.REFUSED_HALF_WAY else 500)
    assert (left.status, left.total, shop.sandbox.stock_of("MUG-1")) == (status, total, stock)


@pytest.mark.parametrize(
    ("rights", "snapshot", "writing"),
    [
        (Rights.READ_ONLY, 200, 401),
        (Rights.WRITE_ONLY, 401, 201),
        (Rights.CUSTOMER, 403, 403),
    ],
)
def test_a_key_does_what_it_may(shop: Shop, rights: Rights, snapshot: int, writing: int) -> None:
    made = shop.sandbox.auth.add_key(rights)
    key = made.key, made.secret

    statuses = [sent(shop, "GET", ORDERS, key).status, sent(shop, "POST", ORDERS, key, b"{}").status]

    assert statuses == [snapshot, writing]


def test_a_revoked_key_is_unknown(shop: Shop) -> None:
    made = shop.sandbox.auth.add_key(Rights.READ_WRITE)
    shop.sandbox.auth.revoke(made)

    answer = sent(shop, "GET", ORDERS, (made.key, made.secret))

    assert (answer.status, b"woocommerce_rest_cannot_view" in answer.body) == (401, True)


def test_without_permalinks_an_order_is_answered_with_the_home_page_and_not_made(shop: Shop) -> None:
    shop.sandbox.site.has_permalinks = False

    written, read = sent(shop, "POST", ORDERS, body=b"{}"), sent(shop, "GET", ORDERS)

    assert (written.status, written.body[:15], read.status) == (200, b"<!DOCTYPE html>", 301)
    assert shop.sandbox.orders() == []
