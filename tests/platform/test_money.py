"""Money keeps every unit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.platform.currencies import CURRENCIES
from apps.platform.money import MINOR_MAX, Money

currencies = st.sampled_from(sorted(CURRENCIES))
amounts = st.builds(Money, st.integers(-MINOR_MAX, MINOR_MAX), currencies)


@given(amount=amounts, weights=st.lists(st.integers(0, 1000), min_size=1, max_size=50).filter(any))
def test_split_loses_nothing(amount: Money, weights: list[int]) -> None:
    shares = amount.split(weights)
    assert sum(share.minor for share in shares) == amount.minor
    for share, weight in zip(shares, weights, strict=True):
        exact = Decimal(abs(amount.minor)) * weight / sum(weights)
        assert abs(abs(share.minor) - exact) < 1


@given(amount=amounts)
def test_major_and_back_is_the_same_amount(amount: Money) -> None:
    assert Money.from_major(amount.major, amount.currency) == amount


@pytest.mark.parametrize("bad", ["1.001", "1e-9", "NaN", "Infinity", "", "1,000", "abc"])
def test_an_amount_that_does_not_fit_the_currency_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|amount"):
        Money.from_major(bad, "KES")


def test_floats_and_foreign_currencies_are_refused() -> None:
    with pytest.raises(ValueError, match="float"):
        Money.from_major(1.5, "KES")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="whole"):
        Money(1.0, "KES")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mix"):
        Money(1, "KES") + Money(1, "USD")
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, "XXZ")
    with pytest.raises(ValueError, match="too large"):
        Money(MINOR_MAX, "KES") + Money(1, "KES")


@pytest.mark.parametrize(
    ("minor", "basis_points", "share"),
    [(5, 5000, 2), (15, 5000, 8), (25, 5000, 12), (100, 1550, 16), (-5, 5000, -2), (0, 9999, 0)],
)
def test_basis_points_round_half_to_even(minor: int, basis_points: int, share: int) -> None:
    assert Money(minor, "KES").share_bps(basis_points) == Money(share, "KES")
