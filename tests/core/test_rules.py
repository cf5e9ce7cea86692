"""Whose word counts when a shipment's carrier is chosen: the merchant's rules, the code, the default."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.carriers import Carrier, is_article, recognise
from orderhaven.core.carriers.recognise import CarrierRule, RuleKind, choose_carrier, rule_from

POSTNL_CODE = recognise("3SABCD123456789")
UNSURE_CODE = recognise("01234567890123")


def starts_with(prefix: str, carrier: Carrier) -> CarrierRule:
    return CarrierRule(RuleKind.TRACKING_PREFIX, prefix, carrier)


def carrier_name(words: str, carrier: Carrier) -> CarrierRule:
    return CarrierRule(RuleKind.CARRIER_NAME, words, carrier)


def test_a_rule_wins_over_what_was_recognised() -> None:
    rules = [starts_with("3SABCD", Carrier.DHL_ECOMMERCE_NL)]

    carrier = choose_carrier(rules, POSTNL_CODE, "", None)

    assert Carrier.DHL_ECOMMERCE_NL is carrier


def test_the_first_rule_that_applies_wins() -> None:
    rules = [
        starts_with("JVGL", Carrier.DHL),
        carrier_name("Avondlevering", Carrier.BUDBEE),
        starts_with("3S", Carrier.TRUNKRS),
    ]

    carrier = choose_carrier(rules, POSTNL_CODE, "Avondlevering", Carrier.GLS)

    assert Carrier.BUDBEE is carrier


def test_a_prefix_is_cleaned_like_the_tracking_number() -> None:
    carrier = choose_carrier([starts_with("3s-ab ", Carrier.TRUNKRS)], POSTNL_CODE, "", None)

    assert Carrier.TRUNKRS is carrier


def test_the_shops_words_match_whatever_their_case_and_spaces() -> None:
    rules = [carrier_name(" avond  LEVERING", Carrier.BUDBEE)]

    assert Carrier.BUDBEE is choose_carrier(rules, UNSURE_CODE, "Avond levering", None)
    assert choose_carrier(rules, UNSURE_CODE, "Avond levering XL", None) is None


@pytest.mark.parametrize(
    "rule", [starts_with("", Carrier.DPD), starts_with("-", Carrier.DPD), carrier_name(" ", Carrier.DPD)]
)
def test_an_empty_rule_never_applies(rule: CarrierRule) -> None:
    assert choose_carrier([rule], UNSURE_CODE, "", None) is None


def test_what_was_recognised_wins_over_the_default() -> None:
    assert Carrier.POSTNL is choose_carrier([], POSTNL_CODE, "", Carrier.DPD)


def test_what_is_likely_wins_over_the_default() -> None:
    likely = recognise("01234567890123", likely=[Carrier.DPD])

    assert Carrier.DPD is choose_carrier([], likely, "", Carrier.GLS)


def test_the_default_fills_in_for_an_unsure_tracking_number() -> None:
    assert Carrier.DPD is choose_carrier([], UNSURE_CODE, "", Carrier.DPD)


def test_without_a_default_nobody_is_guessed() -> None:
    assert choose_carrier([], UNSURE_CODE, "", None) is None


@pytest.mark.parametrize(
    ("code", "words", "rule"),
    [
        ("3SHLTA12345678", "Avondlevering", carrier_name("Avondlevering", Carrier.DPD)),
        ("3SHLTA12345678", " ", starts_with("3SHLTA", Carrier.DPD)),
        ("05308801410058", "", starts_with("0530", Carrier.DPD)),
        ("XHAX4HDA", "", starts_with("XHAX", Carrier.DPD)),
        ("12345", "", None),
        ("", "", None),
    ],
)
def test_a_choice_for_one_order_can_become_a_rule(code: str, words: str, rule: CarrierRule | None) -> None:
    assert rule == rule_from(code, words, Carrier.DPD)


@given(st.text("0123456789ABCDEFS", min_size=8, max_size=24), st.text(max_size=40))
def test_such_a_rule_matches_the_order_that_it_was_made_for(code: str, words: str) -> None:
    rule, seen = rule_from(code, words, Carrier.TRUNKRS), recognise(code)

    if rule is not None and seen.tracking_number and not is_article(seen.tracking_number):
        assert Carrier.TRUNKRS is choose_carrier([rule], seen, words, None)


@pytest.mark.parametrize("text", ["geen", "-", "0612345678", "verzonden", "12"])
def test_neither_a_default_nor_a_rule_makes_a_number_of_rubbish(text: str) -> None:
    rules = [carrier_name("PostNL", Carrier.POSTNL)]

    assert choose_carrier(rules, recognise(text, carrier_name="PostNL"), "PostNL", Carrier.POSTNL) is None


def test_a_default_is_nobody_whose_numbers_look_otherwise() -> None:
    assert choose_carrier([], UNSURE_CODE, "", Carrier.POSTNL) is None
    assert Carrier.BUDBEE is choose_carrier([], UNSURE_CODE, "", Carrier.BUDBEE)
    assert choose_carrier([], recognise("573184620914AB"), "", Carrier.DPD) is None


def test_no_default_settles_what_contradicts_itself_or_may_be_an_article() -> None:
    contradiction = recognise("3SABCD1234567", carrier_name="DHL")
    article = recognise("8712345678906", carrier_name="GLS")

    assert choose_carrier([], contradiction, "DHL", Carrier.POSTNL) is None
    assert choose_carrier([carrier_name("GLS", Carrier.GLS)], article, "GLS", Carrier.GLS) is None
