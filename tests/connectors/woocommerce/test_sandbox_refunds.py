"""Refunds of the sandbox are made, refused and counted as a real shop does it."""

from typing import Any

import pytest

from .conftest import MUG, Shop


def made(shop: Shop, **more: Any) -> Any:
    line = {"product_id": 101, "quantity": 3, "total": "30.00", "subtotal": "30.00"}
    return shop.ask("POST", "/orders", {"status": "processing", "line_items": [line], **more})[1]


def refund(shop: Shop, order: Any, **sent: Any) -> tuple[int, Any]:
    answer: tuple[int, Any] = shop.ask("POST", f"/orders/{order['id']}/refunds", {"api_refund": False, **sent})
    return answer


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"amount": "1.00", "api_refund": True}, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": "-1"}, "woocommerce_rest_invalid_order_refund"),
        ({"amount": "abc"}, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": "36.31"}, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": 5}, "rest_invalid_param"),
    ],
)
def test_these_refunds_are_refused(shop: Shop, sent: dict[str, Any], code: str) -> None:
    order = made(shop)

    status, refused = refund(shop, order, **sent)

    assert (refused["code"], status) == (code, 400 if code == "rest_invalid_param" else 500)
    assert shop.ask("GET", f"/orders/{order['id']}/refunds")[1] == []


def test_an_amount_that_is_left_out_is_that_of_the_lines_and_their_taxes(shop: Shop) -> None:
    order = made(shop)
    line = {"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": "10.00"}

    _, taxed = refund(shop, order, line_items=[{**line, "refund_tax": [{"id": 1, "refund_total": "2.10"}]}])

    assert (taxed["amount"], taxed["line_items"][0]["quantity"]) == ("12.10", -1)
    assert taxed["line_items"][0]["total_tax"] == "-2.10"


def test_pieces_come_back_into_stock_unless_they_are_not_to(shop: Shop) -> None:
    order = made(shop)
    line = {"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": "1.00"}

    refund(shop, order, line_items=[line])
    restocked = shop.sandbox.stock_of(MUG.sku)
    refund(shop, order, line_items=[line], api_restock=False)

    assert (restocked, shop.sandbox.stock_of(MUG.sku)) == (98, 98)


def test_the_refund_of_the_last_cent_makes_the_order_refunded(shop: Shop) -> None:
    order = made(shop)

    first = refund(shop, order, amount="36.29")[1]["meta_data"][0]["value"]
    second = refund(shop, order, amount="0.01")[1]["meta_data"][0]["value"]

    _, after = shop.ask("GET", f"/orders/{order['id']}")
    assert (first, second, after["status"]) == ("partial", "full", "refunded")
    assert [one["total"] for one in after["refunds"]] == ["-0.01", "-36.29"]


def test_the_status_refunded_refunds_what_is_left_and_keeps_the_stock(shop: Shop) -> None:
    order = made(shop)
    refund(shop, order, amount="6.30")

    _, after = shop.ask("PUT", f"/orders/{order['id']}", {"status": "refunded"})

    assert [one["total"] for one in after["refunds"]] == ["-30.00", "-6.30"]
    assert shop.sandbox.stock_of(MUG.sku) == 97
