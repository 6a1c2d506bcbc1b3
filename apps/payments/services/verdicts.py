"""From how an exchange ended to the attempt's next state. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from apps.payments.connectors.base import Result
from apps.payments.domain.states import AttemptState, Outcome

FINAL = frozenset({AttemptState.SUCCEEDED, AttemptState.DECLINED, AttemptState.FAILED})
#: Words of the standard codes that are the payer's or payee's affair; the rest is ours.
_THEIRS = ("customer.", "risk.", "provider.declined")
_WAITING = frozenset({AttemptState.SENT, AttemptState.PENDING})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides besides the outcome: may the same key be sent again, and who told us."""

    may_resend: bool
    is_answer: bool  # the answer to our own sending, not to a question or by a callback


def next_state(state: AttemptState, result: Result, about: Circumstances) -> AttemptState:
    """The state the attempt is in now. A final state is left only by a proved success."""
    if result.outcome == Outcome.SUCCEEDED:
        return AttemptState.SUCCEEDED
    if result.outcome == Outcome.DECLINED and state not in FINAL:
        return _refusal(result)
    if state in {*FINAL, AttemptState.INVESTIGATE}:
        return state
    match result.outcome:
        case Outcome.ACCEPTED:
            after = _accepted(state, about)
        case Outcome.NOT_SENT:
            after = _not_sent(state, about)
        case Outcome.ABSENT:
            after = _absent(state, about)
        case Outcome.UNKNOWN:
            after = _unknown(state, result)
        case _:
            after = state
    return after


def _refusal(result: Result) -> AttemptState:
    standard = result.error.standard if result.error else ""
    return AttemptState.DECLINED if standard.startswith(_THEIRS) else AttemptState.FAILED


def _accepted(state: AttemptState, about: Circumstances) -> AttemptState:
    if state == AttemptState.SENDING or (state == AttemptState.UNKNOWN and about.is_answer):
        return AttemptState.SENT
    return AttemptState.PENDING if state in {*_WAITING, AttemptState.UNKNOWN} else state


def _not_sent(state: AttemptState, about: Circumstances) -> AttemptState:
    if state != AttemptState.SENDING:
        return state
    return AttemptState.NOT_SENT if about.may_resend else AttemptState.FAILED


def _absent(state: AttemptState, about: Circumstances) -> AttemptState:
    """Never heard of: sent again, if that was unknown and the provider honours the key."""
    is_repeatable = state == AttemptState.UNKNOWN and about.may_resend
    return AttemptState.QUEUED if is_repeatable else state


def _unknown(state: AttemptState, result: Result) -> AttemptState:
    """A question that was not answered changes nothing; anything else unproved is unknown."""
    is_open = state in {*_WAITING, AttemptState.SENDING}
    return AttemptState.UNKNOWN if is_open and not result.is_unreachable else state
