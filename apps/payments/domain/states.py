"""The lives of intents, attempts and callbacks, as tables of the moves that are allowed.

The database holds the same tables (``sql/0001_payment_guards.sql``); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)


class Direction(StrEnum):
    """Which way the money goes, seen from the tenant."""

    IN = "in"
    OUT = "out"


class Operation(StrEnum):
    """What a provider is asked to do. Captures, refunds and reversals come with their rails."""

    PURCHASE = "purchase"
    PAYOUT = "payout"


class Outcome(StrEnum):
    """How one exchange with a provider ended. What is not proved is ``UNKNOWN``."""

    SUCCEEDED = "succeeded"
    ACCEPTED = "accepted"  # the provider took it in and will tell
    DECLINED = "declined"  # proved: no money moved and none will
    NOT_SENT = "not_sent"  # proved: the provider did not carry anything out
    ABSENT = "absent"  # the provider, asked about it, has never heard of it
    UNKNOWN = "unknown"


class IntentStatus(StrEnum):
    """A projection of the intent's events; nothing else writes it."""

    REQUIRES_METHOD = "requires_method"
    PROCESSING = "processing"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    PARTIALLY_CAPTURED = "partially_captured"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class AttemptState(StrEnum):
    """One try at a provider."""

    QUEUED = "queued"
    SENDING = "sending"  # committed before the first byte leaves
    NOT_SENT = "not_sent"  # proved not carried out; sent again with the same key
    SENT = "sent"  # acknowledged
    PENDING = "pending"  # the provider says it is working on it
    UNKNOWN = "unknown"
    INVESTIGATE = "investigate"  # every automatic check is used up: people decide
    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"


class CallbackState(StrEnum):
    """A stored callback. There is no state for "being processed": that is the row's lock."""

    NEW = "new"
    DONE = "done"
    IGNORED = "ignored"  # understood, and nothing new in it
    QUARANTINED = "quarantined"  # contradicts what we know; a person looks at it
    DEAD = "dead"  # could not be processed after every try


I, A, C = IntentStatus, AttemptState, CallbackState

_LATE_MONEY = frozenset({I.SUCCEEDED, I.PARTIALLY_CAPTURED})
INTENT_MOVES: Mapping[IntentStatus, frozenset[IntentStatus]] = {
    I.REQUIRES_METHOD: frozenset({I.PROCESSING, I.CANCELLED, I.EXPIRED}),
    I.PROCESSING: _LATE_MONEY | {I.UNKNOWN, I.FAILED},
    I.UNKNOWN: _LATE_MONEY | {I.FAILED},
    I.FAILED: _LATE_MONEY | {I.PROCESSING, I.CANCELLED, I.EXPIRED},
    I.CANCELLED: _LATE_MONEY,
    I.EXPIRED: _LATE_MONEY,
    I.PARTIALLY_CAPTURED: frozenset({I.SUCCEEDED}),
    I.SUCCEEDED: frozenset({I.PARTIALLY_CAPTURED}),
}

_VERDICTS = frozenset({A.SUCCEEDED, A.DECLINED, A.FAILED})
#: Evidence beats expectation: a success is booked from any state it may be heard in.
ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    A.QUEUED: _VERDICTS | {A.SENDING},
    A.SENDING: _VERDICTS | {A.SENT, A.PENDING, A.NOT_SENT, A.UNKNOWN},
    A.NOT_SENT: _VERDICTS | {A.SENDING},
    A.SENT: _VERDICTS | {A.PENDING, A.UNKNOWN},
    A.PENDING: _VERDICTS | {A.UNKNOWN},
    A.UNKNOWN: _VERDICTS | {A.PENDING, A.SENT, A.QUEUED, A.INVESTIGATE},
    A.INVESTIGATE: _VERDICTS,
    A.SUCCEEDED: frozenset(),
    A.DECLINED: frozenset({A.SUCCEEDED}),
    A.FAILED: frozenset({A.SUCCEEDED}),
}

CALLBACK_MOVES: Mapping[CallbackState, frozenset[CallbackState]] = {
    C.NEW: frozenset({C.DONE, C.IGNORED, C.QUARANTINED, C.DEAD}),
    C.DEAD: frozenset({C.NEW}),
    C.QUARANTINED: frozenset({C.NEW}),
    C.DONE: frozenset(),
    C.IGNORED: frozenset(),
}

#: A charge or payout in one of these may still move money.
LIVE_ATTEMPTS = frozenset(
    {A.QUEUED, A.SENDING, A.NOT_SENT, A.SENT, A.PENDING, A.UNKNOWN, A.INVESTIGATE}
)
#: Claimed by the sender when due.
SENDABLE = (A.QUEUED, A.NOT_SENT)
#: Asked about by the verifier when due.
CHECKABLE = (A.SENT, A.PENDING, A.UNKNOWN)
COLLECTABLE = (I.REQUIRES_METHOD, I.FAILED)


def may_move(moves: Mapping[S, frozenset[S]], before: S, after: S) -> bool:
    """True if the table allows the move, or if there is none."""
    return before == after or after in moves[before]
