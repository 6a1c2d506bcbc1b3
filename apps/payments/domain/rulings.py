"""What people may do about an attempt of unknown outcome, and why not.

Nothing here is ever guessed: a verb needs evidence, a reason why it is allowed now, and a second
person. Asking the provider again moves nothing and takes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from apps.payments.domain.receipts import AttemptRow
from apps.payments.domain.states import AttemptState, Direction

#: For so long after it left, the provider may still carry a request out that it says it lacks.
SETTLES_AFTER = timedelta(hours=1)
UNPROVED = (AttemptState.UNKNOWN, AttemptState.INVESTIGATE)


class RulingVerb(StrEnum):
    """What one person asks for and another decides."""

    SUCCEEDED = "succeeded"  # the provider did it: evidence and its reference
    FAILED = "failed"  # the provider did not and will not: proof of absence
    RESEND = "resend"  # the same request again, under the same key


class RulingState(StrEnum):
    """The life of a ruling. ``lapsed``: the outcome became known before anybody decided."""

    ASKED = "asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAPSED = "lapsed"


#: What each verb means, for people.
MEANINGS: Mapping[RulingVerb, str] = {
    RulingVerb.SUCCEEDED: "The provider carried it out. It is booked under its reference.",
    RulingVerb.FAILED: "The provider did not and will not. Nothing is booked.",
    RulingVerb.RESEND: "The same request leaves again under the same key.",
}


@dataclass(frozen=True, slots=True)
class ResendPolicy:
    """What decides whether the same request may leave again."""

    is_file_rail: bool
    is_honoured: bool
    valid_until: datetime | None
    sends_max: int


@dataclass(frozen=True, slots=True)
class VerbRow:
    """One verb, what it means, and why it is not allowed now; empty when it is."""

    verb: str
    meaning: str
    why_not: str


@dataclass(frozen=True, slots=True)
class RulingRow:
    """A ruling as people may see it."""

    id: UUID
    attempt_id: UUID
    verb: RulingVerb
    reference: str
    evidence: str
    evidence_file: str
    evidence_sha256: str
    shown: Mapping[str, str]
    digest: str
    state: RulingState
    asked_person: str
    asked_by: str
    asked_at: datetime
    decided_by: str
    decided_at: datetime | None
    decision_reason: str


def verbs(
    attempt: AttemptRow, policy: ResendPolicy, now: datetime, *, is_ruled: bool, can_ask: bool
) -> list[VerbRow]:
    """Every verb with the reason why it is not allowed now."""
    proved = "" if attempt.state in UNPROVED else f"It is {attempt.state}: nothing is unknown."
    open_one = "A ruling waits for a second person." if is_ruled else ""
    ask = "" if can_ask else "This provider cannot be asked: its files or its support must say."
    found = [VerbRow("check", "The provider is asked now. That moves nothing.", proved or ask)]
    reasons = {
        RulingVerb.SUCCEEDED: "",
        RulingVerb.FAILED: _why_not_failed(attempt, now),
        RulingVerb.RESEND: why_not_resent(attempt, policy, now),
    }
    found += [
        VerbRow(verb, MEANINGS[verb], proved or open_one or reason)
        for verb, reason in reasons.items()
    ]
    return found


def _why_not_failed(attempt: AttemptRow, now: datetime) -> str:
    if attempt.sent_at is not None and now < attempt.sent_at + SETTLES_AFTER:
        until = attempt.sent_at + SETTLES_AFTER
        return f"Until {until:%H:%M} UTC the provider may still carry it out."
    return ""


def why_not_resent(attempt: AttemptRow, policy: ResendPolicy, now: datetime) -> str:
    """Why the same request must not leave again; empty when it may."""
    if policy.is_file_rail:
        return "It left in a file, and a file is handed over once."
    if not policy.is_honoured:
        return "The provider knows no key of ours: it would do it twice."
    if attempt.acknowledged_at is not None:
        return "The provider acknowledged it: what it has is not sent again."
    if policy.valid_until is not None and now >= policy.valid_until:
        return f"The provider forgot our key on {policy.valid_until:%d %b at %H:%M} UTC."
    if attempt.sends >= policy.sends_max:
        return f"It was sent {attempt.sends} times; more makes no sense."
    return ""


def shown(attempt: AttemptRow) -> dict[str, str]:
    """What a ruling is about, as it stands on the page: the digest is over this.

    How often it was asked about is left out: the next question must not undo an approval.
    """
    way = "out" if attempt.direction == Direction.OUT else "in"
    return {
        "attempt": str(attempt.id),
        "operation": attempt.operation,
        "direction": way,
        "amount": str(attempt.amount),
        "party": attempt.phone,
        "account": attempt.provider_account,
        "key": attempt.provider_key,
        "refs": ", ".join(
            f"{name}={value}" for name, value in sorted(attempt.provider_refs.items())
        ),
        "sends": str(attempt.sends),
        "is_unproved": str(attempt.state in UNPROVED),
    }
