"""The sandbox is as strict, and as careless, as the real shop was measured to be."""

import time
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.woocommerce.calls import OAuth
from orderhaven.connectors.woocommerce.sandbox_auth import Rights
from orderhaven.ports.sandbox import Basket

from .conftest import MUG, Shop, run


def made(shop: Shop, **body: Any) -> Any:
    known = {"line_items": [{"product_id": 101, "quantity": 1}], "billing": {"country": "NL"}}
    status, order = shop.ask("POST", "/orders", {**known, **body})
    assert status == 201, order
    return order


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


def listed(shop: Shop, **query: str) -> list[int]:
    status, rows = shop.ask("GET", "/orders", **query)
    assert status == 200, rows
    return [row["id"] for row in rows]


def test_modified_after_leaves_out_its_own_second(shop: Shop) -> None:
    order = made(shop)

    assert listed(shop, modified_after="2026-11-05T09:00:00", dates_are_gmt="true") == []
    assert listed(shop, modified_after="2026-11-05T08:59:59", dates_are_gmt="true") == [order["id"]]


@pytest.mark.parametrize(
    ("moment", "gmt", "is_listed"),
    [
        ("2026-11-05T09:59:59", "", True),  # site time, an hour ahead of UTC
        ("2026-11-05T10:00:00", "", False),
        ("2026-11-05T08:59:59Z", "", True),
        ("2026-11-05T09:00:00Z", "", False),
        ("2026-11-05T13:59:59+05:00", "", True),
        ("2026-11-05T14:00:00+05:00", "", False),
        ("2026-11-05T09:00:00.000Z", "", True),  # the zone is forgotten: nine o'clock in Amsterdam
        ("2026-11-05T08:59:59", "true", True),
    ],
)
def test_dates_are_read_as_oddly_as_the_shop_does(shop: Shop, moment: str, gmt: str, is_listed: bool) -> None:
    made(shop)

    query = {"modified_after": moment, **({"dates_are_gmt": gmt} if gmt else {})}

    assert bool(listed(shop, **query)) is is_listed


@pytest.mark.parametrize(
    "query",
    [
        {"modified_after": "yesterday"},
        {"per_page": "101"},
        {"per_page": "0"},
        {"status": "sent"},
        {"page": "x"},
        {"orderby": "total"},
    ],
)
def test_bad_parameters_are_refused(shop: Shop, query: dict[str, str]) -> None:
    assert code(shop.ask("GET", "/orders", **query)) == (400, "rest_invalid_param")


def test_dates_come_in_site_time_and_in_utc_to_the_second(shop: Shop) -> None:
    order = made(shop)

    assert order["date_created"] == "2026-11-05T10:00:00"
    assert order["date_created_gmt"] == "2026-11-05T09:00:00"


def test_a_page_past_the_end_is_empty_and_its_totals_are_nothing(shop: Shop) -> None:
    for _ in range(3):
        made(shop)
    connector = shop.connector()

    response = run(connector._calls.ask("/orders", {"per_page": "2", "page": "9"}))

    assert (response.body, response.headers["x-wp-total"], response.headers["x-wp-totalpages"]) == (b"[]", "0", "0")


def test_search_is_by_substring_and_not_in_meta(shop: Shop) -> None:
    order = made(shop, transaction_id="bol-123", meta_data=[{"key": "k", "value": "hidden"}])

    assert listed(shop, search="ol-12") == [order["id"]]
    assert listed(shop, search="hidden") == []


def test_created_via_takes_a_list_and_ignores_capitals(shop: Shop) -> None:
    first, second = made(shop, created_via="x-1"), made(shop, created_via="X-1")
    made(shop, created_via="x-11")

    assert sorted(listed(shop, created_via="x-1,x-2")) == [first["id"], second["id"]]
    assert made(shop)["created_via"] == "rest-api"


def test_unknown_products_are_answered_201_with_an_empty_line(shop: Shop) -> None:
    for item, total in (({"sku": "NO"}, "0.00"), ({"product_id": 999}, "0.00"), ({"sku": "NO", "total": "5"}, "5.00")):
        (line,) = made(shop, line_items=[item])["line_items"]
        assert (line["product_id"], line["sku"], line["total"]) == (0, None, total)


def test_a_sku_is_enough_and_quantities_are_taken_as_they_come(shop: Shop) -> None:
    assert made(shop, line_items=[{"sku": "MUG-1"}])["line_items"][0]["product_id"] == 101
    assert made(shop, line_items=[{"sku": "MUG-1", "quantity": -1}])["line_items"][0]["quantity"] == -1
    assert made(shop, line_items=[])["total"] == "0.00"
    zero = shop.ask("POST", "/orders", {"line_items": [{"product_id": 101, "quantity": 0}]})
    word = shop.ask("POST", "/orders", {"line_items": [{"product_id": 101, "quantity": "x"}]})
    assert code(zero) == (500, "internal_server_error")
    assert code(word) == (400, "rest_invalid_param")


