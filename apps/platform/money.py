"""Money: a whole number of minor units in one currency.

There is no way in from ``float`` and no silent rounding. Dividing money is ``split``, which hands
out every minor unit, so parts always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from apps.platform.currencies import exponent

#: What a PostgreSQL bigint holds. Amounts beyond it are refused, not wrapped.
MINOR_MAX = 2**63 - 1
WHOLE_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Money:
    """``minor`` minor units (may be negative) of ``currency``: ISO 4217, or a tenant's own unit."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:  # a bool or a float would slip through arithmetic
            raise ValueError(f"minor units are whole numbers, not {self.minor!r}")
        if abs(self.minor) > MINOR_MAX:
            raise ValueError("amount is too large")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls(0, currency)

    @classmethod
    def from_major(cls, major: Decimal | str | int, currency: str) -> Self:
        """Read ``Decimal("10.50")`` or ``"10.50"``; refuse more decimals than the currency has."""
        if isinstance(major, float):
            raise ValueError("money never comes from a float")  # noqa: TRY004  one class for every unsound amount
        try:
            minor = Decimal(major).scaleb(exponent(currency))
        except ArithmeticError:
            raise ValueError(f"{major!r} is not an amount") from None
        if not minor.is_finite() or minor != minor.to_integral_value():
            raise ValueError(f"{major} has more decimals than {currency} allows")
        return cls(int(minor), currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exactly, with the currency's decimals."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return f"{self.currency} {self.major:,f}"

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Share out by weight; the largest remainders, earliest first, take the leftover units."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.minor < 0 else 1
        whole = abs(self.minor)
        shares = [whole * weight // total for weight in weights]
        by_remainder = sorted(
            range(len(weights)), key=lambda i: -(whole * weights[i] % total)
        )  # stable: earliest first among equals
        for index in by_remainder[: whole - sum(shares)]:
            shares[index] += 1
        return [Money(sign * share, self.currency) for share in shares]

    def share_bps(self, basis_points: int) -> Money:
        """``basis_points``/10,000 of the amount, rounded half to even on the minor unit."""
        quotient, remainder = divmod(self.minor * basis_points, WHOLE_BPS)
        round_up = remainder * 2 > WHOLE_BPS or (remainder * 2 == WHOLE_BPS and quotient % 2 == 1)
        return Money(quotient + round_up, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other
