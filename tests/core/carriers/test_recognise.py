"""Who issued a tracking number: recognised where the number says it, "unsure" where it does not."""

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.carriers import false_positives, ours, ours_named, read, score
from orderhaven.core.carriers import Carrier, Confidence, recognise
from orderhaven.core.carriers.checks import (
    fedex_astra_holds,
    mod10_digit,
    mod37_36_character,
    s10_digit,
    s10_holds,
    ups_digit,
    usps20_holds,
    usps_holds,
)
from orderhaven.core.carriers.families import FAMILIES, S10_FAMILIES, Family, fitting_families
from orderhaven.core.carriers.words import carriers_named

PUBLIC_CODES = Path(__file__).parents[4] / "shared" / "carriers" / "public.csv"
NAMED_CODES = PUBLIC_CODES.with_name("named.csv")
# All but COURIER and OTHER, which name nobody, and PES and TSN, which nobody explains.
BOL_CODES = """
    AMPERE BPOST_BE BPOST_BRIEF BRIEFPOST BUDBEE CYCLOON DHL DHL-GLOBAL-MAIL DHL-SD DHLFORYOU DHL_DE DPD-BE
    DPD-NL DYL FEDEX_BE FEDEX_NL GLS PACKS PARCEL-NL TNT TNT-EXPRESS TNT-EXTRA TNT_BRIEF TRANSMISSION TRUNKRS
    UPS FIEGE LOGOIX RJP
"""
CODES_OF_SHARED_SHAPE = (
    "05308801410058",
    "01668235086385",
    "XHAX4HDA",
    "9490966041",
    "986578788855",
    "3SBCC000123456",
    "400026435",
)
NO_CODES = (
    "",
    "3S",
    "1Z",
    "PostNL",
    "niet beschikbaar",
    "tracking@example.com",
    "追跡番号",
    "📦",
    "1" * 61,
    "3SAB\x00CD1234567",
)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize(
    ("code", "carrier"),
    [
        ("3SBOL0987654321", Carrier.POSTNL),
        ("3SDEVC201611210", Carrier.POSTNL),
        ("3STERY0193109", Carrier.POSTNL),
        ("RS804446736NL", Carrier.POSTNL),
        ("3SQLW0036293283", Carrier.DHL_ECOMMERCE_NL),
        ("JVGL0614394500301769", Carrier.DHL_ECOMMERCE_NL),
        ("JVGLOTC0116668120", Carrier.DHL_ECOMMERCE_NL),
        ("CF56620412345", Carrier.DHL_ECOMMERCE_NL),
        ("340434162530533196", Carrier.DHL_PARCEL_DE),
        ("32971514560102447849175802862014", Carrier.FEDEX),
        ("32971514560102447849175802962014", None),
        ("02394653001023698293", Carrier.FEDEX),
        ("041441760228964", Carrier.FEDEX),
        ("DT123456789012", Carrier.FEDEX),
        ("71969010756003077385", Carrier.USPS),
        ("C1004444443", Carrier.AMAZON),
        ("09599003049519Y", Carrier.DPD),
        ("15502370264989", Carrier.DPD),
        ("87MY19746516A008", Carrier.YODEL),
        ("PB6SZ50018967", Carrier.MAGYAR_POSTA),
        ("JVGL061439450030176912345", None),
        ("JVGL06143945003017691234", Carrier.DHL_ECOMMERCE_NL),
        ("JJD149990200039892279", Carrier.DHL_ECOMMERCE_NL),
        ("JJD1410302937991", Carrier.DHL_PARCEL_DE),
        ("JJD0002247492936157", Carrier.YODEL),
        ("JD014600004444917061", Carrier.DHL_EXPRESS),
        ("00340434162530533196", Carrier.DHL_PARCEL_DE),
        ("01905002345615Y", Carrier.DPD),
        ("1ZW5244V6870200569", Carrier.UPS),
        ("EE471108151FR", Carrier.LA_POSTE),
        ("1001921334250001000300779017972697", Carrier.FEDEX),
        ("1001921334250001000300779017972698", None),
        ("9622001560001234567100794808390594", Carrier.FEDEX),
        ("61299998820821171811", Carrier.FEDEX),
        ("92748931507708513018050063", Carrier.USPS),
        ("4205690192023901019233001401555746", Carrier.USPS),
        ("1000399528451U", Carrier.DPD),
        ("3C6075I298649", Carrier.POSTE_ITALIANE),
        ("JJD0099999999", Carrier.DHL_EXPRESS),
        ("RC598233734DE", Carrier.DEUTSCHE_POST),
        ("GE971195415GB", Carrier.TNT),
        ("329998745632147852365873", Carrier.BPOST),
        ("323256984521032569", Carrier.BPOST),
        ("JJBEA2356412012365478896541", Carrier.BPOST),
        ("010541288500452621221234567890", Carrier.BPOST),
    ],
)
def test_a_code_with_a_shape_of_its_own_is_recognised(code: str, carrier: Carrier | None) -> None:
    assert carrier is recognise(code).carrier


