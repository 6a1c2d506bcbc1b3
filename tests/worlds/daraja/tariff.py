"""What this provider charges: invented figures, close in size to the published ones."""

from __future__ import annotations

#: Charge for one payout by amount, both in cents: the first band whose upper end is not exceeded.
PAYOUT_BANDS: tuple[tuple[int, int], ...] = (
    (100_00, 0),
    (1_500_00, 5_00),
    (5_000_00, 9_00),
    (20_000_00, 11_00),
    (250_000_00, 13_00),
)

#: Commission on a pay-in when an organisation is registered without one of its own.
DEFAULT_PAY_IN_BPS = 55


def payout_fee(amount_minor: int) -> int:
    """Cents charged for paying out ``amount_minor``."""
    return next(fee for upper, fee in PAYOUT_BANDS if amount_minor <= upper)


def pay_in_fee(amount_minor: int, bps: int) -> int:
    """Cents of commission, half a cent rounded up."""
    return (amount_minor * bps + 5_000) // 10_000
