"""The shop's arithmetic, held to what a real shop answered, and the amounts that come out of it to the cent."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderhaven.connectors.woocommerce.pricing import ItemKind, OrderTotal, Rates, TaxLocation, TaxRate, TaxRules
from orderhaven.ports.sandbox import CatalogueItem

from .conftest import Shop, euro, line, order

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings" / "woocommerce"
_CLASSES = {"standard": ""}


# ------------------------------------------------------------ what a real shop answered


def recorded() -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    """Every order that was made by the API with amounts of its own: where, the shop, its products, the step."""
    for file in sorted(RECORDINGS.glob("*.json")):
        scenario = json.loads(file.read_text("utf-8"))
        products = {f"{{product:{one['name']}}}": one for one in scenario.get("products", ())}
        for number, step in enumerate(scenario["steps"], 1):
            if _is_priced_by_us(step, products):
                yield f"{file.stem} {number}", scenario.get("shop", {}), products, step


def _is_priced_by_us(step: Mapping[str, Any], products: Mapping[str, Any]) -> bool:
    request, body = step["request"], step["request"].get("body")
    if request["method"] != "POST" or not request["path"].endswith("/orders") or step["answer"]["status"] != 201:
        return False
    if not isinstance(body, dict) or not isinstance(body.get("line_items", []), list):
        return False
    lines = [one for one in body.get("line_items", []) if isinstance(one, dict)]
    amounts = [one.get("total") for one in (*lines, *body.get("fee_lines", ()), *body.get("shipping_lines", ()))]
    known = all(one.get("product_id") in products and "tax_class" not in one for one in lines)
    plain = all(isinstance(one, str) and one.replace(".", "", 1).isdigit() for one in amounts)
    return bool(amounts) and known and plain and not body.get("coupon_lines")


def _rules(shop: Mapping[str, Any]) -> TaxRules:
    taxes = shop.get("taxes", {})
    given = taxes.get("rates", [{"class": "", "country": "NL", "rate": "21"}])
    rates = tuple(
        TaxRate(at, one["country"], "", (), (), Decimal(one["rate"]) / 100, 1, False, True, one["class"])
        for at, one in enumerate(given)
    )
    return TaxRules(
        taxes.get("on", True),
        rates,
        taxes.get("based_on", "shipping"),
        TaxLocation(shop.get("country", "NL")),
        taxes.get("shipping_class", "inherit"),
        taxes.get("round_at_subtotal", False),
        taxes.get("prices_include_tax", True),
    )


def _added_up(rules: TaxRules, products: Mapping[str, Any], body: Mapping[str, Any]) -> Decimal:
    places = [TaxLocation(((body.get(name) or {}).get("country") or "").upper()) for name in ("shipping", "billing")]
    where, total, classes = rules.place_of(*places), OrderTotal(rules), set()
    for one in body.get("line_items", ()):
        product = products[one["product_id"]]
        taxable = product.get("tax_status", "taxable") == "taxable"
        tax_class = product.get("tax_class", "")
        classes |= {tax_class} if taxable else set()
        total.put(Decimal(one["total"]), rules.rates_for(tax_class, where) if taxable else (), ItemKind.LINE)
    for one in body.get("fee_lines", ()):
        taxable = one.get("tax_status", "taxable") == "taxable"
        rates = rules.rates_for(one.get("tax_class", ""), where) if taxable else ()
        total.put(Decimal(one["total"]), rates, ItemKind.FEE)
    for one in body.get("shipping_lines", ()):
        inherited = min(classes, key=lambda name: (name != "", name), default=None)
        tax_class = inherited if rules.shipping_class == "inherit" else rules.shipping_class
        rates = () if tax_class is None else rules.rates_for(tax_class, where, shipping=True)
        total.put(Decimal(one["total"]), rates, ItemKind.SHIPPING)
    return total.total


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of a real shop are not on this machine")
def test_every_recorded_order_is_added_up_as_the_real_shop_did() -> None:
    played = list(recorded())

    differ = {
        where: (str(_added_up(_rules(shop), products, step["request"]["body"])), step["answer"]["body"]["total"])
        for where, shop, products, step in played
    }

    assert len(played) > 50
    assert {where: both for where, both in differ.items() if both[0] != both[1]} == {}


# ------------------------------------------------------------ amounts that come out


def rates(*percents: str, compound: bool = False) -> Rates:
    return tuple(
        TaxRate(at, "", "", (), (), Decimal(one) / 100, at, compound and at > 0, True, "")
        for at, one in enumerate(percents)
    )


@pytest.mark.parametrize("at_subtotal", [True, False])
@pytest.mark.parametrize("prices_include_tax", [True, False])
@pytest.mark.parametrize("kind", list(ItemKind))
@pytest.mark.parametrize("percents", [("21",), ("20",), ("12",), ("4",), ("5.5",), ("5", "9.975"), ()])
def test_an_amount_is_short_of_a_cent_at_most_and_never_too_much(
    percents: tuple[str, ...], kind: ItemKind, prices_include_tax: bool, at_subtotal: bool
) -> None:
    rules = TaxRules(True, prices_include_tax=prices_include_tax, rounds_at_subtotal=at_subtotal)

    for cents in range(1, 400):
        made = OrderTotal(rules)
        made.reach(Decimal(cents) / 100, rates(*percents), kind)

        assert Decimal(0) <= Decimal(cents) / 100 - made.total <= Decimal("0.01"), cents


def test_what_one_amount_is_short_of_the_next_makes_good() -> None:
    made = OrderTotal(TaxRules(True))

    for gross in ("0.03", "12.03"):  # at 20 %, half a cent of net and half a cent of tax
        made.reach(Decimal(gross), rates("20"), ItemKind.LINE)

    assert made.total == Decimal("12.06")


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("at_subtotal", [True, False])
@pytest.mark.parametrize("prices_include_tax", [True, False])
@pytest.mark.parametrize("percent", ["21", "20", "12", "4", "9", "0"])
def test_an_order_of_one_article_comes_out_to_the_cent(
    shop: Shop, percent: str, prices_include_tax: bool, at_subtotal: bool, delivered: bool
) -> None:
    shop.sandbox.taxes.rates = {("", "NL"): Decimal(percent)}
    shop.sandbox.taxes.prices_include_tax = prices_include_tax
    shop.sandbox.taxes.rounds_at_subtotal = at_subtotal

    for cents in (1, 3, 9, 14, 42, 1203, 1299):
        bought = order(line(price=f"{cents / 100:.2f}"))
        order_draft = shop.order_draft(bought, f"bol-{cents}", fulfilled_by_marketplace=delivered)
        assert order_draft.total == shop.create(order_draft).order.total


@pytest.mark.parametrize("prices_include_tax", [True, False])
def test_the_shipping_of_a_free_article_comes_out_to_the_cent(shop: Shop, prices_include_tax: bool) -> None:
    shop.sandbox.taxes.rates = {("", ""): Decimal(20)}
    shop.sandbox.taxes.rounds_at_subtotal = True
    shop.sandbox.taxes.prices_include_tax = prices_include_tax

    placed = shop.create(shop.order_draft(order(line(price="0.00"), shipping_cost=euro("3.03")))).order

    assert placed.total == euro("3.03")


@pytest.mark.parametrize("shipping_class", ["inherit", "", "reduced-rate"])
@pytest.mark.parametrize("prices_include_tax", [True, False])
def test_the_shipping_of_what_the_marketplace_delivers_comes_out_to_the_cent(
    shop: Shop, shipping_class: str, prices_include_tax: bool
) -> None:
    shop.sandbox.taxes.rates = {("", ""): Decimal(21), ("reduced-rate", ""): Decimal(9)}
    shop.sandbox.taxes.shipping_class = shipping_class
    shop.sandbox.taxes.prices_include_tax = prices_include_tax
    bought = order(line(price="12.99"), shipping_cost=euro("4.99"), discount=euro("0.50"))
    order_draft = shop.order_draft(bought, fulfilled_by_marketplace=True)

    placed = shop.create(order_draft).order

    assert placed.total == euro("17.48")


def test_a_cent_that_no_amount_with_tax_comes_to_stands_apart(shop: Shop) -> None:
    shop.sandbox.taxes.rates = {("", "NL"): Decimal(20)}
    shop.sandbox.taxes.prices_include_tax = False
    order_draft = shop.order_draft(order(line(price="12.03")), fulfilled_by_marketplace=True)

    placed = shop.create(order_draft).order

    _, made = shop.ask("GET", f"/orders/{placed.shop_ref}")
    assert placed.total == euro("12.03")
    fees = [(fee["name"], fee["total"], fee["total_tax"]) for fee in made["fee_lines"]]
    assert fees[1:] == [("Rounding", "0.01", "0.00")]
    assert [one.title for one in placed.lines] == ["Mug"]


def test_a_line_without_a_title_still_has_a_name_where_the_marketplace_delivers(shop: Shop) -> None:
    unidentified = CatalogueItem("MUG-1", "8712345678906", "", "12.99")
    order_draft = shop.order_draft(order(line(unidentified)), fulfilled_by_marketplace=True)

    assert [one.title for one in shop.create(order_draft).order.lines] == ["MUG-1"]
