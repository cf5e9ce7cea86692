"""How requests are signed, and whom the sandbox lets in."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

import pytest

from orderhaven.connectors.kit.http import Request, encode_query
from orderhaven.connectors.woocommerce.calls import OAuth, is_loopback, signature
from orderhaven.connectors.woocommerce.sandbox import Sandbox
from orderhaven.connectors.woocommerce.sandbox_auth import Rights
from orderhaven.core.errors import AuthRejected, WrongAddress

from .conftest import MUG, ManualClock, Shop, order, run


def test_the_signature_is_that_of_the_standard() -> None:
    """The base string of RFC 5849, 3.4.1.1, written out by hand; its digest by hashlib alone."""
    base = (
        "GET&http%3A%2F%2F127.0.0.1%3A8080%2Fwp-json%2Fwc%2Fv3%2Forders&"
        "_fields%3Did%252Cstatus%26oauth_consumer_key%3Dck_1%26oauth_nonce%3Dabc%26"
        "oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1700000000%26search%3Da%2520b"
    )
    expected = base64.b64encode(hmac.new(b"cs_1&", base.encode(), hashlib.sha256).digest()).decode()
    pairs = [
        ("search", "a b"),
        ("_fields", "id,status"),
        ("oauth_consumer_key", "ck_1"),
        ("oauth_nonce", "abc"),
        ("oauth_signature_method", "HMAC-SHA256"),
        ("oauth_timestamp", "1700000000"),
    ]

    found = signature("get", "http://127.0.0.1:8080/wp-json/wc/v3/orders", encode_query(pairs), "cs_1")

    assert expected == found


def test_basic_is_sent_over_https(shop: Shop) -> None:
    request = run(shop.connector()._calls._session._auth.sign(Request("GET", "https://shop.test/x")))

    key, secret = shop.sandbox.auth.key, shop.sandbox.auth.secret
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()


def test_a_request_signed_again_drops_the_old_signature(clock: ManualClock) -> None:
    signer = OAuth("http://localhost", "ck", "cs", clock)
    once = run(signer.sign(Request("GET", "http://localhost/a?b=1")))

    twice = run(signer.sign(once))

    assert twice.url.count("oauth_nonce=") == 1
    assert twice.query["oauth_nonce"] != once.query["oauth_nonce"]


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "http://a.localhost"])
def test_these_addresses_are_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://shop.test", "http://10.0.0.1", "http://127.0.0.1.evil.test", "http://"])
def test_these_addresses_are_not_this_machine(url: str) -> None:
    assert not is_loopback(url)


def test_no_key_goes_out_over_plain_http(shop: Shop) -> None:
    shop.url = "http://shop.test"

    with pytest.raises(WrongAddress, match="https"):
        run(shop.connector().find(["bol-1"]))

    assert shop.sandbox.calls == []


def test_signed_requests_work_over_plain_http_on_this_machine(shop: Shop) -> None:
    shop.url = "http://127.0.0.1:8080"

    placed = shop.create(shop.order_draft(order()))

    assert list(run(shop.connector().find(["bol-1"]))) == ["bol-1"]
    assert placed.order.reference == "bol-1"


def test_a_reference_with_odd_characters_survives_the_signature(shop: Shop) -> None:
    shop.url = "http://127.0.0.1:8080"

    shop.create(shop.order_draft(order(), "a+b /ü~,%41"))

    assert list(run(shop.connector().find(["a+b /ü~,%41"]))) == ["a+b /ü~,%41"]


def test_the_sandbox_refuses_basic_over_plain_http(shop: Shop) -> None:
    key = base64.b64encode(f"{shop.sandbox.auth.key}:{shop.sandbox.auth.secret}".encode()).decode()
    request = Request("GET", "http://127.0.0.1:8080/wp-json/wc/v3/orders", {"authorization": f"Basic {key}"})

    response = run(shop.sandbox.handle(request))

    assert (response.status, b"woocommerce_rest_cannot_view" in response.body) == (401, True)


def test_the_sandbox_refuses_a_replayed_nonce_and_an_old_timestamp(shop: Shop, clock: ManualClock) -> None:
    door = shop.sandbox.auth
    signer = OAuth("http://localhost", door.key, door.secret, clock)
    request = Request("GET", "http://localhost/wp-json/wc/v3/orders")
    now = int(clock.now().timestamp())
    fresh, old = signer.signed(request, "n1", now), signer.signed(request, "n2", now - 16 * 60)

    statuses = [run(shop.sandbox.handle(signed)).status for signed in (fresh, fresh, old)]

    assert statuses == [200, 401, 401]


def test_the_sandbox_refuses_a_changed_query_and_another_secret(shop: Shop, clock: ManualClock) -> None:
    door = shop.sandbox.auth
    request = Request("GET", "http://localhost/wp-json/wc/v3/orders?page=1")
    now = int(clock.now().timestamp())
    good = OAuth("http://localhost", door.key, door.secret, clock).signed(request, "n1", now)
    changed = Request("GET", good.url.replace("page=1", "page=2"))
    forged = OAuth("http://localhost", door.key, "cs_other", clock).signed(request, "n2", now)

    assert [run(shop.sandbox.handle(signed)).status for signed in (changed, forged)] == [401, 401]


def test_the_sandbox_checks_the_signature_against_its_own_home_address(shop: Shop) -> None:
    shop.url = "http://127.0.0.1:8080"
    shop.sandbox.site.home_url = "http://localhost:8080"

    with pytest.raises(AuthRejected, match="signature"):
        run(shop.connector().find(["bol-1"]))


def test_wrong_key_wrong_secret_and_read_only_say_which(shop: Shop) -> None:
    sentences = {}
    for name, settings in {"key": {"key": "ck_other"}, "secret": {"secret": "cs_other"}}.items():
        with pytest.raises(AuthRejected) as refused:
            run(shop.connector(**settings).check())
        sentences[name] = refused.value.values["reason"]
    shop.sandbox.auth.rights = Rights.READ_ONLY
    with pytest.raises(AuthRejected) as refused:
        run(shop.connector().check())

    assert "does not know the consumer key" in sentences["key"]
    assert "Consumer secret is invalid" in sentences["secret"]
    assert "may read but not write" in refused.value.values["reason"]
    assert shop.sandbox.orders() == []
    assert shop.sandbox.stock_of(MUG.sku) == 100


@dataclass
class FastClock(ManualClock):
    times: int = 1

    def in_real(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds * self.times)


@pytest.mark.parametrize(
    ("times", "minutes_on_its_way", "status"),
    [
        (1, 14, 200),
        (1, 16, 401),
        (1800, 16, 200),  # half a second of a busy machine
        (1800, 14 * 60, 200),
        (1800, 16 * 60, 401),
    ],
)
def test_a_signature_lasts_a_quarter_of_an_hour_and_no_less_than_a_request_may_be_under_way(
    times: int, minutes_on_its_way: int, status: int
) -> None:
    clock = FastClock(times=times)
    shop = Shop(clock, Sandbox(clock))
    signer = OAuth("http://127.0.0.1:8080", shop.sandbox.auth.key, shop.sandbox.auth.secret, clock)
    signed = run(signer.sign(Request("GET", "http://127.0.0.1:8080/wp-json/wc/v3/orders")))

    clock.pass_(minutes=minutes_on_its_way)

    assert run(shop.sandbox.handle(signed)).status == status