@pytest.mark.parametrize("code", CODES_OF_SHARED_SHAPE)
def test_a_shape_that_several_carriers_share_is_left_open_with_candidates(code: str) -> None:
    answer = recognise(code)

    assert answer.carrier is None
    assert Confidence.UNSURE is answer.confidence
    assert answer.candidates


@pytest.mark.parametrize("text", NO_CODES)
def test_what_is_no_code_has_no_carrier(text: str) -> None:
    assert recognise(text).carrier is None


@pytest.mark.parametrize(
    ("url", "carrier"),
    [
        ("https://jouw.postnl.nl/track-and-trace/XY12345678/NL/1234AB", Carrier.POSTNL),
        ("https://tracking.budbee.com/XY12345678", Carrier.BUDBEE),
        ("my.dhlparcel.nl/home/tracktrace/XY12345678", Carrier.DHL_ECOMMERCE_NL),
        ("https://www.dhl.com/nl-nl/home/tracking.html?tracking-id=XY12345678", Carrier.DHL),
        ("https://postnl.nl.example.com/XY12345678", None),
        ("https://postnl.nl@example.com/XY12345678", None),
        ("https://myparcel.me/track-trace/XY12345678/1234AB/NL", None),
        ("https://[broken", None),
    ],
)
def test_the_website_of_the_tracking_url_names_the_carrier(url: str, carrier: Carrier | None) -> None:
    assert carrier is recognise("XY12345678", url=url).carrier


def test_the_link_wins_over_the_shops_word_and_the_shape() -> None:
    answer = recognise("1ZW5244V6870200569", url="https://www.dpd.com/x", carrier_name="GLS")

    assert (Carrier.DPD, Confidence.CERTAIN) == (answer.carrier, answer.confidence)


def test_a_brand_with_divisions_is_narrowed_by_the_code() -> None:
    link = "https://www.dhl.com/track"

    assert Carrier.DHL_ECOMMERCE_NL is recognise("JVGL0614394500301769", url=link).carrier
    assert Carrier.DHL_EXPRESS is recognise("9490966041", carrier_name="DHL").carrier


def test_the_shops_word_decides_a_shared_shape() -> None:
    answer = recognise("05308801410058", carrier_name="DPD België")

    assert (Carrier.DPD, Confidence.CERTAIN) == (answer.carrier, answer.confidence)


def test_a_number_that_proves_itself_wins_over_the_shops_word() -> None:
    answer = recognise("1ZW5244V6870200569", carrier_name="PostNL")

    assert (Carrier.UPS, Confidence.CERTAIN) == (answer.carrier, answer.confidence)
    assert "The shop says PostNL, but the check digit proves that it is UPS's." == answer.why


@pytest.mark.parametrize("words", ["", "Gratis verzending", "DHL of PostNL", "courier", "Other", "🎉"])
def test_words_that_name_no_one_carrier_are_no_evidence(words: str) -> None:
    assert () == carriers_named(words)


def test_bols_tnt_means_postnl_where_the_code_says_so() -> None:
    assert Carrier.POSTNL is recognise("3SBOL0987654321", carrier_name="TNT").carrier
    assert Carrier.TNT is recognise("GE971195415GB", carrier_name="TNT").carrier


