"""A shop's settings change while the hub runs: no order is created by what they were."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.woocommerce.connector import TheirNewOrder, WooCommerce, correction
from orderhaven.connectors.woocommerce.mapping import TheirFee
from orderhaven.core.errors import CurrencyRefused, OrderRejected
from orderhaven.core.shop_order import ProductQuery, ShopOrderDraft
from orderhaven.ports.receipts import Receipt

from .conftest import LAMP, MUG, Shop, euro, line, order, run


def switch_taxes_on(shop: Shop) -> None:
    shop.sandbox.taxes.on = True


def raise_the_rate(shop: Shop) -> None:
    shop.sandbox.taxes.rates = {("", ""): Decimal(27)}


def round_otherwise(shop: Shop) -> None:
    shop.sandbox.taxes.rounds_at_subtotal = True


def tax_shipping_otherwise(shop: Shop) -> None:
    shop.sandbox.taxes.shipping_class = "zero-rate"


def tax_the_mug_otherwise(shop: Shop) -> None:
    shop.sandbox.taxes.rates |= {("reduced-rate", ""): Decimal(9)}
    next(one for one in shop.sandbox.book.products.values() if one.sku == MUG.sku).tax_class = "reduced-rate"


CHANGES = [switch_taxes_on, raise_the_rate, round_otherwise, tax_shipping_otherwise, tax_the_mug_otherwise]


def bought(shop: Shop, reference: str) -> ShopOrderDraft:
    return shop.order_draft(order(line(price="12.99"), shipping_cost=euro("2.95")), reference)


def placed(shop: Shop, connector: WooCommerce, order_draft: ShopOrderDraft) -> Receipt:
    return run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(seconds=60)))


def corrections(shop: Shop) -> list[str]:
    """Orders that were made with another total first."""
    return [call for call in shop.sandbox.calls if call.startswith("PUT")]


@pytest.mark.parametrize("change", CHANGES)
def test_settings_that_changed_are_read_again_before_the_next_batch(shop: Shop, change: Callable[[Shop], None]) -> None:
    shop.sandbox.taxes.on = change is not switch_taxes_on
    first, second = bought(shop, "bol-1"), bought(shop, "bol-2")
    connector = shop.connector()
    placed(shop, connector, first)
    change(shop)

    run(connector.find([second.reference]))  # as before every creation

    assert placed(shop, connector, second).order.total == second.total
    assert corrections(shop) == []


@pytest.mark.parametrize("change", CHANGES)
def test_settings_are_read_again_when_they_are_old(shop: Shop, change: Callable[[Shop], None]) -> None:
    shop.sandbox.taxes.on = change is not switch_taxes_on
    first, second = bought(shop, "bol-1"), bought(shop, "bol-2")
    connector = shop.connector()
    placed(shop, connector, first)
    change(shop)

    shop.clock.pass_(seconds=61)

    assert placed(shop, connector, second).order.total == second.total
    assert corrections(shop) == []


def test_a_product_mapped_manually_has_its_tax_class_read_again_too(shop: Shop) -> None:
    by_hand = shop.sandbox.add_product(LAMP)
    connector = shop.connector()
    mapped = [
        shop.order_draft(order(line(price="10.00")), f"bol-{number}", products={"L1": str(by_hand.id)})
        for number in (1, 2)
    ]
    placed(shop, connector, mapped[0])
    shop.sandbox.taxes.rates |= {("reduced-rate", ""): Decimal(9)}
    by_hand.tax_class = "reduced-rate"

    run(connector.find(["bol-2"]))

    assert placed(shop, connector, mapped[1]).order.total == mapped[1].total
    assert corrections(shop) == []


@pytest.mark.parametrize("delivered", [False, True])
@pytest.mark.parametrize("change", CHANGES[:4])
def test_an_order_that_was_made_while_a_setting_changed_is_put_right_at_once(
    shop: Shop, change: Callable[[Shop], None], delivered: bool
) -> None:
    shop.sandbox.taxes.on = change is not switch_taxes_on
    bought_now = order(line(price="12.99"), line(LAMP, ref="L2"), shipping_cost=euro("2.95"))
    first, second, third = (
        shop.order_draft(bought_now, f"bol-{number}", fulfilled_by_marketplace=delivered) for number in (1, 2, 3)
    )
    connector = shop.connector()
    placed(shop, connector, first)
    change(shop)

    in_between = placed(shop, connector, second).order
    after = placed(shop, connector, third).order

    assert (in_between.total, after.total) == (second.total, third.total)
    assert len(shop.sandbox.orders()) == 3
    assert [one.quantity for one in in_between.lines] == [1, 1]
    assert shop.sandbox.stock_of(MUG.sku) == (100 if delivered else 97)


def test_an_order_that_cannot_be_put_right_is_made_all_the_same(shop: Shop) -> None:
    first, second = bought(shop, "bol-1"), bought(shop, "bol-2")
    connector = shop.connector()
    placed(shop, connector, first)
    raise_the_rate(shop)
    shop.sandbox.faults.add(HttpFaultKind.STATUS, method="PUT", status=503)

    made = placed(shop, connector, second).order

    assert made.total != second.total  # which is a Problem of its own
    assert len(shop.sandbox.orders()) == 2


def test_a_fee_that_is_not_needed_any_more_goes() -> None:
    there = TheirNewOrder(7, "processing", "EUR", "1.00", fee_lines=[TheirFee(5), TheirFee(6)])

    assert correction(there, {"fee_lines": [{"name": "Mug", "total": "1.00"}]}) == {
        "fee_lines": [{"id": 5, "total": "1.00"}, {"id": 6, "name": None}]
    }


def test_within_one_batch_the_settings_are_read_once(shop: Shop) -> None:
    order_drafts = [bought(shop, f"bol-{number}") for number in range(5)]
    connector = shop.connector()
    run(connector.find([one.reference for one in order_drafts]))
    run(connector.find_products([ProductQuery(MUG.sku, MUG.ean)]))
    before = len(shop.sandbox.calls)

    for one in order_drafts:
        placed(shop, connector, one)

    assert shop.sandbox.calls[before:] == ["POST /wp-json/wc/v3/orders"] * 5


def test_a_currency_that_changed_is_seen_as_well(shop: Shop) -> None:
    connector = shop.connector()
    placed(shop, connector, bought(shop, "bol-1"))
    shop.sandbox.currency = "USD"
    run(connector.find(["bol-2"]))

    with pytest.raises(CurrencyRefused):
        placed(shop, connector, bought(shop, "bol-2"))


def test_an_order_whose_total_the_shop_cannot_make_is_not_created(shop: Shop) -> None:
    shop.sandbox.taxes.decimals = 0
    order_draft = bought(shop, "bol-1")
    before = len(shop.sandbox.calls)

    with pytest.raises(OrderRejected, match=r"would make the total 16 EUR instead of 15\.94 EUR"):
        shop.create(order_draft)

    assert "POST /wp-json/wc/v3/orders" not in shop.sandbox.calls[before:]
    # the second time by what was read anew
    assert shop.sandbox.calls[before:].count("GET /wp-json/wc/v3/settings/tax") == 2
