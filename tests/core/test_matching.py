"""Which of ours a code of an account is: by its words where they are plain, by a person's choice, else not at all."""

import pytest

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.matching import (
    CodeMatch,
    MatchState,
    carriers_meant,
    codes_by_carrier,
    codes_by_reason,
    match_codes,
    reasons_meant,
)


def matched(theirs: dict[str, str], **chosen: str) -> dict[str, str]:
    return {one.code: one.ours for one in match_codes(theirs, chosen, {}, carriers_meant) if one.ours}


@pytest.mark.parametrize(
    ("code", "label", "ours"),
    [
        ("17", "PostNL", Carrier.POSTNL),
        ("TNT", "PostNL", Carrier.POSTNL),  # the code alone means two
        ("gls_be", "", Carrier.GLS),
        ("DPD", "DPD (Dynamic Parcel Distribution)", Carrier.DPD),
        ("x", "DHL Parcel Iberia", Carrier.DHL_PARCEL_ES),
        ("x", "Česká pošta", Carrier.CESKA_POSTA),
        ("x", "Autre", Carrier.OTHER),
        ("x", "Courier", Carrier.COURIER),
    ],
)
def test_words_that_mean_one_carrier_are_that_carrier(code: str, label: str, ours: Carrier) -> None:
    assert matched({code: label}) == {code: ours}


@pytest.mark.parametrize(
    ("code", "label"),
    [("x", "TNT"), ("x", "Hermes"), ("dpd", "GLS"), ("x", "DHL or PostNL"), ("x", "Speedy"), ("9", "")],
)
def test_words_that_mean_none_or_several_carriers_are_left_to_a_person(code: str, label: str) -> None:
    [match] = match_codes({code: label}, {}, {}, carriers_meant)

    assert match == CodeMatch(code, label, "", MatchState.UNMATCHED)


def test_of_two_codes_for_one_carrier_it_is_the_one_that_is_called_exactly_so() -> None:
    assert matched({"1": "DPD UK", "2": "DPD"}) == {"2": Carrier.DPD}


def test_two_codes_of_which_none_is_called_exactly_so_are_left_to_a_person() -> None:
    assert matched({"uk": "DPD UK", "nl": "DPD NL"}) == {}
    assert matched({"uk": "DPD UK", "nl": "DPD NL"}, nl="dpd") == {"nl": Carrier.DPD}


def test_what_a_person_said_goes_before_what_the_words_mean() -> None:
    matches = match_codes({"a": "GLS", "b": "GLS Express"}, {"a": "", "b": "gls"}, {}, carriers_meant)

    assert [(one.ours, one.state) for one in matches] == [("", MatchState.UNUSED), ("gls", MatchState.CHOSEN)]
    assert codes_by_carrier(matches, {}) == {Carrier.GLS: "b"}


def test_a_choice_that_the_account_does_not_have_any_more_is_said_and_not_used() -> None:
    matches = match_codes({"1": "PostNL"}, {"9": "dpd"}, {}, carriers_meant)

    assert matches[1] == CodeMatch("9", "", "dpd", MatchState.GONE)
    assert Carrier.DPD not in codes_by_carrier(matches, {})


def test_what_the_connector_knows_counts_as_far_as_the_account_has_it() -> None:
    default = {Carrier.POSTNL: "TNT", Carrier.DHL: "DHL", Carrier.DHL_EXPRESS: "DHL", Carrier.GLS: "GLS"}
    known = {"TNT": "postnl", "DHL": "dhl", "GLS": "gls"}

    matches = match_codes({"TNT": "T.N.T.", "DHL": "Deutsche Post"}, {}, known, carriers_meant)

    codes = codes_by_carrier(matches, default)
    assert (codes[Carrier.POSTNL], codes[Carrier.DHL], codes[Carrier.DHL_EXPRESS]) == ("TNT", "DHL", "DHL")
    assert Carrier.GLS not in codes


def test_a_division_goes_by_the_code_of_its_brand_but_never_by_that_of_another_division() -> None:
    brand = codes_by_carrier(match_codes({"1": "DHL"}, {}, {}, carriers_meant), {})
    division = codes_by_carrier(match_codes({"1": "DHL Connect Portugal"}, {}, {}, carriers_meant), {})

    assert brand[Carrier.DHL_ECOMMERCE_NL] == "1"
    assert Carrier.DHL_ECOMMERCE_NL not in division


@pytest.mark.parametrize(
    ("code", "label", "ours"),
    [
        ("OUT_OF_STOCK", "", CancelReason.OUT_OF_STOCK),
        ("11", "Niet meer leverbaar", CancelReason.OUT_OF_STOCK),
        ("REQUESTED_BY_CUSTOMER", "", CancelReason.BUYER_REQUEST),
        ("12", "Annulering op verzoek van de klant", CancelReason.BUYER_REQUEST),
        ("13", "Sonstiges", CancelReason.OTHER),
    ],
)
def test_a_reason_is_known_by_its_words(code: str, label: str, ours: CancelReason) -> None:
    assert codes_by_reason(match_codes({code: label}, {}, {}, reasons_meant), {}) == {ours: code}


def test_a_reason_that_nobody_knows_is_left_to_a_person() -> None:
    theirs = {"20": "Address cannot be delivered to"}

    assert codes_by_reason(match_codes(theirs, {}, {}, reasons_meant), {}) == {}
    assert codes_by_reason(match_codes(theirs, {"20": "other"}, {}, reasons_meant), {}) == {CancelReason.OTHER: "20"}