@pytest.mark.parametrize("code", BOL_CODES.split())
def test_every_carrier_on_bols_list_is_one_of_ours(code: str) -> None:
    assert carriers_named(code)


def test_the_only_used_carrier_with_such_codes_is_likely() -> None:
    answer = recognise("05308801410058", likely=[Carrier.POSTNL, Carrier.DPD])

    assert (Carrier.DPD, Confidence.LIKELY) == (answer.carrier, answer.confidence)


@pytest.mark.parametrize("used", [[Carrier.DPD, Carrier.GLS], [Carrier.DPD, Carrier.BUDBEE], [Carrier.UPS]])
def test_used_carriers_that_could_all_or_none_have_issued_it_leave_it_open(used: list[Carrier]) -> None:
    answer = recognise("05308801410058", likely=used)

    assert answer.carrier is None


def test_candidates_that_the_merchant_uses_come_first() -> None:
    answer = recognise("05308801410058", likely=[Carrier.GLS, Carrier.BUDBEE])

    assert Carrier.GLS is answer.candidates[0]


def test_a_used_carrier_never_overrules_a_certain_code() -> None:
    assert Carrier.POSTNL is recognise("3SBOL0987654321", likely=[Carrier.DHL_ECOMMERCE_NL]).carrier


def test_a_country_makes_its_own_carriers_shape_likely() -> None:
    code = "4002847016405018"

    assert recognise(code).carrier is None
    assert Carrier.CANADA_POST is recognise(code, destination="ca").carrier


def test_a_pasted_link_is_code_and_evidence_at_once() -> None:
    answer = recognise("https://parcel.trunkrs.nl/400026435/1234AB")

    assert ("400026435", Carrier.TRUNKRS) == (answer.tracking_number, answer.carrier)


@pytest.mark.parametrize("carrier", sorted(set(Carrier)))
def test_every_carrier_has_a_name_for_the_screen(carrier: Carrier) -> None:
    assert carrier.display_name.strip()


def test_every_family_says_where_its_format_is_stated() -> None:
    assert all(family.source and family.lengths for family in (*FAMILIES, *S10_FAMILIES.values()))


@given(digits(8), st.sampled_from(sorted(S10_FAMILIES)), st.sampled_from(["RR", "CE", "LA", "UE"]))
def test_an_s10_code_belongs_to_the_post_of_its_suffix_and_only_with_its_check_digit(
    serial: str, suffix: str, kind: str
) -> None:
    check = s10_digit(serial)
    wrong = str((int(check) + 1) % 10)

    assert S10_FAMILIES[suffix].carrier is recognise(f"{kind}{serial}{check}{suffix}").carrier
    assert recognise(f"{kind}{serial}{wrong}{suffix}").carrier is None


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=8, max_size=8), digits(7), st.integers(1, 9))
def test_a_ups_code_is_recognised_only_with_its_check_digit(account: str, serial: str, shift: int) -> None:
    check = ups_digit(account + serial)
    wrong = str((int(check) + shift) % 10)

    assert Carrier.UPS is recognise(f"1Z{account}{serial}{check}").carrier
    assert recognise(f"1Z{account}{serial}{wrong}").carrier is None


@given(st.sampled_from("34"), digits(11), st.data())
def test_a_dhl_paket_code_with_any_one_digit_changed_is_not_recognised(
    last: str, serial: str, data: st.DataObject
) -> None:
    code = f"0034043{last}{serial}"
    code += mod10_digit(code)
    at = data.draw(st.integers(8, len(code) - 1))
    changed = changed_at(code, at, data.draw(st.integers(1, 9)))

    assert Carrier.DHL_PARCEL_DE is recognise(code).carrier
    assert recognise(changed).carrier is None


@given(digits(14), st.data())
def test_a_dpd_code_with_any_one_digit_changed_is_not_recognised(serial: str, data: st.DataObject) -> None:
    check = mod37_36_character(serial)
    assume(check.isalpha())  # fifteen digits may be FedEx Ground's as well
    changed = changed_at(serial, data.draw(st.integers(0, 13)), data.draw(st.integers(1, 9)))

    assert Carrier.DPD is recognise(serial + check).carrier
    assert recognise(changed + check).carrier is None


