"""When to ask again about an outcome, and when to stop sending."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.payments.domain.states import Direction

#: Seconds from one check to the next. A prompt on a phone lives for about a minute, so pay-ins
#: are asked about early; after the last, people investigate.
COLLECTION_CHECKS = (10, 30, 60, 120, 300, 3600, 3600, 3600)
#: While the payer is on the provider's page: for a day and a half.
PAYERS_TURN = (30, 60, 120, 300, 600, 1800, *((3600,) * 36))
#: The first check of a payout asks nobody: it notes that the result is overdue, and leaves a slow
#: callback ten more seconds before the provider is bothered.
PAYOUT_CHECKS = (20, 10, 120, 600, 3600, 6 * 3600, 24 * 3600, *((24 * 3600,) * 5))
#: Seconds from a callback that proves nothing to asking what it meant.
SOON_SECONDS = 5
#: How often one request leaves at most.
SENDS_MAX = 5
#: Seconds to wait before a request that was proved not carried out is sent again.
RESENDS = (1, 3, 10, 30)
#: Seconds to wait before a callback that could not be processed is tried again; then it is dead.
CALLBACK_RETRIES = (5, 30, 120, 600, 3600, 6 * 3600, 6 * 3600)
#: Waits before a callback is tried again that only waits for something else; no try is used up.
CALLBACK_WAITS = timedelta(seconds=30)


def next_check(
    direction: Direction, checks: int, now: datetime, *, is_payers_turn: bool = False
) -> datetime | None:
    """When to ask for the ``checks + 1``-th time; nothing when all checks are used up."""
    steps: tuple[int, ...] = COLLECTION_CHECKS if direction == Direction.IN else PAYOUT_CHECKS
    if is_payers_turn:
        steps = PAYERS_TURN
    return now + timedelta(seconds=steps[checks]) if checks < len(steps) else None


def last_check(direction: Direction) -> int:
    """How many checks are used up when exactly one is left."""
    return len(COLLECTION_CHECKS if direction == Direction.IN else PAYOUT_CHECKS) - 1


def next_send(sends: int, now: datetime, *, at_least_seconds: int = 0) -> datetime | None:
    """When to send again after ``sends`` tries, honouring what the provider asked for."""
    if not 1 <= sends <= len(RESENDS):
        return None
    return now + timedelta(seconds=max(RESENDS[sends - 1], at_least_seconds))


def next_callback_try(tries: int, now: datetime) -> datetime | None:
    """When to process again after ``tries`` failures; nothing when it is dead."""
    if not 1 <= tries <= len(CALLBACK_RETRIES):
        return None
    return now + timedelta(seconds=CALLBACK_RETRIES[tries - 1])


def soon(now: datetime) -> datetime:
    """When to ask after a callback that proved nothing."""
    return now + timedelta(seconds=SOON_SECONDS)
