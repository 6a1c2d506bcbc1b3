"""How much of what is owed can be sent now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutPolicy:
    """Limits of one payout on a rail, in minor units: a multiple of ``step``, min to max."""

    step_minor: int
    min_minor: int
    max_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutTerms:
    """What a schedule asks beyond the rail's limits.

    Less than ``min_payout_minor`` is carried over; ``reserve_bps`` hundredths of a percent of what
    is new stay back for ``reserve_days``.
    """

    min_payout_minor: int = 0
    reserve_bps: int = 0
    reserve_days: int = 0


def payable_now(owed_minor: int, policy: PayoutPolicy) -> int:
    """The largest amount the rail takes in one payout; 0 when too little is owed.

    What is left over (below a step, or above the maximum) stays owed and is paid next time.
    """
    amount = min(owed_minor, policy.max_minor)
    amount -= amount % policy.step_minor
    return amount if amount >= policy.min_minor else 0
