"""What a provider should charge, by the bands of its price list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.platform.money import Money


@dataclass(frozen=True, slots=True)
class Tariff:
    """Bands of (upper end, fee) in minor units, lowest first, and basis points of each pay-in."""

    payout_bands: tuple[tuple[int, int], ...] = ()
    pay_in_bps: int = 0

    def payout_fee(self, amount: Money) -> Money:
        """The fee of the first band whose upper end is not exceeded; beyond the last, the last."""
        if not self.payout_bands:
            return Money.zero(amount.currency)
        fees = [fee for upper, fee in self.payout_bands if amount.minor <= upper]
        return Money(fees[0] if fees else self.payout_bands[-1][1], amount.currency)

    def pay_in_fee(self, amount: Money) -> Money:
        """Basis points of the amount, half a minor unit rounded up."""
        return Money((amount.minor * self.pay_in_bps + 5_000) // 10_000, amount.currency)


def read(raw: object) -> Tariff:
    """A tariff from configuration: ``{"payout_bands": [[10000, 0], …], "pay_in_bps": 55}``."""
    if not isinstance(raw, dict):
        raise ValueError("a tariff is an object")  # noqa: TRY004  a wrong value of configuration
    bands = raw.get("payout_bands", [])
    bps = raw.get("pay_in_bps", 0)
    if not isinstance(bands, Sequence) or not all(_is_band(band) for band in bands):
        raise ValueError("payout_bands is a list of [upper_minor, fee_minor]")
    if type(bps) is not int or bps < 0:
        raise ValueError("pay_in_bps is a whole number")
    return Tariff(tuple((band[0], band[1]) for band in bands), bps)


def _is_band(band: object) -> bool:
    return (
        isinstance(band, list | tuple)
        and len(band) == len(("upper", "fee"))
        and all(type(number) is int and number >= 0 for number in band)
    )
