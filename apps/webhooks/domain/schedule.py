"""When a delivery that failed is tried again (standardwebhooks.com, "Webhook reliability").

Times are drawn a little later than the table says, so that what failed together does not come back
together.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: The wait after the first, second … failed try. After the last one the delivery is given up.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES_MAX = len(WAITS) + 1
JITTER_PERCENT = 10
RETRY_AFTER_MAX = timedelta(hours=24)
#: An endpoint that has failed without a success in between for so long is disabled.
FAILING_MAX = timedelta(days=5)

#: After so many failures in a row an endpoint rests, and is then tried with one message at a time.
STREAK_TO_REST = 3
REST_FIRST = timedelta(seconds=5)
REST_MAX = timedelta(minutes=5)
_DOUBLINGS_MAX = 10
#: Statuses that say "slow down" (RFC 9110, RFC 6585).
THROTTLING = frozenset({429, 502, 503, 504})


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after that many failed tries; nothing when it was the last."""
    return _later(WAITS[tries - 1]) if tries < TRIES_MAX else None


def rest_after(streak: int) -> timedelta:
    """How long to leave an endpoint alone that has failed so many times in a row."""
    if streak < STREAK_TO_REST:
        return timedelta(0)
    return _later(min(REST_FIRST * 2 ** min(streak - STREAK_TO_REST, _DOUBLINGS_MAX), REST_MAX))


def retry_after(text: str, now: datetime) -> timedelta:
    """What a Retry-After header asks for, in seconds or as a date, up to a day; zero if nothing."""
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:6])), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return timedelta(0)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(min(until - now, RETRY_AFTER_MAX), timedelta(0))


def _later(wait: timedelta) -> timedelta:
    return wait * (100 + secrets.randbelow(JITTER_PERCENT * 10 + 1) / 10) / 100
