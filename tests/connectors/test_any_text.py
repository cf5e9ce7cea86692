"""Whatever stands there, it is read as what it is, or refused."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.session import retry_after
from orderhaven.core.carriers import recognise
from orderhaven.core.money import Money
from orderhaven.core.order import Address, address_lines, join_street


@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=3))
def test_any_text_has_a_carrier_or_none(code: str, carrier_name: str, country: str) -> None:
    seen = recognise(code, url=code, carrier_name=carrier_name, destination=country)
    assert seen.carrier is None or seen.carrier in seen.candidates


@given(st.text(max_size=40), st.sampled_from(("EUR", "JPY", "eur", "")))
def test_any_text_is_an_amount_or_refused(amount: str, currency: str) -> None:
    try:
        money = Money.of(amount, currency)
    except ValueError:
        return
    assert money.rounded().amount == money.rounded().rounded().amount


@given(
    st.builds(
        Address,
        **{
            name: st.text(max_size=40)
            for name in ("last_name", "street", "postcode", "city", "house_number", "addition", "extra")
        },
        country=st.sampled_from(("NL", "BE", "DE")),
    )
)
def test_any_address_can_be_written_on_a_parcel(address: Address) -> None:
    assert "".join(address.street.split()) in "".join(join_street(address).split())
    assert len(address_lines(address)) == 2


@given(st.text(max_size=60))
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    wait = retry_after(Response(429, {"retry-after": text}), datetime(2026, 3, 2, tzinfo=UTC))
    assert wait is None or wait >= timedelta(0)