def changed_at(code: str, at: int, shift: int) -> str:
    return code[:at] + str((int(code[at]) + shift) % 10) + code[at + 1 :]


@given(st.text(max_size=100), st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=500)
def test_nothing_that_anyone_types_raises(code: str, url: str, words: str) -> None:
    answer = recognise(code, url=url, carrier_name=words, destination=words, likely=[Carrier.DPD])

    assert (answer.carrier is None) == (answer.confidence is Confidence.UNSURE)
    assert answer.carrier is None or answer.carrier is answer.candidates[0]
    assert answer.why.endswith(".")


HOSTILE = ("1", "1 ", "-", "3S-NL-", "/", "https://a/", "A1", "*1", "é", "?a=1&", "\n")


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * 200_000

    begun = time.process_time()
    recognise(text, url=text, carrier_name=text)

    assert time.process_time() - begun < 5


def test_a_hundred_thousand_random_texts_take_linear_time_and_raise_nothing() -> None:
    chance = random.Random(1)
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -/.:,é\x00"
    texts = ["".join(chance.choices(alphabet, k=chance.randrange(80))) for _ in range(100_000)]

    half, whole = seconds_for(texts[:50_000]), seconds_for(texts)

    assert whole < 4 * half + 0.5


def seconds_for(texts: list[str]) -> float:
    begun = time.process_time()
    for text in texts:
        recognise(text)
    return time.process_time() - begun


CHECK_DIGIT_AT = {s10_holds: 10, fedex_astra_holds: 27}  # elsewhere it is the last


