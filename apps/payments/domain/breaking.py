"""When to leave a provider alone for a while: the numbers of the circuit breaker, and its states.

The thresholds are the usual ones of a failure-rate breaker (Nygard, *Release It!*, 2nd ed., 5.2):
enough calls to mean something, half of them in trouble, a pause that doubles while trials fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Calls are counted over this long, in slices of ``SLICE_SECONDS``.
WINDOW_SECONDS = 60
SLICE_SECONDS = 5
#: The breaker opens at this many calls of which this share met trouble.
CALLS_LEAST = 20
TROUBLE_SHARE = 0.5
#: Calls let through after a pause; all of them must do well.
TRIALS = 3
PAUSE_SECONDS = 30
PAUSE_SECONDS_MAX = 600
#: Said by a provider that is well: it declines, asks for patience, or has never heard of it.
WELL = frozenset({"provider.declined", "provider.rate_limited", "provider.absent"})


class BreakerState(StrEnum):
    """Whether requests leave."""

    CLOSED = "closed"  # they do
    OPEN = "open"  # they wait
    TRYING = "trying"  # a few do, to see


@dataclass(frozen=True, slots=True)
class BreakerReading:
    """What one breaker counts now. ``until`` is when the first trial may leave."""

    state: BreakerState
    calls: int = 0
    troubles: int = 0
    until: datetime | None = None