def test_stock_moves_at_processing_and_goes_below_nothing(shop: Shop) -> None:
    order = made(shop, line_items=[{"product_id": 101, "quantity": 104}])
    assert (order["status"], shop.sandbox.stock_of("MUG-1")) == ("pending", 100)

    shop.ask("PUT", f"/orders/{order['id']}", {"status": "processing"})
    assert shop.sandbox.stock_of("MUG-1") == -4

    shop.ask("PUT", f"/orders/{order['id']}", {"status": "completed"})
    shop.ask("PUT", f"/orders/{order['id']}", {"status": "cancelled"})
    assert shop.sandbox.stock_of("MUG-1") == 100

    shop.ask("PUT", f"/orders/{order['id']}", {"status": "processing"})
    assert shop.sandbox.stock_of("MUG-1") == -4


def test_the_same_reference_twice_makes_two_orders(shop: Shop) -> None:
    assert made(shop, transaction_id="a")["id"] != made(shop, transaction_id="a")["id"]


@pytest.mark.parametrize(
    "body", [{"status": "sent"}, {"billing": {"email": "x"}}, {"billing": {"email": ""}}, {"currency": "XXA"}]
)
def test_bad_fields_are_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert code(shop.ask("POST", "/orders", body)) == (400, "rest_invalid_param")


@pytest.mark.parametrize("billing", [{"last_name": "de Vries"}, {"email": None}])
def test_an_email_address_may_be_left_out_but_not_be_empty(shop: Shop, billing: dict[str, Any]) -> None:
    assert shop.ask("POST", "/orders", {"billing": billing})[0] == 201


def test_malformed_json_is_refused(shop: Shop) -> None:
    assert code(shop.ask("POST", "/orders", b"{no")) == (400, "rest_invalid_json")


def test_some_fields_are_not_listened_to(shop: Shop) -> None:
    order = made(shop, number="77", total="99.00", date_completed="2020-01-01T00:00:00")

    assert (order["number"], order["total"], order["date_completed"]) == (str(order["id"]), "12.99", None)


def test_a_line_without_id_is_added(shop: Shop) -> None:
    order = made(shop)

    _, changed = shop.ask("PUT", f"/orders/{order['id']}", {"line_items": [{"product_id": 102}]})

    assert len(changed["line_items"]) == 2
    assert changed["total"] == "62.94"


def test_an_unknown_order_is_404_to_get_and_400_to_put(shop: Shop) -> None:
    invalid = "woocommerce_rest_shop_order_invalid_id"

    assert code(shop.ask("GET", "/orders/9999")) == (404, invalid)
    assert code(shop.ask("PUT", "/orders/9999", {})) == (400, invalid)


def test_a_batch_is_200_with_an_error_for_each_item(shop: Shop) -> None:
    asked = {"create": [{}, {"status": "x"}, {"line_items": [{}]}], "update": [{"id": 9999}]}
    status, done = shop.ask("POST", "/orders/batch", asked)

    assert status == 200
    assert ["error" in row for row in done["create"] + done["update"]] == [False, False, True, True]
    assert done["create"][1]["status"] == "pending"  # what an item asks for is not checked
    assert shop.ask("POST", "/orders/batch", {}) == (200, [])


def test_a_key_that_only_reads_is_told_apart_from_an_unknown_one(shop: Shop) -> None:
    shop.sandbox.auth.rights = Rights.READ_ONLY
    assert code(shop.ask("POST", "/orders", {})) == (401, "woocommerce_rest_authentication_error")
    assert shop.ask("GET", "/orders")[0] == 200
    shop.settings = {"secret": "cs_no"}
    assert code(shop.ask("GET", "/orders")) == (401, "woocommerce_rest_authentication_error")
    shop.settings = {"key": "ck_no"}
    assert code(shop.ask("GET", "/orders")) == (401, "woocommerce_rest_cannot_view")


def test_meta_and_refunds_move_the_change_date_and_notes_do_not(shop: Shop) -> None:
    order = made(shop, status="processing")
    path = f"/orders/{order['id']}"
    seen = []
    for call in (
        ("POST", path + "/notes", {"note": "a"}),
        ("PUT", path, {"meta_data": [{"key": "a", "value": 1}]}),
        ("POST", path + "/refunds", {"amount": "1.00", "api_refund": False}),
    ):
        shop.clock.pass_(seconds=10)
        shop.ask(*call)
        seen.append(shop.ask("GET", path)[1]["date_modified_gmt"][-2:])

    assert seen == ["00", "20", "30"]


def test_meta_is_changed_by_key(shop: Shop) -> None:
    order = made(shop, meta_data=[{"key": "a", "value": "1"}])

    _, changed = shop.ask("PUT", f"/orders/{order['id']}", {"meta_data": [{"key": "a", "value": "2"}]})

    assert [entry["value"] for entry in changed["meta_data"]] == ["2"]


