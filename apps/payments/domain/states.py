"""The lives of intents, attempts and callbacks, as tables of the moves that are allowed.

The database holds the same tables (``sql/0004_operations.sql``); a test compares the two.
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
    """What a provider is asked to do."""

    PURCHASE = "purchase"  # authorise and capture in one
    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    PAYOUT = "payout"


class Outcome(StrEnum):
    """How one exchange with a provider ended. What is not proved is ``UNKNOWN``."""

    SUCCEEDED = "succeeded"
    ACCEPTED = "accepted"  # the provider has it and has not finished
    APPROVED = "approved"  # the payer agreed; the provider waits for our second call
    DECLINED = "declined"  # proved: no money moved and none will
    NOT_SENT = "not_sent"  # proved: the provider did not carry anything out
    ASKED = "asked"  # a question was taken in; the verdict comes to a callback address
    ABSENT = "absent"  # the provider, asked about it, has never heard of it
    UNKNOWN = "unknown"


class CaptureMethod(StrEnum):
    """When money that a payer agrees to is taken."""

    AUTOMATIC = "automatic"  # at once
    MANUAL = "manual"  # held first, taken once
    MULTIPLE = "multiple"  # held first, taken in parts


class Step(StrEnum):
    """Which of the calls of an attempt is due; some rails need a second one."""

    SUBMIT = "submit"
    COMPLETE = "complete"  # the payer has approved


class IntentStatus(StrEnum):
    """A projection of the intent's events; nothing else writes it."""

    REQUIRES_METHOD = "requires_method"
    PROCESSING = "processing"
    REQUIRES_ACTION = "requires_action"  # the payer's turn
    UNKNOWN = "unknown"
    AUTHORISED = "authorised"  # held, nothing taken yet
    SUCCEEDED = "succeeded"
    PARTIALLY_CAPTURED = "partially_captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
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


#: Money has arrived. What providers correct or take back moves an intent among these.
MONEY_CAME = frozenset(
    {
        IntentStatus.SUCCEEDED,
        IntentStatus.PARTIALLY_CAPTURED,
        IntentStatus.PARTIALLY_REFUNDED,
        IntentStatus.REFUNDED,
    }
)
_GOOD = MONEY_CAME | {IntentStatus.AUTHORISED}
_OVER = frozenset({IntentStatus.FAILED, IntentStatus.CANCELLED, IntentStatus.EXPIRED})
INTENT_MOVES: Mapping[IntentStatus, frozenset[IntentStatus]] = {
    IntentStatus.REQUIRES_METHOD: frozenset(
        {IntentStatus.PROCESSING, IntentStatus.CANCELLED, IntentStatus.EXPIRED}
    ),
    IntentStatus.PROCESSING: _GOOD
    | {IntentStatus.REQUIRES_ACTION, IntentStatus.UNKNOWN, IntentStatus.FAILED},
    IntentStatus.REQUIRES_ACTION: _GOOD
    | {IntentStatus.PROCESSING, IntentStatus.UNKNOWN, IntentStatus.FAILED},
    IntentStatus.UNKNOWN: _GOOD | {IntentStatus.FAILED},
    IntentStatus.FAILED: _GOOD
    | {IntentStatus.PROCESSING, IntentStatus.CANCELLED, IntentStatus.EXPIRED},
    IntentStatus.CANCELLED: _GOOD,
    IntentStatus.EXPIRED: _GOOD,
    IntentStatus.AUTHORISED: MONEY_CAME | _OVER,
    **{status: (_GOOD | _OVER) - {status} for status in sorted(MONEY_CAME)},
}

_VERDICTS = frozenset({AttemptState.SUCCEEDED, AttemptState.DECLINED, AttemptState.FAILED})
#: Evidence beats expectation: a success is booked from any state it may be heard in.
ATTEMPT_MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.QUEUED: _VERDICTS | {AttemptState.SENDING},
    AttemptState.SENDING: _VERDICTS
    | {AttemptState.SENT, AttemptState.PENDING, AttemptState.NOT_SENT, AttemptState.UNKNOWN},
    AttemptState.NOT_SENT: _VERDICTS | {AttemptState.SENDING},
    AttemptState.SENT: _VERDICTS
    | {AttemptState.PENDING, AttemptState.UNKNOWN, AttemptState.QUEUED},
    AttemptState.PENDING: _VERDICTS | {AttemptState.UNKNOWN, AttemptState.QUEUED},
    AttemptState.UNKNOWN: _VERDICTS
    | {AttemptState.PENDING, AttemptState.SENT, AttemptState.QUEUED, AttemptState.INVESTIGATE},
    # Asked about once more; sent again only by a ruling of two people.
    AttemptState.INVESTIGATE: _VERDICTS | {AttemptState.UNKNOWN, AttemptState.QUEUED},
    AttemptState.SUCCEEDED: frozenset(),
    AttemptState.DECLINED: frozenset({AttemptState.SUCCEEDED}),
    AttemptState.FAILED: frozenset({AttemptState.SUCCEEDED}),
}

CALLBACK_MOVES: Mapping[CallbackState, frozenset[CallbackState]] = {
    CallbackState.NEW: frozenset(
        {CallbackState.DONE, CallbackState.IGNORED, CallbackState.QUARANTINED, CallbackState.DEAD}
    ),
    CallbackState.DEAD: frozenset({CallbackState.NEW}),
    CallbackState.QUARANTINED: frozenset({CallbackState.NEW}),
    CallbackState.DONE: frozenset(),
    CallbackState.IGNORED: frozenset(),
}

#: A charge or payout in one of these may still move money.
LIVE_ATTEMPTS = frozenset(
    {
        AttemptState.QUEUED,
        AttemptState.SENDING,
        AttemptState.NOT_SENT,
        AttemptState.SENT,
        AttemptState.PENDING,
        AttemptState.UNKNOWN,
        AttemptState.INVESTIGATE,
    }
)
#: Claimed by the sender when due.
SENDABLE = (AttemptState.QUEUED, AttemptState.NOT_SENT)
#: Asked about by the verifier when due.
CHECKABLE = (AttemptState.SENT, AttemptState.PENDING, AttemptState.UNKNOWN)
#: Operations that ask a payer for money; an intent has at most one of them under way.
CHARGES = (Operation.PURCHASE, Operation.AUTHORISE)
#: Operations that bring money.
TAKES = (Operation.PURCHASE, Operation.CAPTURE)
COLLECTABLE = (IntentStatus.REQUIRES_METHOD, IntentStatus.FAILED)


def may_move(moves: Mapping[S, frozenset[S]], before: S, after: S) -> bool:
    """True if the table allows the move, or if there is none."""
    return before == after or after in moves[before]
