"""An amount of money with its currency: exact, never a float, never added across currencies."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache, lru_cache

from msgspec import Struct

# ISO 4217 gives most currencies two decimals; these are the others in use.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {currency: digits for digits, row in _BY_DIGITS.items() for currency in row.split()}
_CURRENCY = re.compile(r"[A-Z]{3}")

# Decimal works with 28 digits: with no more than these before and behind the point no sum or share of an order is ever cut off.
_MOST_BEFORE = 15
_MOST_BEHIND = 9
_CENT = Decimal("0.01")


class CurrencyMismatch(ValueError):
    """Two amounts in different currencies were added or compared. Convert one of them first."""


class Money(Struct, frozen=True):
    """`amount` keeps every decimal it came with; `rounded()` brings it to what can be paid.

    Equal means the same value in the same currency: 12.9 EUR == 12.90 EUR.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        amount = self.amount
        if not isinstance(amount, Decimal):
            raise TypeError(f"{amount!r} is a {type(amount).__name__}: an amount is a Decimal.")
        if not _is_currency(self.currency):
            raise ValueError(f"{self.currency!r} is not a currency: give the ISO 4217 code, such as 'EUR'.")
        has_cents = amount.same_quantum(_CENT)  # nearly always, and then it is finite
        if not has_cents and not amount.is_finite():
            raise ValueError(f"{amount} is not an amount of money.")
        if amount.adjusted() >= _MOST_BEFORE or (not has_cents and _decimals(amount) > _MOST_BEHIND):
            raise ValueError("The amount has more digits than an amount of money can have.")

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """Raises TypeError for a float (its cents are lost already) and ValueError for what is no number."""
        if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
            raise TypeError(f"{amount!r} is a {type(amount).__name__}: give it as text, int or Decimal.")
        try:
            return cls(Decimal(amount), currency)
        except InvalidOperation:
            raise ValueError(f"{amount!r} is not an amount of money: write it like '12.99'.") from None

    @staticmethod
    @lru_cache(maxsize=1024)  # prices repeat, zero above all
    def kept(amount: Decimal, currency: str) -> Money:
        """An amount that was kept with more decimals than it has, without the zeros that this added."""
        paid = amount.quantize(_step(_MINOR_DIGITS.get(currency, 2)), ROUND_HALF_UP)
        return Money(paid if paid == amount else amount, currency)

    @staticmethod
    @lru_cache(maxsize=256)
    def zero(currency: str) -> Money:
        return Money(Decimal(0), currency)

    @property
    def minor_digits(self) -> int:
        """Decimals of the smallest coin: 2 for EUR, 0 for JPY, 3 for KWD."""
        return _MINOR_DIGITS.get(self.currency, 2)

    @property
    def is_zero(self) -> bool:
        return not self.amount

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.amount - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        if isinstance(count, bool) or not isinstance(count, int):
            return NotImplemented
        return Money(self.amount * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self._compared(other, operator.lt)

    def __le__(self, other: Money) -> bool:
        return self._compared(other, operator.le)

    def __gt__(self, other: Money) -> bool:
        return self._compared(other, operator.gt)

    def __ge__(self, other: Money) -> bool:
        return self._compared(other, operator.ge)

    def __str__(self) -> str:
        digits = max(self.minor_digits, _decimals(self.amount))
        return f"{self.amount:.{digits}f} {self.currency}"

    def rounded(self, digits: int | None = None) -> Money:
        """To the smallest coin, or to `digits` decimals; halves go away from zero."""
        step = _step(self.minor_digits if digits is None else digits)
        return Money(self.amount.quantize(step, ROUND_HALF_UP), self.currency)

    def split(self, weights: Sequence[int | Decimal]) -> tuple[Money, ...]:
        """Share this amount in proportion to the weights, in whole cents; the shares add up to it exactly.

        Cents left over go to the largest fractions, the earlier one on a tie. Weights that are all zero share
        equally (a discount over free lines). Raises ValueError without weights or with a negative one.
        """
        if not weights or any(weight < 0 for weight in weights):
            raise ValueError("An amount is shared by one or more weights, none of them negative.")
        step = _step(max(self.minor_digits, _decimals(self.amount)))
        cents = int(abs(self.amount) / step)
        sign = -1 if self.amount < 0 else 1
        return tuple(Money(sign * share * step, self.currency) for share in _share(cents, weights))

    def _compared(self, other: object, how: Callable[[Decimal, Decimal], bool]) -> bool:
        return how(self.amount, self._same(other)) if isinstance(other, Money) else NotImplemented

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are in different currencies. Convert one first.")
        return other.amount


def sum_money(items: Iterable[Money], currency: str) -> Money:
    """The total in `currency`; nothing at all is zero. Raises CurrencyMismatch for an item in another one."""
    nothing = Money.zero(currency)
    total = nothing.amount
    for item in items:
        total += item.amount if item.currency == currency else nothing._same(item)
    return Money(total, currency) if total else nothing


def _share(cents: int, weights: Sequence[int | Decimal]) -> list[int]:
    parts = [Decimal(weight) for weight in weights]
    if not any(parts):
        parts = [Decimal(1)] * len(parts)
    exact = [cents * part / sum(parts) for part in parts]
    shares = [int(value.to_integral_value(ROUND_FLOOR)) for value in exact]
    by_fraction = sorted(range(len(parts)), key=lambda i: shares[i] - exact[i])
    for i in by_fraction[: cents - sum(shares)]:
        shares[i] += 1
    return shares


@cache
def _step(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


@lru_cache(maxsize=256)
def _is_currency(code: str) -> bool:
    return _CURRENCY.fullmatch(code) is not None


def _decimals(amount: Decimal) -> int:
    """How many are written; the usual two are told without taking the amount apart."""
    if amount.same_quantum(_CENT):
        return 2
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0
