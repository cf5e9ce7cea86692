"""PHP may die between an order's status and its stock: such an order is not whole."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.errors import OutcomeUnknown
from orderhaven.core.reasons import is_known
from orderhaven.core.shop_order import ProductQuery, ShopOrderSnapshot

from .conftest import LAMP, MUG, Shop, line, order, run


def products(shop: Shop) -> list[Any]:
    return list(shop.sandbox.book.products.values())


def broken_off(shop: Shop, **settings: str) -> ShopOrderSnapshot:
    """As a look finds an order at which PHP died before it took the stock."""
    order_draft = shop.order_draft(order(line(MUG, 5), line(LAMP, 1, "L2")))
    shop.sandbox.fail_before_stock()
    with pytest.raises(OutcomeUnknown):
        shop.create(order_draft, **settings)
    (found,) = run(shop.connector(**settings).find(["bol-1"]))["bol-1"]
    return found


def test_an_order_whose_stock_was_not_taken_says_so_and_what_to_do(shop: Shop) -> None:
    found = broken_off(shop)

    assert "took nothing from stock for 5 x Mug, 1 x Lamp" in found.flaw
    assert "On hold and back" in found.flaw
    assert is_known(found.flaw)
    assert shop.sandbox.stock_of(MUG.sku) == 100


def test_what_it_says_to_do_takes_the_stock_once(shop: Shop) -> None:
    shop_ref = broken_off(shop).shop_ref

    shop.sandbox.set_status(shop_ref, "on-hold")
    shop.sandbox.set_status(shop_ref, "processing")

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]
    assert found.flaw == ""
    assert (shop.sandbox.stock_of(MUG.sku), shop.sandbox.stock_of(LAMP.sku)) == (95, 99)


def test_an_order_of_which_only_some_lines_were_taken_names_the_others(shop: Shop) -> None:
    shop_ref = broken_off(shop).shop_ref
    mug, _lamp = shop.sandbox.book.orders[int(shop_ref)].body["line_items"]
    mug["meta_data"] = [*mug["meta_data"], {"id": 999, "key": "_reduced_stock", "value": "5"}]
    shop.sandbox.book.orders[int(shop_ref)].rendered.clear()

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert "for 1 x Lamp:" in found.flaw


def test_our_own_mark_is_not_the_shop_s_word(shop: Shop) -> None:
    shop.create(shop.order_draft(order(line(MUG, 5))), lower_stock="no")

    (found,) = run(shop.connector(lower_stock="yes").find(["bol-1"]))["bol-1"]

    assert "5 x Mug" in found.flaw


def test_a_whole_order_has_no_flaw(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order(line(MUG, 5)))).order

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert (placed.flaw, found.flaw) == ("", "")


def test_the_answer_to_the_creation_is_looked_at_as_well(shop: Shop) -> None:
    connector, order_draft = shop.connector(), shop.order_draft(order(line(MUG, 5)))
    run(connector.find_products([ProductQuery(MUG.sku, MUG.ean)]))
    for product in products(shop):
        product.manages_stock = False  # and so nothing is taken, though it was kept a moment ago

    placed = run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(seconds=60))).order

    assert "5 x Mug" in placed.flaw


def test_stock_that_the_shop_does_not_keep_is_not_missed(shop: Shop) -> None:
    for product in products(shop):
        product.manages_stock = False

    assert broken_off(shop).flaw == ""


def test_a_shop_that_keeps_no_stock_at_all_misses_none(shop: Shop) -> None:
    shop.sandbox.book.keeps_stock = False

    assert broken_off(shop).flaw == ""


def test_stock_that_is_not_to_be_lowered_is_not_missed(shop: Shop) -> None:
    assert broken_off(shop, lower_stock="no").flaw == ""


@pytest.mark.parametrize("status", ["pending", "cancelled", "packed"])
def test_a_status_that_takes_no_stock_misses_none(shop: Shop, status: str) -> None:
    shop.sandbox.add_status("packed", "Packed")
    shop_ref = broken_off(shop).shop_ref
    shop.sandbox.set_status(shop_ref, status)

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert found.flaw == ""


def test_what_the_marketplace_delivers_takes_no_stock(shop: Shop) -> None:
    order_draft = shop.order_draft(order(line(MUG, 5)), fulfilled_by_marketplace=True)

    assert shop.create(order_draft).order.flaw == ""
