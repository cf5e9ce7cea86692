"""Street, number and addition: together for a shop with one line, apart for one with three."""

import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.address import (
    Address,
    StreetParts,
    address_lines,
    join_parts,
    join_street,
    split_street,
)

COUNTRIES = ["NL", "BE", "DE", "AT", "CH", "FR", "GB", "LU", "ES", "PL", ""]


def an_address(**differently: str | None) -> Address:
    fields: dict[str, str | None] = {
        "last_name": "de Vries",
        "street": "Dorpstraat",
        "house_number": "12",
        "addition": "bis",
        "postcode": "1234 AB",
        "city": "Utrecht",
        "country": "NL",
    }
    return Address(**{**fields, **differently})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("country", "parts", "line"),
    [
        ("NL", ("Dorpstraat", "12", "bis"), "Dorpstraat 12 bis"),
        ("NL", ("Dorpstraat", "12", "A"), "Dorpstraat 12 A"),
        ("NL", ("Dorpstraat", "12", "2"), "Dorpstraat 12-2"),
        ("NL", ("Dorpstraat", "12", "-2"), "Dorpstraat 12-2"),
        ("NL", ("Dorpstraat", "12", ""), "Dorpstraat 12"),
        ("NL", ("Dorpstraat", "", ""), "Dorpstraat"),
        ("BE", ("Kerkstraat", "5", "bus 3"), "Kerkstraat 5 bus 3"),
        ("BE", ("Kerkstraat", "5", "3"), "Kerkstraat 5 bus 3"),
        ("DE", ("Hauptstr.", "5", "a"), "Hauptstr. 5a"),
        ("DE", ("Unter den Linden", "5", "a-c"), "Unter den Linden 5 a-c"),
        ("AT", ("Ring", "5", "2"), "Ring 5/2"),
        ("FR", ("rue de la Paix", "12", "bis"), "12 bis rue de la Paix"),
        ("GB", ("High Street", "12", "A"), "12A High Street"),
        ("GB", ("High Street", "12", "Flat 3"), "12 High Street, Flat 3"),
        ("LU", ("rue Haute", "7", ""), "7 rue Haute"),
    ],
)
def test_a_street_line_is_written_as_its_country_writes_it(
    country: str, parts: tuple[str, str, str], line: str
) -> None:
    street, number, addition = parts
    address = an_address(street=street, house_number=number, addition=addition, country=country)

    assert line == join_street(address)


@pytest.mark.parametrize(
    ("country", "line", "parts"),
    [
        ("NL", "Dorpstraat 12 bis", ("Dorpstraat", "12", "bis")),
        ("NL", "Dorpstraat 12bis", ("Dorpstraat", "12", "bis")),
        ("NL", "1e Jan Steenstraat 5-2", ("1e Jan Steenstraat", "5", "-2")),
        ("NL", "Plein 1940-1945 12", ("Plein 1940-1945", "12", "")),
        ("NL", "Straat van 10 oktober 3 hs", ("Straat van 10 oktober", "3", "hs")),
        ("NL", "Straat van 10 oktober", ("Straat van 10 oktober", "", "")),
        ("NL", "Straat van 12 mei", ("Straat van 12 mei", "", "")),
        ("NL", "2e Oosterparkstraat 10 III", ("2e Oosterparkstraat", "10", "III")),
        ("NL", "Dorpstraat 12 3e verdieping", ("Dorpstraat", "12", "3e verdieping")),
        ("NL", "Dorpstraat 12, 3e verdieping", ("Dorpstraat", "12", ", 3e verdieping")),
        ("NL", "12 bis", ("", "12", "bis")),
        ("NL", "123", ("", "123", "")),
        ("NL", "Dorpstraat", ("Dorpstraat", "", "")),
        ("NL", "Dorpstraat\n12\tA", ("Dorpstraat", "12", "A")),
        ("NL", "", ("", "", "")),
        ("BE", "Kerkstraat 5 bus 3", ("Kerkstraat", "5", "bus 3")),
        ("BE", "Rue Haute 12 boîte 4B", ("Rue Haute", "12", "boîte 4B")),
        ("BE", "Rue Haute 12 bte 4", ("Rue Haute", "12", "bte 4")),
        ("BE", "Kerkstraat 5 b 3", ("Kerkstraat", "5", "b 3")),
        ("BE", "Kerkstraat 5b3", ("Kerkstraat", "5", "b3")),
        ("BE", "Kerkstraat 5A bus 3", ("Kerkstraat", "5", "A bus 3")),
        ("DE", "Hauptstr. 5a", ("Hauptstr.", "5", "a")),
        ("DE", "Unter den Linden 5 a-c", ("Unter den Linden", "5", "a-c")),
        ("DE", "Mannheim Q5, 14-22", ("Mannheim Q5,", "14-22", "")),
        ("DE", "Straße des 17. Juni 135", ("Straße des 17. Juni", "135", "")),
        ("DE", "Straße des 17. Juni", ("Straße des 17. Juni", "", "")),
        ("FR", "12 bis rue de la Paix", ("rue de la Paix", "12", "bis")),
        ("FR", "3 rue du 11 novembre 1918", ("rue du 11 novembre 1918", "3", "")),
        ("FR", "Rue du 11 novembre", ("Rue du 11 novembre", "", "")),
        ("GB", "221B Baker Street", ("Baker Street", "221", "B")),
        ("LU", "rue Haute 7", ("rue Haute", "7", "")),
    ],
)
def test_a_street_line_is_taken_apart(country: str, line: str, parts: tuple[str, str, str]) -> None:
    assert StreetParts(*parts) == split_street(line, country)


