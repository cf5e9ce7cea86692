"""Street, number and addition: together for a shop with one line, apart for one with three."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.order import Address, address_lines, join_street


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
def test_a_street_line_loses_no_character(country: str, data: st.DataObject) -> None:
    street, number, addition = data.draw(streets), data.draw(numbers), data.draw(additions[country])

    line = join_street(an_address(street=street, house_number=number, addition=addition, country=country))

    assert not Counter("".join(f"{street}{number}{addition}".split())) - Counter("".join(line.split()))


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
