"""Products of the sandbox: found as oddly as a real shop finds them, and their stock set from outside."""

from typing import Any

import pytest

from orderhaven.ports.sandbox import CatalogueItem

from .conftest import LAMP, MUG, Shop

SHIRT = CatalogueItem("SHIRT", "", "Shirt", "")
SMALL = CatalogueItem("SHIRT-S", "8712345678937", "Shirt S", "20.00")


def found(shop: Shop, **query: str) -> list[str]:
    status, rows = shop.ask("GET", "/products", **query, orderby="id", order="asc")
    assert status == 200, rows
    return [row["sku"] for row in rows]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ({"sku": "mug-1"}, ["MUG-1"]),
        ({"sku": " MUG-1 "}, ["MUG-1"]),
        ({"sku": "MUG-1, LAMP-1"}, ["MUG-1"]),  # only the outermost blanks are cut
        ({"sku": "0"}, ["MUG-1", "LAMP-1", "SHIRT"]),  # PHP takes it for nothing
        ({"sku": "MUG-1", "global_unique_id": LAMP.ean}, []),
        ({"sku": "SHIRT-S"}, ["SHIRT-S"]),
        ({"search": "mug"}, ["MUG-1"]),
        ({"search_sku": "shirt"}, ["SHIRT", "SHIRT-S"]),
    ],
)
def test_products_are_found_by_what_they_are_asked_for_and_variations_only_by_code(
    shop: Shop, query: dict[str, str], skus: list[str]
) -> None:
    parent = shop.sandbox.add_product(SHIRT, kind="variable")
    shop.sandbox.add_product(SMALL, kind="variation", parent_id=parent.id, size="S")

    assert found(shop, **query) == skus


@pytest.mark.parametrize(
    ("sent", "stock", "status"),
    [
        ({"stock_quantity": "8"}, 8, "instock"),
        ({"stock_quantity": -2}, -2, "outofstock"),
        ({"stock_quantity": None}, 100, "instock"),
        ({"inventory_delta": 5}, 105, "instock"),
        ({"stock_quantity": 0, "stock_status": "instock"}, 0, "outofstock"),
        ({"manage_stock": False}, None, "instock"),
    ],
)
def test_stock_is_set_and_its_status_follows(shop: Shop, sent: dict[str, Any], stock: Any, status: str) -> None:
    _, product = shop.ask("PUT", "/products/101", sent)

    assert (product["stock_quantity"], product["stock_status"]) == (stock, status)


def test_an_sku_that_another_product_has_is_refused_and_names_it(shop: Shop) -> None:
    status, refused = shop.ask("PUT", "/products/101", {"sku": LAMP.sku})

    assert (status, refused["code"], refused["data"]["resource_id"]) == (400, "product_invalid_sku", 102)


def test_an_import_may_give_an_sku_twice(shop: Shop) -> None:
    shop.sandbox.import_sku(102, MUG.sku)

    assert found(shop, sku=MUG.sku) == [MUG.sku, MUG.sku]


def test_what_is_not_played_is_refused_and_not_taken(shop: Shop) -> None:
    status, refused = shop.ask("PUT", "/products/101", {"description": "A mug", "stock_quantity": 1})

    assert (status, refused["code"]) == (501, "not_simulated")
    assert shop.sandbox.stock_of(MUG.sku) == 100
