"""How long and how large the measurements are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Seconds of one run, and sizes of what has to be filled first."""

    seconds: float
    growth_small: int
    growth_large: int
    deep_account: int
    events: int


QUICK = Scale(
    seconds=2.0, growth_small=20_000, growth_large=300_000, deep_account=100_000, events=20_000
)
FULL = Scale(
    seconds=10.0,
    growth_small=100_000,
    growth_large=10_000_000,
    deep_account=1_000_000,
    events=100_000,
)
