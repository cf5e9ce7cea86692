"""What may be relied on of an amount of money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhaven.core.money import CurrencyMismatch, Money, sum_money

EUR = "EUR"
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False, allow_infinity=False)


def euro(text: str) -> Money:
    return Money.of(text, EUR)


def test_an_amount_from_text_int_or_decimal_is_the_same_amount() -> None:
    expected = Money(Decimal("12.00"), EUR)

    actual = [Money.of("12.00", EUR), Money.of(12, EUR), Money.of(Decimal(12), EUR)]

    assert [expected] * 3 == actual


@pytest.mark.parametrize("amount", [12.99, True, None, b"12"])
def test_a_float_and_other_things_that_are_no_exact_number_are_refused(amount: object) -> None:
    with pytest.raises(TypeError):
        Money.of(amount, EUR)  # type: ignore[arg-type]


def test_a_float_is_refused_by_the_constructor_too() -> None:
    with pytest.raises(TypeError):
        Money(12.99, EUR)  # type: ignore[arg-type]


NO_AMOUNTS = ("", "12,99", "NaN", "sNaN", "inf", "-Infinity", "1e99999", "1e-12", "9" * 40)


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_text_that_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.of(amount, EUR)


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€", "EUR\n"])
def test_a_currency_that_is_no_iso_code_is_refused_in_a_sentence(currency: str) -> None:
    with pytest.raises(ValueError, match="is not a currency"):
        Money.of("1.00", currency)


def test_arithmetic_is_exact() -> None:
    assert euro("0.30") == euro("0.10") + euro("0.20")
    assert euro("-0.10") == euro("0.10") - euro("0.20")
    assert euro("0.30") == euro("0.10") * 3 == 3 * euro("0.10")
    assert euro("-12.99") == -euro("12.99")


def test_amounts_are_ordered() -> None:
    assert euro("1") < euro("2") <= euro("2.00") < euro("3")
    assert euro("3") > euro("2") >= euro("2.00")


def test_two_currencies_are_never_added_or_compared() -> None:
    one, other = euro("1"), Money.of(1, "USD")

    for mixed in (lambda: one + other, lambda: one - other, lambda: one < other, lambda: one >= other):
        with pytest.raises(CurrencyMismatch):
            mixed()
    assert one != other


def test_an_amount_times_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        euro("1") * 1.5  # type: ignore[operator]


def test_nothing_adds_up_to_zero_of_the_currency_asked_for() -> None:
    assert Money.zero("JPY") == sum_money([], "JPY")


def test_a_sum_refuses_another_currency() -> None:
    with pytest.raises(CurrencyMismatch):
        sum_money([Money.of(1, "USD")], EUR)


def test_halves_are_rounded_away_from_zero() -> None:
    assert euro("2.68") == euro("2.675").rounded()
    assert euro("-2.68") == euro("-2.675").rounded()


@pytest.mark.parametrize(
    ("currency", "expected"), [("EUR", "1234.57"), ("JPY", "1235"), ("KWD", "1234.568"), ("CLF", "1234.5678")]
)
def test_each_currency_has_its_own_smallest_coin(currency: str, expected: str) -> None:
    rounded = Money.of("1234.5678", currency).rounded()

    assert f"{expected} {currency}" == str(rounded)


def test_an_amount_is_written_with_its_cents_and_never_with_an_exponent() -> None:
    assert "12.90 EUR" == str(euro("12.9"))
    assert "12.995 EUR" == str(euro("12.995"))
    assert "1000000 JPY" == str(Money.of(Decimal("1E+6"), "JPY"))


@given(amounts, st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_a_split_amount_loses_no_cent(amount: Decimal, weights: list[int]) -> None:
    shares = Money(amount, EUR).split(weights)

    assert Money(amount, EUR) == sum_money(shares, EUR)
    assert len(weights) == len(shares)
    assert all(share == share.rounded() for share in shares)


@given(amounts, st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_no_share_is_a_cent_off_its_due(amount: Decimal, weights: list[int]) -> None:
    shares = Money(amount, EUR).split(weights)

    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.amount - amount * weight / sum(weights)) < Decimal("0.01")


def test_the_larger_fraction_gets_the_cent_that_is_left() -> None:
    assert (euro("0.03"), euro("0.07")) == euro("0.10").split([1, 2])
    assert (euro("0.03"), euro("0.02"), euro("0.05")) == euro("0.10").split([1, 1, 2])


def test_a_discount_over_free_lines_is_shared_equally() -> None:
    assert (euro("0.50"), euro("0.50")) == euro("1").split([0, 0])


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_a_split_without_sensible_weights_is_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        euro("1").split(weights)
