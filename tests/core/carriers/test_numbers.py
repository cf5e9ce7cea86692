"""Whether a text is a tracking number: what people and plug-ins put into that field although it is none."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.carriers import Carrier, Everyday, NumbersFound, numbers_in, recognise
from orderhaven.core.carriers.checks import mod10_digit
from orderhaven.core.carriers.names import is_article

DESTINATIONS = ("", "NL", "BE", "DE")
SHOPS_SAY = ("", "PostNL", "DHL", "DPD", "GLS")


def digits(count: int, first: str = "0123456789") -> st.SearchStrategy[str]:
    return st.builds(str.__add__, st.sampled_from(first), st.text("0123456789", min_size=count - 1, max_size=count - 1))


def begins(*beginnings: str) -> Callable[[int], st.SearchStrategy[str]]:
    return lambda count: st.builds(str.__add__, st.sampled_from(beginnings), digits(count))


def with_check_digit(length: int, *prefixes: str) -> st.SearchStrategy[str]:
    def whole(prefix: str, rest: str) -> str:
        serial = (prefix + rest)[: length - 1]
        return serial + mod10_digit(serial)

    return st.builds(whole, st.sampled_from(prefixes), digits(length))


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "--", "–", ".", "/", "x", "geen", "Geen", "GEEN!", "nvt", "n.v.t.", "N.v.t", "n/a", "N/A", "NA", "none", "nee",
        "no", "null", "geen track & trace", "Geen T&T", "niet van toepassing", "onbekend", "keine", "ohne", "k.A.", "entfällt",
        "keine Sendungsnummer", "aucun", "sans suivi", "néant", "pas de suivi", "unknown", "no tracking", "not available", "nog niet",
        "geen, nog niet",
    ],
)  # fmt: skip
def test_a_field_that_says_there_is_none_is_empty(text: str) -> None:
    assert NumbersFound() == numbers_in(text)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("verzonden", Everyday.WORDS),
        ("bel Jan", Everyday.WORDS),
        ("bel 0612345678", Everyday.TELEPHONE),
        ("Jan 0612345678", Everyday.WORDS),
        ("12", Everyday.WORDS),
        ("PostNL", Everyday.WORDS),
        ("TEST123", Everyday.WORDS),
        ("PAKKET12", Everyday.WORDS),
        ("1234 AB 12", Everyday.WORDS),
        ("tracking@example.com", Everyday.WORDS),
        ("https://jouw.postnl.nl/", Everyday.WORDS),
        ("0612345678", Everyday.TELEPHONE),
        ("06-12345678", Everyday.TELEPHONE),
        ("+49 151 23456789", Everyday.TELEPHONE),
        ("00 49 151 23456789", Everyday.TELEPHONE),
        ("0031 6 1234 5678", Everyday.TELEPHONE),
        ("31612345678", Everyday.TELEPHONE),
        ("07700900123", Everyday.TELEPHONE),
        ("(020) 123 45 67", Everyday.TELEPHONE),
        ("29-11-2026", Everyday.DATE),
        ("20261129", Everyday.DATE),
        ("20261129143000", Everyday.DATE),
        ("€ 12,95", Everyday.AMOUNT),
        ("1.234,56", Everyday.AMOUNT),
        ("171-9081537-2374751", Everyday.ORDER_NUMBER),
        ("C0001234567", Everyday.ORDER_NUMBER),
        ("factuur 20260001", Everyday.ORDER_NUMBER),
        ("INV20260012", Everyday.ORDER_NUMBER),
        ("NL91 ABNA 0417 1643 00", Everyday.BANK),
        ("ABNANL2A", Everyday.BANK),
        ("NL001234567B01", Everyday.COMPANY),
        ("DE123456789", Everyday.COMPANY),
        ("192.168.1.1", Everyday.COMPUTER),
        ("550e8400-e29b-41d4-a716-446655440000", Everyday.COMPUTER),
        ("0000000000", Everyday.FILLER),
        ("1234567890", Everyday.FILLER),
    ],
)
def test_what_is_no_number_is_said_with_what_it_is_instead(text: str, instead: Everyday) -> None:
    found = numbers_in(text)

    assert ((), instead) == (found.numbers, found.is_instead)
    assert "".join(found.unreadable) in text


def test_a_number_beside_other_text_is_read_and_the_rest_is_kept_as_unread() -> None:
    found = numbers_in("3SABCD1234567, bel Jan, geen")

    assert (("3SABCD1234567",), ("bel Jan",)) == (found.numbers, found.unreadable)


@pytest.mark.parametrize(
    "link",
    [
        "https://jouw.postnl.nl/track-and-trace/3SABCD1234567-NL-1234AB",
        "Volg je pakket: https://jouw.postnl.nl/track-and-trace/3SABCD1234567-NL-1234AB",
        "jouw.postnl.nl/track-and-trace/3SABCD1234567-NL-1234AB",
        "https://example.com/orders/12345678?code=3SABCD1234567",
        "https://myparcel.me/track-trace/3SABCD1234567/1234AB/NL",
    ],
)
def test_a_link_yields_the_number_in_it(link: str) -> None:
    assert ("3SABCD1234567",) == numbers_in(link).numbers


@pytest.mark.parametrize("text", ["8712345678906", "08712345678906", " 8712345678906 "])
def test_the_article_number_of_the_orders_own_line_is_no_tracking_number(text: str) -> None:
    found = numbers_in(text, frozenset({"8712345678906"}))

    assert ((), Everyday.ARTICLE) == (found.numbers, found.is_instead)


@pytest.mark.parametrize("destination", DESTINATIONS)
@pytest.mark.parametrize("carrier_name", ["", "DHL", "GLS", "PostNL"])
def test_an_article_number_is_given_to_nobody_and_no_rule_of_thumb_may_decide(
    destination: str, carrier_name: str
) -> None:
    answer = recognise(
        "8712345678906", destination=destination, origin="NL", carrier_name=carrier_name, likely=[Carrier.GLS]
    )

    assert (None, True) == (answer.carrier, answer.needs_choice)


EVERYDAY = {
    "mobile, Netherlands": begins("06", "06-", "+316", "+31 6 ", "00316", "0031 6 ", "316", "31 6 ")(8),
    "landline, Netherlands": begins("010", "020-", "+3120", "003120", "(030) ")(7),
    "mobile, Belgium": begins("0470", "+32470", "0032 470 ", "32470")(6),
    "landline, Belgium": begins("02", "+322", "00322")(7),
    "mobile, Germany": begins("0151", "0170 ", "+49151", "+49 170 ", "0049151", "00 49 151 ", "49151")(8),
    "landline, Germany": begins("030", "+4930", "004930")(8),
    "Great Britain": begins("07", "+447", "00447", "447")(9),
    "France": begins("06", "+336", "00336", "336")(8),
    "Spain": begins("+34", "0034")(9),
    "Italy": begins("+39 3", "00393")(9),
    "United States": begins("+1", "001")(10),
    "EAN": with_check_digit(13, "87", "54", "40", "30", "50", "978"),
    "UPC": with_check_digit(12, "0", "7"),
    "GTIN": with_check_digit(14, "187", "054", "340"),
    "order of a marketplace": begins("C000")(7),
    "ten digits": digits(10),
    "eleven digits": digits(11, "123456789"),
    "twelve digits": digits(12),
    "thirteen digits": digits(13),
    "invoice": begins("INV2026", "F2026", "WC-", "#")(5),
    "German VAT": begins("DE")(9),
    "middle of an IBAN": begins("INGB", "ABNA")(10),
}


@pytest.mark.parametrize("strategy", EVERYDAY.values(), ids=EVERYDAY)
@given(data=st.data())
def test_numbers_of_everyday_life_are_given_to_no_carrier_wherever_they_go(
    strategy: st.SearchStrategy[str], data: st.DataObject
) -> None:
    text = data.draw(strategy)
    # two ranges of eleven digits are one carrier's own, by its prefix
    told = {str(recognise(text, destination=country).carrier) for country in DESTINATIONS}

    assert {"None"} == told or numbers_in(text).numbers[0].startswith(("2828", "4161", "9111"))


@pytest.mark.parametrize(
    "name", [name for name in EVERYDAY if name[0].isupper() or name.startswith(("mobile", "landline"))]
)
@given(data=st.data())
def test_telephones_and_article_numbers_stay_nobodys_whatever_the_shop_says(name: str, data: st.DataObject) -> None:
    text, carrier_name = data.draw(EVERYDAY[name]), data.draw(st.sampled_from(SHOPS_SAY[:3]))

    answer = recognise(text, destination="NL", carrier_name=carrier_name)

    # the word of a carrier whose own check digit holds counts more than that of an article
    assert answer.carrier is None or (is_article(answer.tracking_number) and "looks like theirs" in answer.why)


@pytest.mark.parametrize("carrier_name", ["PostNL", "DHL", "DPD"])
@pytest.mark.parametrize("text", ["geen", "-", "0612345678", "+49 151 23456789", "12", "verzonden"])
def test_no_carriers_name_makes_a_number_of_rubbish(text: str, carrier_name: str) -> None:
    answer = recognise(text, destination="NL", carrier_name=carrier_name, likely=[Carrier.POSTNL, Carrier.DPD])

    assert ("", None) == (answer.tracking_number, answer.carrier)
