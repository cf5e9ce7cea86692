"""What WooCommerce's words mean: codes, statuses, references, dates, rates."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.woocommerce.mapping import (
    ShopWords,
    TheirOrder,
    TheirRate,
    created_via,
    reference_of,
    shop_order,
    tax_rate,
    utc,
)
from orderhaven.connectors.woocommerce.pricing import TaxLocation, TaxRules
from orderhaven.connectors.woocommerce.tracking import each_once, tracking
from orderhaven.core.errors import OrderRejected, UnexpectedResponse
from orderhaven.core.shop_order import ShopState

CODE = "3SABCD1234567"
LINK = f"https://jouw.postnl.nl/track-and-trace/{CODE}-NL-1234AB"
WORDS = ShopWords(frozenset({"completed"}), frozenset({"cancelled"}))


def told(meta: dict[str, Any], *keys: str) -> list[tuple[str, str]]:
    return [(code.number, code.carrier_name) for code in each_once(tracking(meta, keys).tracking)]


def unread(meta: dict[str, Any], *keys: str) -> list[tuple[str, str]]:
    return [(one.field, one.text) for one in tracking(meta, keys).unreadable]


@pytest.mark.parametrize(
    ("meta", "carrier"),
    [
        ({"_wc_shipment_tracking_items": [{"tracking_number": CODE, "tracking_provider": "postnl"}]}, "postnl"),
        (
            {
                "_wc_shipment_tracking_items": [
                    {"tracking_number": CODE, "tracking_provider": "", "custom_tracking_provider": "PostNL"}
                ]
            },
            "PostNL",
        ),
        (
            {
                "_wc_shipment_tracking_items": [
                    {
                        "tracking_number": CODE,
                        "tracking_provider": "post-nl",
                        "formatted_tracking_provider": "PostNL",
                    }
                ]
            },
            "PostNL",
        ),
        ({"_wc_shipment_tracking_items": f'[{{"tracking_number":"{CODE}"}}]'}, ""),
        ({"_wc_shipment_tracking_items": {"0": {"tracking_number": CODE}}}, ""),
        ({"_tracking_number": CODE, "_tracking_provider": "PostNL"}, "PostNL"),
        ({"_tracking_number": f" {CODE} "}, ""),
        ({"ywot_tracking_code": CODE, "ywot_carrier_name": "DHL"}, "DHL"),
        ({"_aftership_tracking_items": [{"tracking_number": CODE, "slug": "dpd"}]}, "dpd"),
        ({"_postnl_order_metadata": {"labels": {"label": {"barcode": CODE}}}}, "PostNL"),
        ({"_postnl_order_metadata": {"barcodes": [{"value": CODE}]}}, "PostNL"),
        ({"_myparcel_shipments": {"1": {"barcode": CODE, "carrier": "postnl"}}}, "postnl"),
        ({"_myparcelnl_order_shipments": [{"barcode": CODE, "carrier": {"id": 1, "name": "postnl"}}]}, "postnl"),
        ({"_myparcelcom_order_shipments": [{"barcode": CODE, "carrier": {"name": "dhl"}}]}, "dhl"),
        ({"_aftership_tracking_number": CODE, "_aftership_tracking_provider_name": "PostNL"}, "PostNL"),
        ({"_pr_shipment_dhl_label_tracking": {"tracking_number": CODE}}, ""),
        ({"_pr_shipment_dhl_label_tracking": {"tracking_number": [CODE]}}, ""),
        ({"_pr_shipment_dhl_label_tracking": {"tracking_number": [CODE], "carrier": "DHL"}}, "DHL"),
        ({"sendcloud_tracking_number": CODE, "sendcloud_carrier": "postnl"}, "postnl"),
    ],
)
def test_a_tracking_number_is_found_in_every_known_place(meta: dict[str, Any], carrier: str) -> None:
    assert told(meta) == [(CODE, carrier)]


@pytest.mark.parametrize(
    "value", [CODE, [CODE], {"code": CODE}, [{"tracking_number": CODE}], f'["{CODE}"]', f'{{"barcode":"{CODE}"}}']
)
def test_a_key_of_the_merchants_own_is_read_whatever_its_shape(value: Any) -> None:
    assert told({"mijn_code": value}, "mijn_code") == [(CODE, "")]
    assert told({"mijn_code": value}) == []


@pytest.mark.parametrize(
    "value", [None, "", " ", 0, False, [], {}, [None, [], {}], "-", "geen", "n.v.t.", ["nvt"], {"code": "none"}]
)
def test_an_empty_place_and_one_that_says_there_is_no_number_say_nothing(value: Any) -> None:
    for key in ("_tracking_number", "_wc_shipment_tracking_items", "_postnl_order_metadata", "_myparcel_shipments"):
        assert (told({key: value, "mine": value}, "mine"), unread({"mine": value}, "mine")) == ([], [])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("bel 0612345678", "bel 0612345678"),
        ("x" * 101, "x" * 101),
        ("[not json", "[not json"),
        ('a:1:{i:0;s:13:"3SABCD1234567";}', ""),
        ('s:13:"3SABCD1234567";', ""),
        (True, ""),
        (1.5, ""),
        ([{"parcel": {"sort": "small"}}], ""),
        ([{"first": CODE, "second": "3SABCD1234568"}], ""),
        ({"tracking_number": "0612345678"}, "0612345678"),
    ],
)
def test_a_named_create_that_holds_something_and_yields_nothing_is_said(value: Any, text: str) -> None:
    assert (told({"mine": value}, "mine"), unread({"mine": value}, "mine")) == ([], [("mine", text)])


def test_a_known_place_that_holds_something_unknown_is_said_and_one_without_a_number_yet_is_not() -> None:
    assert [("_wc_shipment_tracking_items", "")] == unread({"_wc_shipment_tracking_items": [{"carriage": "slow"}]})
    assert [("_tracking_number", "bel Jan")] == unread({"_tracking_number": "bel Jan"})
    assert [] == unread({"_myparcelnl_order_shipments": [{"id": 12345678, "status": 1, "barcode": None}]})
    assert [] == unread({"_wc_shipment_tracking_items": [{"tracking_number": "", "tracking_provider": "postnl"}]})


@pytest.mark.parametrize(
    ("value", "carrier"),
    [
        ([{"shipper": "PostNL", "trackingNo": CODE}], "PostNL"),
        ({"parcels": [{"id": 12, "ref": CODE, "weight": "1.20"}]}, ""),
        (f'{{"label":{{"nr":"{CODE}"}}}}', ""),
        ({"number": 1, "trackingNo": CODE}, ""),
    ],
)
def test_of_a_named_place_in_an_unknown_form_the_one_text_that_looks_like_a_number_is_read(
    value: Any, carrier: str
) -> None:
    assert (told({"mine": value}, "mine"), unread({"mine": value}, "mine")) == ([(CODE, carrier)], [])


@pytest.mark.parametrize(
    "meta",
    [
        {"_wc_shipment_tracking_items": [{"tracking_number": LINK}]},
        {"_wc_shipment_tracking_items": [{"tracking_number": "", "custom_tracking_link": LINK}]},
        {"_tracking_number": LINK},
        {"mine": LINK},
        {"mine": [{"url": LINK}]},
    ],
)
def test_a_link_in_a_number_field_yields_the_number_in_it(meta: dict[str, Any]) -> None:
    assert ([(CODE, "")], []) == (told(meta, "mine"), unread(meta, "mine"))


def test_several_tracking_numbers_come_apart_and_each_comes_once() -> None:
    meta = {
        "_tracking_number": f"{CODE}, JVGL0612345678901234",
        "_wc_shipment_tracking_items": [{"tracking_number": CODE.lower(), "tracking_provider": "PostNL"}],
    }

    assert told(meta) == [(CODE, "PostNL"), ("JVGL0612345678901234", "")]


def test_a_return_label_is_not_this_parcel() -> None:
    labels = {"labels": {"label": {"barcode": CODE}, "return-label": {"barcode": "3SRETOUR"}}}

    assert told({"_postnl_order_metadata": labels}) == [(CODE, "PostNL")]


@pytest.mark.parametrize("reference", ["bol-A000123", "1.2_3", "a b,c", "ü🦊", "50%41", "~", "a~b"])
def test_a_reference_survives_the_way_there_and_back(reference: str) -> None:
    word = created_via(reference)

    assert reference_of(word) == reference
    assert not set(word) & set(", \t\n%<>")


@pytest.mark.parametrize("word", ["", "checkout", "rest-api", "orderhaven-a~zz~", "Orderhaven-1"])
def test_a_word_that_is_not_ours_gives_no_reference(word: str) -> None:
    assert reference_of(word) == ""


def test_a_reference_that_the_column_would_cut_off_is_refused() -> None:
    with pytest.raises(OrderRejected, match="more than the 100 characters"):
        created_via("x" * 90)


def their(**more: Any) -> TheirOrder:
    known = {"id": 7, "status": "processing", "currency": "EUR", "total": "12.99"}
    return msgspec.convert({**known, **more}, TheirOrder)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("processing", ShopState.OPEN),
        ("failed", ShopState.OPEN),
        ("a-plugins-own", ShopState.OPEN),
        ("completed", ShopState.COMPLETED),
        ("cancelled", ShopState.CANCELLED),
        ("trash", ShopState.TRASHED),
    ],
)
def test_a_status_means_what_was_chosen_at_setup(status: str, state: ShopState) -> None:
    assert shop_order(their(status=status), WORDS).state is state


def test_the_number_of_a_marketplace_label_is_read_where_the_merchant_notes_it() -> None:
    words = ShopWords(WORDS.completed, WORDS.cancelled, label_key="vvb")

    assert shop_order(their(meta_data=[{"key": "vvb", "value": " L-1 "}]), words).label_number == "L-1"


def test_a_total_that_is_no_amount_is_an_unexpected_response() -> None:
    with pytest.raises(UnexpectedResponse):
        shop_order(their(total="gratis"), WORDS)


def test_their_dates_are_utc_without_saying_so() -> None:
    moment = utc("2026-11-05T10:00:00", "date_created_gmt")

    assert moment is not None
    assert moment.isoformat() == "2026-11-05T10:00:00+00:00"
    assert utc(None, "date_created_gmt") is None


def rates(*rows: dict[str, Any]) -> TaxRules:
    return TaxRules(
        on=True,
        rates=tuple(tax_rate(msgspec.convert({"id": at, **row}, TheirRate)) for at, row in enumerate(rows, 1)),
    )


def test_the_closest_rate_counts_and_one_of_each_priority() -> None:
    rules = rates(
        {"rate": "21.0000"},
        {"rate": "19.0000", "country": "DE"},
        {"rate": "0.0000", "country": "DE", "postcodes": ["27498"]},
        {"rate": "5.0000", "country": "CA"},
        {"rate": "10.0000", "country": "CA", "priority": 2, "compound": True},
        {"rate": "9.0000", "class": "reduced-rate", "shipping": False},
    )

    assert rules.rate_for("", TaxLocation("NL")) == Decimal("0.21")
    assert rules.rate_for("", TaxLocation("DE", postcode="10115")) == Decimal("0.19")
    assert rules.rate_for("", TaxLocation("DE", postcode="27498")) == 0
    assert rules.rate_for("", TaxLocation("CA")) == Decimal("0.155")
    assert rules.rate_for("reduced-rate", TaxLocation("NL")) == Decimal("0.09")
    assert rules.rate_for("reduced-rate", TaxLocation("NL"), shipping=True) == 0


@pytest.mark.parametrize(
    ("rule", "postcode", "fits"),
    [("35*", "35508", True), ("35*", "36000", False), ("1000...1099", "1050", True), ("1234ab", "1234 AB", True)],
)
def test_postcodes_are_matched_as_the_shop_does(rule: str, postcode: str, fits: bool) -> None:
    rules = rates({"rate": "7.0000", "country": "NL", "postcodes": [rule]})

    assert (rules.rate_for("", TaxLocation("NL", postcode=postcode)) > 0) is fits


@pytest.mark.parametrize(("based_on", "country"), [("shipping", "DE"), ("billing", "BE"), ("base", "NL")])
def test_tax_follows_the_address_that_the_shop_goes_by(based_on: str, country: str) -> None:
    rules = TaxRules(on=True, based_on=based_on, base=TaxLocation("NL"))

    assert rules.place_of(TaxLocation("DE"), TaxLocation("BE")).country == country
