"""WooCommerce's calls, judged by what a real shop sends."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.connectors.woocommerce.webhook import judge
from orderhaven.ports.connector import NudgeVerdict

SECRET = "our secret"
BODY = b'{"id":727,"status":"completed"}'
SIGNATURE = "UHnf5vbgJWr0Vg+QpMrTIjiEew/Xv7SN+gR4lRypRH0="  # openssl dgst -sha256 -hmac 'our secret' -binary | base64


def headers(topic: str = "order.updated", signature: str = SIGNATURE) -> Mapping[str, str]:
    resource, _, event = topic.partition(".")
    return {
        "content-type": "application/json",
        "user-agent": "WooCommerce/11.0.1 Hookshot (WordPress/7.0.4)",
        "x-wc-webhook-source": "https://shop.example.com/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-signature": signature,
        "x-wc-webhook-id": "3",
        "x-wc-webhook-delivery-id": "c7a9ecb84f5f6d4c",
    }


@pytest.mark.parametrize("topic", ["order.created", "order.updated", "order.deleted", "order.restored"])
def test_what_happens_to_an_order_is_sent_as_an_event(topic: str) -> None:
    assert judge(headers(topic), BODY, SECRET) is NudgeVerdict.ACCEPTED


@pytest.mark.parametrize(
    "topic", ["product.updated", "customer.created", "action.woocommerce_add_to_cart", "order", ""]
)
def test_other_topics_are_taken_in_and_ignored(topic: str) -> None:
    assert judge(headers(topic), BODY, SECRET) is NudgeVerdict.IGNORED


def test_the_greeting_is_not_signed_and_does_nothing() -> None:
    greeting = {"content-type": "application/x-www-form-urlencoded"}

    assert judge(greeting, b"webhook_id=3", SECRET) is NudgeVerdict.IGNORED


@pytest.mark.parametrize(
    "body", [b"webhook_id=", b"webhook_id=x", b"webhook_id=3&order=5", b"\nwebhook_id=3", b"webhook_id=3\n", b"", BODY]
)
def test_nothing_else_comes_in_unsigned(body: bytes) -> None:
    assert judge({}, body, SECRET) is NudgeVerdict.REJECTED
    assert judge(headers(signature=""), body, SECRET) is NudgeVerdict.REJECTED


@pytest.mark.parametrize(
    ("body", "signature", "secret"),
    [
        (BODY + b" ", SIGNATURE, SECRET),
        (BODY, SIGNATURE, "another secret"),
        (BODY, SIGNATURE[:-4], SECRET),
        (BODY, SIGNATURE.lower(), SECRET),
        (BODY, "é", SECRET),
        (b"webhook_id=3", "x", SECRET),
    ],
    ids=["body changed", "other secret", "cut off", "other case", "no ASCII", "greeting with a sign"],
)
def test_a_wrong_signature_is_refused(body: bytes, signature: str, secret: str) -> None:
    assert judge(headers(signature=signature), body, secret) is NudgeVerdict.REJECTED


@given(st.dictionaries(st.sampled_from(["x-wc-webhook-signature", "x-wc-webhook-topic"]), st.text()), st.binary())
def test_whatever_comes_is_judged_and_raises_nothing(sent: dict[str, str], body: bytes) -> None:
    assert judge(sent, body, SECRET) is not NudgeVerdict.ACCEPTED
