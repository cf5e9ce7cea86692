"""What the sandbox's webhooks send is what the hub is made to judge."""

import msgspec

from orderhaven.connectors.woocommerce.webhook import judge
from orderhaven.ports.connector import NudgeVerdict

from .conftest import Shop

URL = "https://hub.test/hook"


def listen(shop: Shop, topic: str) -> int:
    status, made = shop.ask("POST", "/webhooks", {"topic": topic, "delivery_url": URL, "secret": "s3cret"})
    assert status == 201, made
    return int(made["id"])


def made(shop: Shop) -> int:
    return int(shop.ask("POST", "/orders", {"status": "processing", "line_items": [{"product_id": 101}]})[1]["id"])


def test_an_address_is_tried_by_a_form_that_is_not_signed(shop: Shop) -> None:
    number = listen(shop, "order.updated")

    (greeting,) = shop.sandbox.deliveries

    assert (greeting.url, greeting.body) == (URL, b"webhook_id=%d" % number)
    assert judge(greeting.headers, greeting.body, "s3cret") is NudgeVerdict.IGNORED


def test_an_order_that_changes_is_sent_once_a_request_and_signed(shop: Shop) -> None:
    listen(shop, "order.updated")
    number = made(shop)

    shop.ask("PUT", f"/orders/{number}", {"status": "completed", "customer_note": "sent"})

    _, first, second = shop.sandbox.deliveries
    statuses = [msgspec.json.decode(delivery.body)["status"] for delivery in (first, second)]
    assert statuses == ["processing", "completed"]
    assert [judge(one.headers, one.body, "s3cret") for one in (first, second)] == [
        NudgeVerdict.ACCEPTED,
        NudgeVerdict.ACCEPTED,
    ]
    assert judge(second.headers, second.body, "another") is NudgeVerdict.REJECTED


def test_an_order_in_the_trash_is_reported_as_deleted_by_its_number_alone(shop: Shop) -> None:
    listen(shop, "order.deleted")
    listen(shop, "order.updated")
    number = made(shop)
    before = len(shop.sandbox.deliveries)

    shop.ask("DELETE", f"/orders/{number}")

    (told,) = shop.sandbox.deliveries[before:]
    assert (told.headers["x-wc-webhook-topic"], told.body) == ("order.deleted", b'{"id":%d}' % number)


def test_a_paused_webhook_says_nothing(shop: Shop) -> None:
    webhook = listen(shop, "order.created")
    shop.ask("PUT", f"/webhooks/{webhook}", {"status": "paused"})

    made(shop)

    assert len(shop.sandbox.deliveries) == 1
