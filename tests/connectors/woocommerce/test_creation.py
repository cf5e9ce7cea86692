"""An order as it stands in the shop: to the cent, whole, once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.woocommerce.sandbox_auth import Rights
from orderhaven.connectors.woocommerce.sandbox_site import SiteState
from orderhaven.core.errors import (
    AuthRejected,
    CurrencyRefused,
    MayNotWrite,
    OrderMissing,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
)
from orderhaven.core.money import Money
from orderhaven.core.reasons import is_known
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopState
from orderhaven.ports.sandbox import CatalogueItem

from .conftest import LAMP, MUG, Shop, address, euro, line, order, run

BOOK = CatalogueItem("BOOK-1", "8712345678920", "Book", "20.00")


def posts(shop: Shop) -> int:
    return shop.sandbox.calls.count("POST /wp-json/wc/v3/orders")


def test_it_is_one_request_and_carries_everything(shop: Shop) -> None:
    bought = order(
        line(quantity=2, commission=euro("1.10"), services=("gift wrap",)),
        ship_to=address(company="Acme BV", pickup_point="PostNL punt", extra="achterom"),
        buyer_reference="PO 7",
        meta=(("channel", "bol-be"),),
        shipping_cost=euro("2.95"),
    )
    order_draft = shop.order_draft(bought)
    before = len(shop.sandbox.calls)

    shop_ref = shop.create(order_draft).order.shop_ref

    # three reads of the shop's facts by a connector that is new, and one command
    assert [call for call in shop.sandbox.calls[before:] if call.startswith("POST")] == ["POST /wp-json/wc/v3/orders"]
    _, made = shop.ask("GET", f"/orders/{shop_ref}")
    meta = {entry["key"]: entry["value"] for entry in made["meta_data"]}
    assert made["transaction_id"] == "bol-1"
    assert made["payment_method_title"] == "bol A000123"
    assert made["status"] == "processing"
    assert made["shipping"]["address_1"] == "Dorpstraat 12 bis"
    assert made["shipping"]["address_2"] == "achterom, PostNL punt"
    assert made["shipping"]["company"] == "Acme BV"
    assert "pick-up point PostNL punt" in made["customer_note"]
    assert "gift wrap" in made["customer_note"]
    assert meta["marketplace_order"] == "A000123"
    assert meta["marketplace_commission"] == "1.10 EUR"
    assert meta["marketplace_channel"] == "bol-be"
    assert meta["_shipping_house_number"] == "12"
    assert shop.sandbox.stock_of(MUG.sku) == 98


def test_a_snapshot_after_look_ups_creates_without_another_question(shop: Shop) -> None:
    connector = shop.connector()
    order_draft = shop.order_draft(order())
    run(connector.find_products([ProductQuery(MUG.sku, MUG.ean)]))
    before = len(shop.sandbox.calls)

    run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(seconds=60)))

    assert len(shop.sandbox.calls) == before + 1


@pytest.mark.parametrize("at_subtotal", [True, False])
@pytest.mark.parametrize("prices_include_tax", [True, False])
@pytest.mark.parametrize("percent", ["21", "9", "19", "5.5", "0"])
def test_every_price_comes_out_to_the_cent(
    shop: Shop, percent: str, prices_include_tax: bool, at_subtotal: bool
) -> None:
    shop.sandbox.taxes.rates = {("", "NL"): Decimal(percent)}
    shop.sandbox.taxes.prices_include_tax = prices_include_tax
    shop.sandbox.taxes.rounds_at_subtotal = at_subtotal
    lines = [line(price=f"{cents / 100:.2f}", ref=f"L{cents}") for cents in (*range(1, 180), 1299, 99999)]
    bought = order(*lines, shipping_cost=euro("3.49"), discount=euro("10.01"))
    order_draft = shop.order_draft(bought)

    assert order_draft.total == shop.create(order_draft).order.total


@pytest.mark.parametrize("percent", ["21", "9", "0"])
def test_what_the_marketplace_delivers_comes_out_to_the_cent_too(shop: Shop, percent: str) -> None:
    shop.sandbox.taxes.rates = {("", ""): Decimal(percent)}
    lines = [line(price=f"{cents / 100:.2f}", ref=f"L{cents}") for cents in range(1, 200)]
    order_draft = shop.order_draft(order(*lines), fulfilled_by_marketplace=True)

    placed = shop.create(order_draft).order

    assert order_draft.total == placed.total
    assert placed.state is ShopState.COMPLETED
    assert [one.quantity for one in placed.lines] == [1] * 199
    assert shop.sandbox.stock_of(MUG.sku) == 100


def test_with_taxes_off_the_gross_price_is_the_price(shop: Shop) -> None:
    shop.sandbox.taxes.on = False
    order_draft = shop.order_draft(order(line(quantity=3), shipping_cost=euro("1.00")))

    assert order_draft.total == shop.create(order_draft).order.total
    assert "GET /wp-json/wc/v3/taxes" not in shop.sandbox.calls


def test_each_product_is_taxed_by_its_own_class_and_country(shop: Shop) -> None:
    shop.sandbox.add_product(BOOK, tax_class="reduced-rate")
    shop.sandbox.taxes.rates = {
        ("", "NL"): Decimal(21),
        ("", "BE"): Decimal(20),
        ("reduced-rate", "NL"): Decimal(9),
        ("reduced-rate", "BE"): Decimal(6),
    }
    for country, expected in (("NL", "1.65"), ("BE", "1.13")):
        there = address(country=country)
        bought = order(line(BOOK), ship_to=there, bill_to=there, shipping_cost=euro("2.00"))
        order_draft = shop.order_draft(bought, f"bol-{country}")
        placed = shop.create(order_draft).order
        _, made = shop.ask("GET", f"/orders/{placed.shop_ref}")

        assert order_draft.total == placed.total
        assert made["line_items"][0]["total_tax"] == expected


def test_a_product_mapped_manually_is_asked_for_its_tax_class(shop: Shop) -> None:
    product = shop.sandbox.add_product(BOOK, tax_class="reduced-rate")
    shop.sandbox.taxes.rates |= {("reduced-rate", ""): Decimal(9)}
    order_draft = shop.order_draft(order(line(price="10.00")), products={"L1": str(product.id)})

    assert order_draft.total == shop.create(order_draft).order.total
    assert f"GET /wp-json/wc/v3/products/{product.id}" in shop.sandbox.calls


def test_a_variation_is_created_as_such(shop: Shop) -> None:
    shirt = CatalogueItem("SHIRT-M", "8712345678937", "Shirt M", "15.00")
    parent = shop.sandbox.add_product(CatalogueItem("SHIRT", "", "Shirt", "15.00"), kind="variable")
    variation = shop.sandbox.add_product(shirt, 10, kind="variation", parent_id=parent.id)
    order_draft = shop.order_draft(order(line(shirt, 2)))

    placed = shop.create(order_draft).order

    assert order_draft.products == {"L1": f"{parent.id}:{variation.id}"}
    assert placed.lines[0].product_ref == f"{parent.id}:{variation.id}"
    assert variation.stock == 8


def test_fewer_pieces_than_ordered_cost_their_share(shop: Shop) -> None:
    order_draft = shop.order_draft(order(line(quantity=3, discount="0.50")), quantities={"L1": 2})

    placed = shop.create(order_draft).order

    assert order_draft.total == placed.total
    assert placed.quantity() == 2


def test_the_buyer_is_mailed_only_when_the_merchant_wants_it(shop: Shop) -> None:
    quiet = shop.create(shop.order_draft(order())).order
    assert [mail.to for mail in shop.sandbox.mails] == ["shop"]

    shop.create(shop.order_draft(order(), "bol-2"), mail_buyer="yes")

    assert [mail.to for mail in shop.sandbox.mails] == ["shop", "shop", "abc@verkopen.bol.test"]
    _, made = shop.ask("GET", f"/orders/{quiet.shop_ref}")
    assert {"key": "orderhaven_email", "value": "abc@verkopen.bol.test"} in [
        {"key": entry["key"], "value": entry["value"]} for entry in made["meta_data"]
    ]


@pytest.mark.parametrize("mail_buyer", ["no", "yes"])
def test_an_order_without_an_email_address_is_made(shop: Shop, mail_buyer: str) -> None:
    nobody = address(email="")

    placed = shop.create(shop.order_draft(order(ship_to=nobody, bill_to=nobody)), mail_buyer=mail_buyer).order

    assert (placed.state, placed.total) == (ShopState.OPEN, euro("12.99"))


LONG_PHONE = "0612345678, " + "na zessen " * 14


def test_a_phone_number_that_is_too_long_is_cut_and_kept_whole_beside_the_order(shop: Shop) -> None:
    talkative = address(phone=LONG_PHONE, extra="linksaf " * 8750)

    placed = shop.create(shop.order_draft(order(line(quantity=2), ship_to=talkative, bill_to=talkative))).order

    _, made = shop.ask("GET", f"/orders/{placed.shop_ref}")
    assert [one.quantity for one in placed.lines] == [2]
    assert made["billing"]["phone"] == made["shipping"]["phone"] == LONG_PHONE[:100]
    assert made["shipping"]["last_name"] == "de Vries"
    assert {entry["key"]: entry["value"] for entry in made["meta_data"]}["orderhaven_phone"] == LONG_PHONE


@pytest.mark.parametrize(
    ("person", "said"),
    [({"email": f"{'a' * 330}@example.com"}, "e-mail"), ({"street": "Straat " * 10_000}, "part of the address")],
)
def test_what_may_not_be_cut_is_refused_before_anything_is_sent(shop: Shop, person: dict[str, str], said: str) -> None:
    there = address(**person)
    order_draft = shop.order_draft(order(ship_to=there, bill_to=there))

    with pytest.raises(OrderRejected, match=said):
        shop.create(order_draft, mail_buyer="yes")

    assert posts(shop) == 0


def test_stock_is_left_alone_when_the_merchant_wants_it(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order(line(quantity=4))), lower_stock="no").order
    assert shop.sandbox.stock_of(MUG.sku) == 100

    run(
        shop.connector().cancel(
            ShopOrderCancellation(placed.shop_ref, "cancel"), not_after=shop.clock.now() + timedelta(seconds=9)
        )
    )

    assert shop.sandbox.stock_of(MUG.sku) == 100


def test_hostile_orders_are_taken(shop: Shop) -> None:
    hostile = address(street="Straat " * 50, first_name="🦊", phone="", company='<b>"O\'Neill"</b>')
    lines = [line(LAMP, price="0.00", ref=f"L{at}") for at in range(200)]
    order_draft = shop.order_draft(order(*lines, ship_to=hostile, bill_to=hostile))

    placed = shop.create(order_draft).order

    assert (placed.total, len(placed.lines)) == (order_draft.total, 200)


def test_an_unknown_product_is_answered_as_the_shop_made_it(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order(line()), products={"L1": "999"})).order

    assert placed.lines[0].product_ref == ""
    assert placed.total == euro("12.99")  # the total that was sent stays, whatever it is for


def test_another_currency_is_refused_unless_the_merchant_named_it(shop: Shop) -> None:
    kronor = order(line(price="1.00", currency="SEK"), currency="SEK")
    swedish = shop.order_draft(kronor, quantities={"L1": 1})

    with pytest.raises(CurrencyRefused, match="SEK"):
        shop.create(swedish)
    assert posts(shop) == 0
    assert shop.create(swedish, more_currencies="sek").order.total == Money.of("1", "SEK")


def test_a_currency_that_the_shop_does_not_know_is_refused(shop: Shop) -> None:
    odd = order(line(price="1.00", currency="XXA"), currency="XXA")

    with pytest.raises(CurrencyRefused, match="XXA"):
        shop.create(shop.order_draft(odd), more_currencies="XXA")


def test_a_bad_address_is_refused_without_repeating_it(shop: Shop) -> None:
    bad = address(email="not-an-address")

    with pytest.raises(OrderRejected, match="billing") as refused:
        shop.create(shop.order_draft(order(ship_to=bad, bill_to=bad)), mail_buyer="yes")

    assert "not-an-address" not in str(refused.value)


@pytest.mark.parametrize(
    "kind",
    [
        HttpFaultKind.AFTER,
        HttpFaultKind.GARBAGE,
        HttpFaultKind.TRUNCATED,
        HttpFaultKind.HTML_AFTER,
        HttpFaultKind.STATUS_AFTER,
    ],
)
def test_a_lost_reply_is_unconfirmed_and_the_order_is_found(shop: Shop, kind: HttpFaultKind) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.faults.add(kind, method="POST")

    with pytest.raises(OutcomeUnknown):
        shop.create(order_draft)

    assert len(run(shop.connector().find(["bol-1"]))["bol-1"]) == 1
    assert posts(shop) == 1


@pytest.mark.parametrize("kind", [HttpFaultKind.NEVER, HttpFaultKind.RESET, HttpFaultKind.STATUS, HttpFaultKind.HTML])
def test_a_call_that_may_have_happened_is_unconfirmed_and_not_repeated(shop: Shop, kind: HttpFaultKind) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.faults.add(kind, method="POST")

    with pytest.raises(OutcomeUnknown):
        shop.create(order_draft)

    assert (posts(shop), len(shop.sandbox.orders())) == (1, 0)


def test_a_call_that_surely_did_not_happen_is_for_later(shop: Shop) -> None:
    order_draft = shop.order_draft(order())
    for kind, error in ((HttpFaultKind.REFUSED, SafeToRetry), (HttpFaultKind.RATE_LIMITED, RateLimited)):
        shop.sandbox.faults.add(kind, method="POST", delay=timedelta(seconds=7))
        with pytest.raises(error):
            shop.create(order_draft)

    assert shop.sandbox.orders() == []


def test_a_firewall_blocks_one_order_and_not_the_connection(shop: Shop) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.faults.add(HttpFaultKind.STATUS, method="POST", status=403)

    with pytest.raises(OrderRejected, match="firewall"):
        shop.create(order_draft)


def test_a_key_that_may_not_write_any_more_is_an_account_problem(shop: Shop) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.auth.rights = Rights.READ_ONLY

    with pytest.raises(MayNotWrite, match="may read but not write"):
        shop.create(order_draft)


def test_that_a_key_may_not_write_is_seen_in_whatever_language_the_shop_says_it(shop: Shop) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.auth.rights = Rights.READ_ONLY
    shop.sandbox.auth.words = {
        "The API key provided does not have write permissions.": "De API-sleutel heeft geen schrijfrechten."
    }

    with pytest.raises(MayNotWrite, match="may read but not write"):
        shop.create(order_draft)


def _refuses_once(shop: Shop) -> None:
    shop.sandbox.auth.hiccups = 1


def _refuses_every_key_and_what_it_writes(shop: Shop) -> None:
    shop.sandbox.auth.hiccups = 2
    shop.sandbox.auth.rights = Rights.WRITE_ONLY


@pytest.mark.parametrize("happens", [_refuses_once, _refuses_every_key_and_what_it_writes])
def test_a_key_that_is_refused_for_another_cause_is_not_said_to_lack_the_right_to_write(
    shop: Shop, happens: Callable[[Shop], None]
) -> None:
    placed = shop.create(shop.order_draft(order()))
    connector = shop.connector()
    happens(shop)

    command = ShopOrderCancellation(placed.order.shop_ref, "cancel")
    with pytest.raises(AuthRejected) as refused:
        run(connector.cancel(command, not_after=shop.clock.now() + timedelta(seconds=9)))

    assert not isinstance(refused.value, MayNotWrite)


@pytest.mark.parametrize("state", [SiteState.FATAL_ON_NEW_ORDER, SiteState.REFUSED_HALF_WAY])
def test_a_partly_created_order_is_unconfirmed_and_found_without_lines(shop: Shop, state: SiteState) -> None:
    order_draft = shop.order_draft(order())
    shop.sandbox.site.state = state

    with pytest.raises(OutcomeUnknown):
        shop.create(order_draft)

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]
    assert found.lines == ()
    assert "broke off while it made the order" in found.flaw
    assert is_known(found.flaw)


@pytest.mark.parametrize("state", [SiteState.FATAL_AFTER_INSERT, SiteState.FATAL_ON_STATUS])
def test_an_order_that_is_whole_behind_an_error_is_found_whole(shop: Shop, state: SiteState) -> None:
    order_draft = shop.order_draft(order(line(quantity=2)))
    shop.sandbox.site.state = state

    with pytest.raises(OutcomeUnknown):
        shop.create(order_draft)

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]
    assert ([one.quantity for one in found.lines], found.total) == ([2], order_draft.total)


def test_a_shop_without_the_draft_s_status_is_still_looked_through(shop: Shop) -> None:
    shop_ref = shop.create(shop.order_draft(order())).order.shop_ref
    shop.sandbox.trash(shop_ref)
    shop.sandbox.book.removed_statuses.add("checkout-draft")

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert (found.shop_ref, found.state) == (shop_ref, ShopState.TRASHED)


def test_the_home_page_in_place_of_an_answer_means_that_nothing_was_made(shop: Shop) -> None:
    order_draft, connector = shop.order_draft(order()), shop.connector()
    run(connector.find_products([ProductQuery(MUG.sku, MUG.ean)]))
    shop.sandbox.site.has_permalinks = False

    with pytest.raises(SafeToRetry, match="permalinks are off"):
        run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(seconds=60)))

    assert shop.sandbox.orders() == []


def test_permalinks_that_are_switched_off_later_are_said_by_every_question(shop: Shop) -> None:
    connector = shop.connector()
    run(connector.check())
    shop.sandbox.site.has_permalinks = False

    with pytest.raises(SafeToRetry, match="permalinks are off"):
        run(connector.find(["bol-1"]))


@pytest.mark.parametrize("index", [HttpFaultKind.STATUS, HttpFaultKind.NEVER])
def test_a_web_page_in_place_of_an_answer_is_unconfirmed_while_permalinks_are_not_known_to_be_off(
    shop: Shop, index: HttpFaultKind
) -> None:
    order_draft, connector = shop.order_draft(order()), shop.connector()
    run(connector.find_products([ProductQuery(MUG.sku, MUG.ean)]))
    shop.sandbox.faults.add(HttpFaultKind.HTML_AFTER, method="POST")
    shop.sandbox.faults.add(index, method="GET", path="/wp-json/", times=-1)

    with pytest.raises(OutcomeUnknown):
        run(connector.create(order_draft, not_after=shop.clock.now() + timedelta(seconds=60)))


def test_nothing_is_sent_after_its_time(shop: Shop) -> None:
    order_draft = shop.order_draft(order())

    with pytest.raises(SafeToRetry):
        run(shop.connector().create(order_draft, not_after=shop.clock.now()))

    assert posts(shop) == 0


def test_cancelling_gives_stock_back_and_a_missing_order_is_missing(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order(line(quantity=5)))).order
    soon = shop.clock.now() + timedelta(seconds=9)

    run(shop.connector().cancel(ShopOrderCancellation(placed.shop_ref, "cancel"), not_after=soon))

    assert shop.sandbox.stock_of(MUG.sku) == 100
    assert run(shop.connector().read([placed.shop_ref]))[placed.shop_ref].state is ShopState.CANCELLED
    for missing in ("9999", "abc"):
        with pytest.raises(OrderMissing):
            run(shop.connector().cancel(ShopOrderCancellation(missing, "cancel"), not_after=soon))