@pytest.mark.parametrize(
    "family",
    [family for family in (*FAMILIES, *S10_FAMILIES.values()) if family.check],
    ids=lambda one: one.shape.pattern,
)
@given(data=st.data())
@settings(max_examples=20, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_code_fits_a_family_with_its_check_digit_and_with_no_other(family: Family, data: st.DataObject) -> None:
    drawn = data.draw(st.from_regex(family.shape, fullmatch=True))
    assume(len(drawn) in family.lengths)
    at = CHECK_DIGIT_AT.get(family.check, len(drawn) - 1)
    alphabet = "0123456789" if drawn[at].isdecimal() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    fitting = [sign for sign in alphabet if family.fits(drawn[:at] + sign + drawn[at + 1 :])]

    # thirty-four digits can be read with a short and with a long ZIP code before them, twenty with and without a prefix
    assert len(fitting) <= (2 if family.check in (usps_holds, usps20_holds) else 1)
    if fitting:
        assert family in fitting_families(drawn[:at] + fitting[0] + drawn[at + 1 :])


@pytest.mark.parametrize(
    ("code", "origin", "destination", "carrier"),
    [
        ("10774000248377", "FR", "", Carrier.DPD),
        ("10774000248377", "", "FR", None),  # GLS of the Netherlands has such codes, and sends to France
        ("10774000248377", "NL", "FR", None),
        ("09133131530724", "DE", "DE", None),  # right for Hermes, and DPD has no check digit
        ("33339879045", "DK", "", Carrier.GLS),
        ("24333892874", "PL", "", Carrier.DHL_PARCEL_PL),
        ("201298452277", "DE", "", Carrier.DHL_PARCEL_DE),
        ("73325389904349843", "NO", "", Carrier.BRING),
        ("73325389904349843", "SE", "", None),
        ("986578788855", "US", "", Carrier.FEDEX),
        ("986578788855", "NL", "", None),
    ],
)
def test_where_a_code_is_issued_decides_between_those_who_share_its_form(
    code: str, origin: str, destination: str, carrier: Carrier | None
) -> None:
    assert carrier is recognise(code, origin=origin, destination=destination).carrier


def test_who_sends_nothing_from_there_is_no_candidate() -> None:
    answer = recognise("05308801410058", origin="PL", likely=[Carrier.GLS])

    assert answer.carrier is None
    assert Carrier.GLS not in answer.candidates


@pytest.mark.parametrize(
    ("code", "carrier_name"),
    [
        ("3SABCD1234567", "DHL"),
        ("JVGL0614394500301769", "PostNL"),
        ("RS804446736NL", "DPD"),
        ("3SQLW0036293283", "TNT"),
    ],
)
def test_a_name_that_contradicts_the_number_asks_and_shows_both(code: str, carrier_name: str) -> None:
    answer = recognise(code, carrier_name=carrier_name, likely=[Carrier.POSTNL])

    assert (None, True) == (answer.carrier, answer.needs_choice)
    assert {recognise(code).carrier, carriers_named(carrier_name)[0]} <= set(answer.candidates)


def test_of_postnl_whose_numbers_are_all_documented_no_other_is_taken() -> None:
    assert recognise("573184620914", carrier_name="PostNL").needs_choice
    assert Carrier.DPD is recognise("573184620914", carrier_name="DPD").carrier


def test_a_form_that_proves_nothing_is_not_lifted_by_the_carriers_one_uses() -> None:
    used = [Carrier.POSTNL, Carrier.DHL]

    assert recognise("3SDEVC98237423", likely=used).carrier is None
    assert recognise("91114051", likely=[Carrier.MONDIAL_RELAY]).carrier is None


@pytest.mark.parametrize("country", ["NL", "BE", "DE", "FR", "US"])
@pytest.mark.parametrize("code", ["0085105093278", "01668235086385", "50346007538", "201298452277", "986578788855"])
def test_a_destination_lifts_no_form_that_everyday_numbers_share(code: str, country: str) -> None:
    assert recognise(code, destination=country).carrier is None


@pytest.mark.parametrize(
    ("words", "carrier"),
    [
        ("PostNL Pakketten", Carrier.POSTNL),
        ("postnlpakket", Carrier.POSTNL),
        ("Post NL", Carrier.POSTNL),
        ("Netherlands Post( PostNL )", Carrier.POSTNL),
        ("DHL Parcel NL", Carrier.DHL_ECOMMERCE_NL),
        ("dhlparcel_benelux", Carrier.DHL_ECOMMERCE_NL),
        ("DHL eCommerce", Carrier.DHL),
        ("dhlparcelconnect", Carrier.DHL),
        ("Deutsche Post DHL", Carrier.DHL),
        ("DPD NL", Carrier.DPD),
        ("dpd-webconnect", Carrier.DPD),
        ("Verzending via DPD", Carrier.DPD),
        ("GLS Paket", Carrier.GLS),
        ("Evri (Hermes)", Carrier.EVRI),
        ("La Poste Colissimo", Carrier.LA_POSTE),
        ("Česká pošta", Carrier.CESKA_POSTA),
        ("FedEx®", Carrier.FEDEX),
    ],
)
def test_the_names_that_plugins_give_are_understood(words: str, carrier: Carrier) -> None:
    assert (carrier,) == carriers_named(words)


@pytest.mark.parametrize("words", ["upsell", "glasvezel", "MyParcel", "besteld", "PostNL, DHL"])
def test_words_that_only_begin_like_a_carrier_name_none(words: str) -> None:
    assert () == carriers_named(words)


def test_of_several_tracking_numbers_the_first_is_sent_and_the_others_are_kept() -> None:
    answer = recognise("3SBOL0987654321, 3SBOL0987654322")

    assert ("3SBOL0987654321", Carrier.POSTNL) == (answer.tracking_number, answer.carrier)
    assert ("3SBOL0987654322",) == answer.others


@pytest.mark.skipif(not PUBLIC_CODES.exists(), reason="the labelled codes are not beside this checkout")
def test_of_the_labelled_codes_hardly_any_is_given_to_the_wrong_carrier() -> None:
    measured = score(read(PUBLIC_CODES), ours)

    assert measured.percent("wrong") <= 0.5
    assert measured.percent("right") >= 82
    assert set() == false_positives(read(PUBLIC_CODES), ours)


@pytest.mark.skipif(not NAMED_CODES.exists(), reason="the labelled codes are not beside this checkout")
def test_with_the_shops_name_beside_it_nearly_every_number_is_recognised_and_no_rubbish() -> None:
    rows = read(NAMED_CODES)

    assert score(rows, ours_named).percent("right") >= 98
    assert set() == false_positives(rows, ours_named)
