"""What an order of bol becomes here."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.bol.mapping import order_from, summary_from
from orderhaven.connectors.bol.shapes import ListedOrder, OrderDetail
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.session import decode
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.money import Money
from orderhaven.core.order import LineQuantities, MarketplaceOrder, WaitsFor


def item(**other: Any) -> dict[str, Any]:
    return {
        "orderItemId": "2000000777",
        "cancellationRequest": False,
        "fulfilment": {
            "method": "FBR",
            "distributionParty": "RETAILER",
            "latestDeliveryDate": "2026-03-04",
            "expiryDate": "2026-03-07",
            "timeFrameType": "REGULAR",
        },
        "offer": {"offerId": "0f7c2a51-6a6b-4c1e-9d3a-1e5c86f7a001", "reference": "TAS-9"},
        "product": {"ean": "8700000000017", "title": "Fietstas"},
        "quantity": 3,
        "quantityShipped": 1,
        "quantityCancelled": 1,
        "unitPrice": 10.1,
        "totalPrice": 28.31,
        "discounts": [{"title": "Fietsweek", "amount": 1.99}],
        "commission": 4.4,
        "additionalServices": [{"serviceType": "INSTALLATION"}],
        "latestChangedDateTime": "2026-03-02T10:30:00+01:00",
    } | other


def detail(*items: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "orderId": "C000000777",
        "pickupPoint": False,
        "orderPlacedDateTime": "2026-03-02T10:00:00+01:00",
        "shipmentDetails": {
            "salutation": "FEMALE",
            "firstName": "Roos",
            "surname": "Bakker",
            "streetName": "Achterom",
            "houseNumber": "12",
            "houseNumberExtension": "bis",
            "extraAddressInformation": "achterdeur",
            "zipCode": "2611PL",
            "city": "Delft",
            "countryCode": "NL",
            "email": "roos@koper.example",
            "deliveryPhoneNumber": "0600000012",
            "language": "nl-BE",
        },
        "billingDetails": {
            "salutation": "UNKNOWN",
            "firstName": "Piet",
            "surname": "Bakker",
            "streetName": "Rue Neuve",
            "houseNumber": "5",
            "zipCode": "1000",
            "city": "Brussel",
            "countryCode": "BE",
            "email": "piet@koper.example",
            "company": "Bakker BV",
            "vatNumber": "BE0000000097",
            "kvkNumber": "0000000097",
            "orderReference": "bestelling 8",
        },
        "orderItems": list(items) or [item()],
    } | other


def mapped(value: dict[str, Any]) -> MarketplaceOrder:
    return order_from(msgspec.json.decode(msgspec.json.encode(value), type=OrderDetail))


def fulfilled(**other: Any) -> dict[str, Any]:
    return item(fulfilment=item()["fulfilment"] | other)


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_a_line_carries_article_pieces_and_what_the_marketplace_calls_it() -> None:
    line = mapped(detail()).lines[0]

    assert (line.ref, line.remote_ids) == ("2000000777", ("2000000777",))
    assert (line.sku, line.ean, line.title) == ("TAS-9", "8700000000017", "Fietstas")
    assert line.quantities == LineQuantities("2000000777", ordered=3, shipped=1, cancelled=1)
    assert line.services == ("INSTALLATION",)


def test_prices_are_exact_and_include_vat() -> None:
    order = mapped(detail())
    line = order.lines[0]

    assert (line.unit_price, line.total, line.discount) == (eur("10.10"), eur("28.31"), eur("1.99"))
    assert (line.commission, line.vat_rate) == (eur("4.40"), None)
    assert (order.total, order.prices_include_vat, order.currency) == (eur("28.31"), True, "EUR")


@pytest.mark.parametrize(
    ("number", "amount"),
    [
        ("0.1", "0.10"),
        ("118.91000000000001", "118.91"),
        ("19.999999999999996", "20.00"),
        ("0", "0"),
        ("1e2", "100.00"),
    ],
)
def test_a_price_has_the_cents_that_were_meant(number: str, amount: str) -> None:
    text = msgspec.json.encode(detail()).replace(b'"totalPrice":28.31', f'"totalPrice":{number}'.encode())

    order = order_from(msgspec.json.decode(text, type=OrderDetail))

    assert str(order.lines[0].total) == str(eur(amount))


def test_both_addresses_keep_street_number_and_addition_apart() -> None:
    order = mapped(detail())

    assert (order.ship_to.street, order.ship_to.house_number, order.ship_to.addition) == ("Achterom", "12", "bis")
    assert (order.ship_to.postcode, order.ship_to.city, order.ship_to.country) == ("2611PL", "Delft", "NL")
    assert (order.ship_to.extra, order.ship_to.phone) == ("achterdeur", "0600000012")
    assert (order.ship_to.first_name, order.ship_to.last_name) == ("Roos", "Bakker")
    assert (order.ship_to.email, order.bill_to.email) == ("roos@koper.example", "piet@koper.example")
    assert (order.ship_to.salutation, order.bill_to.salutation) == ("FEMALE", "")
    assert (order.bill_to.company, order.bill_to.vat_number, order.bill_to.country) == (
        "Bakker BV",
        "BE0000000097",
        "BE",
    )


def test_what_else_the_shop_may_want_is_kept_by_name() -> None:
    order = mapped(detail())

    assert order.buyer_reference == "bestelling 8"
    assert dict(order.meta) == {
        "bol_order_id": "C000000777",
        "bol_order_item_ids": "2000000777",
        "bol_offer_ids": "0f7c2a51-6a6b-4c1e-9d3a-1e5c86f7a001",
        "bol_time_frame": "REGULAR",
        "bol_distribution_party": "RETAILER",
        "bol_discounts": "Fietsweek",
    }
    assert dict(order.contact_meta) == {"bol_vat_number": "BE0000000097", "bol_kvk_number": "0000000097"}


@pytest.mark.parametrize(("theirs", "ours"), [("nl", "NL"), ("NLD", "NL"), ("xkx", "XK"), ("XI", "XI")])
def test_a_country_is_read_by_two_letters_or_three(theirs: str, ours: str) -> None:
    there = detail()["shipmentDetails"] | {"countryCode": theirs}

    assert mapped(detail(shipmentDetails=there)).ship_to.country == ours


@pytest.mark.parametrize(("theirs", "ours"), [("nl", "nl"), ("nl-BE", "nl"), ("fr-BE", "fr"), (None, "")])
def test_the_language_is_the_buyers_without_the_country(theirs: str | None, ours: str) -> None:
    ship_to = detail()["shipmentDetails"] | {"language": theirs}

    assert mapped(detail(shipmentDetails=ship_to)).language == ours


def test_a_pick_up_point_is_named() -> None:
    ship_to = detail()["shipmentDetails"] | {"pickupPointName": "Buurtsuper: Delft"}

    order = mapped(detail(pickupPoint=True, shipmentDetails=ship_to))

    assert (order.ship_to.pickup_point, order.bill_to.pickup_point) == ("Buurtsuper: Delft", None)


def test_a_pick_up_point_without_a_name_stays_one() -> None:
    assert mapped(detail(pickupPoint=True)).ship_to.pickup_point
    assert mapped(detail()).ship_to.pickup_point is None


def test_without_billing_details_the_receiver_pays() -> None:
    order = mapped(detail(billingDetails=None))

    assert order.bill_to == order.ship_to
    assert order.buyer_reference == ""


def test_delivery_is_due_at_the_end_of_the_dutch_day() -> None:
    assert mapped(detail()).deliver_by == datetime(2026, 3, 4, 22, 59, 59, tzinfo=UTC)


def test_the_day_that_the_buyer_chose_counts_in_summer_time() -> None:
    chosen = fulfilled(latestDeliveryDate=None, exactDeliveryDate="2026-07-01")

    assert mapped(detail(chosen)).deliver_by == datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC)


def test_the_earliest_line_that_is_still_open_sets_the_delivery_day() -> None:
    sent = item(quantityShipped=3, quantityCancelled=0)
    later = fulfilled(latestDeliveryDate="2026-03-09") | {"orderItemId": "2000000778"}

    assert mapped(detail(sent, later)).deliver_by == datetime(2026, 3, 9, 22, 59, 59, tzinfo=UTC)


def test_an_order_may_expire_from_the_begin_of_its_day() -> None:
    assert mapped(detail()).expires_at == datetime(2026, 3, 6, 23, 0, tzinfo=UTC)


def test_an_order_without_dates_has_none() -> None:
    order = mapped(detail(fulfilled(latestDeliveryDate="", expiryDate=None)))

    assert (order.deliver_by, order.expires_at, order.ship_by) == (None, None, None)


def test_a_label_of_bol_is_recognised_on_what_the_merchant_sends() -> None:
    assert mapped(detail(fulfilled(distributionParty="BOL"))).marketplace_label
    assert not mapped(detail(fulfilled(distributionParty="BOL", method="FBB"))).marketplace_label
    assert not mapped(detail()).marketplace_label


def test_a_mixed_order_says_per_line_who_sends_it() -> None:
    order = mapped(detail(item(), fulfilled(method="FBB") | {"orderItemId": "2000000778"}))

    assert [line.quantities.by_marketplace for line in order.lines] == [False, True]
    assert not order.by_marketplace


def test_a_cancellation_request_counts_while_something_is_open() -> None:
    wish = item(cancellationRequest=True)
    done = item(cancellationRequest=True, quantityShipped=2)

    assert mapped(detail(wish)).lines[0].quantities.cancellation_requested
    assert not mapped(detail(done)).lines[0].quantities.cancellation_requested


def test_what_bol_may_leave_out_is_empty() -> None:
    line = mapped(detail(item(offer=None, product=None, additionalServices=None, commission=None))).lines[0]

    assert (line.sku, line.ean, line.title, line.services, line.commission) == ("", "", "", (), None)


def test_an_order_without_lines_is_an_order_without_lines() -> None:
    order = mapped(detail() | {"orderItems": []})

    assert (order.lines, order.total, order.changed_at) == ((), eur("0"), order.placed_at)


@pytest.mark.parametrize(
    ("strange", "cause"),
    [
        (detail(fulfilled(method="FBX")), "fulfilmentMethod is a word that is not known here"),
        (detail(fulfilled(distributionParty="DRONE")), "distributionParty is a word that is not known here"),
        (detail(fulfilled(latestDeliveryDate="soon")), "latestDeliveryDate is no day"),
        (detail(fulfilled(expiryDate="soon")), "expiryDate is no day"),
        (
            detail(shipmentDetails=detail()["shipmentDetails"] | {"countryCode": "Dorpsstraat"}),
            "countryCode is no code of a country",
        ),
    ],
)
def test_an_unknown_word_is_an_unexpected_response_that_names_its_field(strange: dict[str, Any], cause: str) -> None:
    with pytest.raises(UnexpectedResponse, match=f"^{cause}$"):
        mapped(strange)


def row(**other: Any) -> ListedOrder:
    listed = {
        "orderItemId": "2000000777",
        "ean": "8700000000017",
        "fulfilmentMethod": "FBR",
        "fulfilmentStatus": "OPEN",
        "quantity": 2,
        "quantityShipped": 1,
        "quantityCancelled": 0,
        "cancellationRequest": True,
        "latestChangedDateTime": "2026-03-02T10:30:00+01:00",
    } | other
    order = {"orderId": "C1", "orderPlacedDateTime": "2026-03-02T10:00:00+01:00", "orderItems": [listed]}
    return msgspec.convert(order, ListedOrder)


def test_a_row_of_a_list_is_a_summary_with_facts() -> None:
    summary = summary_from(row())

    assert summary.lines == (LineQuantities("2000000777", 2, shipped=1, cancellation_requested=True),)
    assert summary.changed_at == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    assert (summary.order, summary.waits_for) == (None, WaitsFor.NOTHING)


def test_an_unknown_word_in_a_row_is_an_unexpected_response_that_names_its_field() -> None:
    with pytest.raises(UnexpectedResponse, match="fulfilmentMethod"):
        summary_from(row(fulfilmentMethod="FBX"))


@pytest.mark.parametrize("word", ["NEUTRAL", "mx", "", None, 3, ["MALE"]])
def test_a_salutation_that_nobody_knows_is_none(word: object) -> None:
    person = detail()["shipmentDetails"] | {"salutation": word}

    order = read(detail(shipmentDetails=person, billingDetails=person))

    assert (order.ship_to.salutation, order.bill_to.salutation) == ("", "")


def test_without_a_total_a_line_costs_its_pieces_less_its_discounts() -> None:
    bare = item(unitPrice=12.99, quantity=2, discounts=[])
    cut = item(unitPrice=12.99, quantity=3, discounts=[{"title": "a", "amount": 1.5}, {"amount": 0.47}])
    for one in (bare, cut):
        del one["totalPrice"]

    order = read(detail(bare, cut | {"totalPrice": None}))

    assert [line.total for line in order.lines] == [eur("25.98"), eur("37.00")]


@pytest.mark.parametrize(
    "other",
    [
        {"latestChangedDateTime": None},
        {"latestChangedDateTime": "yesterday"},
        {"commission": "a lot"},
        {"additionalServices": [{"name": "INSTALLATION"}]},
        {"quantity": "3", "unitPrice": "10.1", "totalPrice": "28.31"},
        {"product": {"ean": 8700000000017, "title": 7}},
    ],
)
def test_what_decides_nothing_blocks_nothing(other: dict[str, Any]) -> None:
    line = read(detail(item(**other))).lines[0]

    assert (line.quantities.ordered, line.total, line.ean) == (3, eur("28.31"), "8700000000017")


@pytest.mark.parametrize(
    "other",
    [
        {"quantity": None}, {"quantity": -1}, {"quantity": "many"}, {"quantityShipped": [1]}, {"unitPrice": None},
        {"cancellationRequest": None}, {"orderItemId": None}, {"totalPrice": {"amount": 1}},
    ],
)  # fmt: skip
def test_what_decides_something_blocks_its_order(other: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        read(detail(item(**other)))


def read(value: dict[str, Any]) -> MarketplaceOrder:
    """As it comes over the network."""
    return order_from(decode(Response(200, {}, msgspec.json.encode(value)), OrderDetail, "bol"))
