"""The link on which a buyer follows the parcel."""

from orderhaven.core.carriers import Carrier, tracking_url


def test_a_tracking_link_carries_code_postcode_and_country() -> None:
    link = tracking_url(Carrier.POSTNL, "3SBOL0987654321", "1234 ab", "NL")

    assert "https://jouw.postnl.nl/track-and-trace/3SBOL0987654321-NL-1234AB" == link


def test_no_tracking_link_is_given_where_the_postcode_it_needs_is_missing() -> None:
    assert "" == tracking_url(Carrier.POSTNL, "3SBOL0987654321")
    assert "" == tracking_url(Carrier.HOMERR, "12345678")


def test_a_tracking_link_cannot_be_broken_out_of() -> None:
    assert "https://www.ups.com/track?tracknum=1Z%26x%3D%3C%2F" == tracking_url(Carrier.UPS, "1Z&x=</")
