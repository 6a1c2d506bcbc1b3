"""How fast money may move, and which balances are worth a word."""

from __future__ import annotations

from enum import StrEnum


class TimeWindow(StrEnum):
    """A stretch of the calendar in the tenant's zone. Each begins where the last one ended."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Measure(StrEnum):
    """What a velocity limit counts: minor units posted to a side, or entries that did so."""

    AMOUNT = "amount"
    ENTRIES = "entries"


class Comparison(StrEnum):
    """On which side of its threshold a monitored balance is worth a word."""

    BELOW = "below"
    ABOVE = "above"


class BalanceKind(StrEnum):
    """Posted: what the postings say. Available: less what is held on its way out."""

    POSTED = "posted"
    AVAILABLE = "available"