streets = st.builds(
    lambda first, rest: " ".join([first, *rest]),
    st.text("abcdefghijklmnopqrstuvwxyzëü", min_size=4, max_size=12).map(str.title),
    st.lists(st.sampled_from(["van", "de", "straat", "Plein", "1940-1945", "10 oktober", "1e"]), max_size=3),
).map(lambda street: f"Oude {street}straat")
numbers = st.integers(1, 9999).map(str)
additions = {
    "NL": st.sampled_from(["", "A", "bis", "hs", "III", "-2", "huis", "rd"]),
    "BE": st.sampled_from(["", "A", "bus 3", "bte 4B", "boîte 12", "A bus 3"]),
    "DE": st.sampled_from(["", "a", "a-c", "/2", "EG links"]),
    "FR": st.sampled_from(["", "bis", "ter", "B"]),
    "GB": st.sampled_from(["", "A"]),
}


@pytest.mark.parametrize("country", sorted(additions))
@given(data=st.data())
def test_what_was_joined_comes_apart_again(country: str, data: st.DataObject) -> None:
    parts = StreetParts(data.draw(streets), data.draw(numbers), data.draw(additions[country]))

    assert parts == split_street(join_parts(parts, country), country)


anything = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(["12", "5-2", "bus", "3", "A", "bis", ",", "-", "1e", "Laan", "🎉", "\n", "Q5,"]),
        max_size=12,
    ).map(" ".join),
)


@given(anything, st.sampled_from(COUNTRIES))
def test_no_character_is_ever_lost(text: str, country: str) -> None:
    parts = split_street(text, country)

    kept = parts.street + parts.house_number + parts.addition
    assert Counter("".join(text.split())) == Counter("".join(kept.split()))


@given(anything, st.sampled_from(COUNTRIES))
def test_taking_apart_and_joining_keeps_every_character_too(text: str, country: str) -> None:
    joined = join_parts(split_street(text, country), country)

    assert not Counter("".join(text.split())) - Counter("".join(joined.split()))


@pytest.mark.parametrize("word", ["9", "9 ", "a ", "5 bus ", "12-", "é", "🎉", " "])
def test_a_hostile_street_takes_linear_time(word: str) -> None:
    text = word * 100_000

    begun = time.process_time()
    for country in COUNTRIES:
        split_street(text, country)

    assert time.process_time() - begun < 5


def test_three_hundred_characters_stay_whole() -> None:
    long_street = "Lange " * 50 + "12 A"

    parts = split_street(long_street, "NL")

    assert StreetParts(("Lange " * 50).strip(), "12", "A") == parts


def test_the_second_line_holds_what_the_street_does_not() -> None:
    address = an_address(extra="achterom", pickup_point="Primera Utrecht")

    assert ("Dorpstraat 12 bis", "achterom, Primera Utrecht") == address_lines(address)


def test_the_first_line_is_never_the_empty_one() -> None:
    address = an_address(street="", house_number="", addition="", pickup_point="Primera Utrecht")

    assert ("Primera Utrecht", "") == address_lines(address)


@pytest.mark.parametrize("country", ["", "nl", "NLD", "Nederland", "N1", "NL\n"])
def test_a_country_that_is_no_iso_code_is_refused_in_a_sentence(country: str) -> None:
    with pytest.raises(ValueError, match="is not a country"):
        an_address(country=country)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"first_name": "Jan"}, "Jan de Vries"),
        ({}, "de Vries"),
        ({"last_name": " ", "company": "Fietsen BV"}, "Fietsen BV"),
        ({"last_name": ""}, ""),
    ],
)
def test_it_goes_to_the_person_and_else_to_the_company(fields: dict[str, str], expected: str) -> None:
    assert expected == an_address(**fields).display_name