def test_fulfilments_are_off_and_odd(shop: Shop) -> None:
    made_order = made(shop, status="processing")
    path, line = f"/orders/{made_order['id']}", made_order["line_items"][0]["id"]
    whole = {"status": "fulfilled", "meta_data": [{"key": "_items", "value": [{"item_id": line, "qty": 1}]}]}
    assert code(shop.ask("POST", path + "/fulfillments", whole)) == (404, "rest_no_route")
    shop.sandbox.site.has_fulfilments = True

    answers = [shop.ask("POST", path + "/fulfillments", whole) for _ in range(2)]

    _, rows = shop.ask("GET", path + "/fulfillments")
    _, order = shop.ask("GET", path)
    assert [(status, row["is_fulfilled"]) for status, row in answers] == [(201, True), (201, True)]
    assert [row["is_fulfilled"] for row in rows] == ["1", "1"]
    assert rows[0]["date_updated"].endswith("Z")
    assert order["status"] == "processing"
    assert "_fulfillment_status" in [entry["key"] for entry in order["meta_data"]]


def test_the_trash_is_shown_to_get_and_left_out_of_lists(shop: Shop) -> None:
    order = made(shop)
    path = f"/orders/{order['id']}"

    shop.ask("DELETE", path)
    trashed = shop.ask("GET", path)[1]["status"], listed(shop), listed(shop, status="trash"), listed(shop, status="any")
    shop.ask("DELETE", path, force="true")

    assert trashed == ("trash", [], [order["id"]], [])
    assert code(shop.ask("GET", path)) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_other_paths_are_web_pages(shop: Shop) -> None:
    signer = OAuth("http://localhost", shop.sandbox.auth.key, shop.sandbox.auth.secret, shop.clock)
    response = run(shop.sandbox.handle(run(signer.sign(Request("GET", "http://localhost/shop/")))))

    assert (response.status, response.body[:15]) == (404, b"<!DOCTYPE html>")


def test_every_answer_carries_the_time_and_every_call_is_noted(shop: Shop) -> None:
    shop.sandbox.site.clock_is_off_by = timedelta(minutes=1)

    response = run(shop.connector()._calls.ask("/orders"))

    assert response.headers["date"] == "Thu, 05 Nov 2026 09:01:00 GMT"
    assert shop.sandbox.calls == ["GET /wp-json/wc/v3/orders"]


def test_a_verification_costs_no_more_in_a_shop_of_many_orders(shop: Shop) -> None:
    """Not a measurement of speed: 20 times the orders may not make a look 20 times as slow."""

    def look() -> float:
        begun = time.perf_counter()
        for _ in range(20):
            shop.ask("GET", "/orders", created_via="a,b,c", status="any")
            shop.ask("GET", "/orders", modified_after="2026-11-05T09:00:00", dates_are_gmt="true", orderby="modified")
        return time.perf_counter() - begun

    for _ in range(250):
        shop.sandbox.create_by_other_tool(Basket([(MUG, 1)]), "W")
    few = min(look() for _ in range(3))
    for _ in range(4750):
        shop.sandbox.create_by_other_tool(Basket([(MUG, 1)]), "W")

    assert min(look() for _ in range(3)) < 5 * few


def test_a_line_that_is_changed_moves_stock_and_total_with_it(shop: Shop) -> None:
    order = made(shop, status="processing", line_items=[{"sku": "MUG-1", "quantity": 2}])
    line = order["line_items"][0]["id"]
    path = f"/orders/{order['id']}"

    changed = shop.ask("PUT", path, {"line_items": [{"id": line, "quantity": 3, "total": "10.00"}]})[1]
    removed = shop.ask("PUT", path, {"line_items": [{"id": line, "quantity": 0}]})[1]

    assert (changed["total"], changed["line_items"][0]["quantity"]) == ("12.10", 3)
    assert (removed["total"], removed["line_items"], shop.sandbox.stock_of("MUG-1")) == ("0.00", [], 100)
    assert code(shop.ask("PUT", path, {"line_items": [{"id": line}]})) == (400, "woocommerce_rest_invalid_item_id")


def test_what_a_column_cannot_hold_takes_lines_and_addresses_along_without_a_word(shop: Shop) -> None:
    order = made(shop, line_items=[{"sku": "MUG-1"}], billing={"last_name": "Vries", "phone": "0" * 101})

    assert (order["total"], order["line_items"], order["billing"]["last_name"]) == ("12.99", [], "")


def test_no_coupon_leaves_a_line_s_total_as_it_was_sent(shop: Shop) -> None:
    shop.sandbox.add_coupon("ten", "percent", "10")
    line = {"sku": "MUG-1", "quantity": 1, "total": "5.00"}

    assert made(shop, line_items=[line], coupon_lines=[])["total"] == "6.05"
    assert made(shop, line_items=[line], coupon_lines=[{"code": "TEN"}])["total"] == "11.69"


def test_an_amount_for_the_whole_order_is_taken_off_piece_by_piece_and_to_the_cent(shop: Shop) -> None:
    shop.sandbox.add_coupon("odd", "fixed_cart", "1.00")
    lines = [{"sku": "MUG-1", "quantity": 2}, {"sku": "LAMP-1", "quantity": 1}]

    order = made(shop, line_items=lines, coupon_lines=[{"code": "odd"}])

    assert order["total"] == "74.93"
    assert sum(float(coupon["discount"]) + float(coupon["discount_tax"]) for coupon in order["coupon_lines"]) == 1.0
