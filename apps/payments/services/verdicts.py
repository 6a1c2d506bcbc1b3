"""From how an exchange ended to the attempt's next state. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    is_complete: bool = False  # the second call has been made already


def next_state(state: AttemptState, result: Result, about: Circumstances) -> AttemptState:
    """The state the attempt is in now. A final state is left only by a proved success."""
    if result.outcome == Outcome.SUCCEEDED:
        return AttemptState.SUCCEEDED
    if result.outcome == Outcome.DECLINED and state not in FINAL:
        return _refusal(result)
    if state in {*FINAL, AttemptState.INVESTIGATE}:
        return state
    after = _OPEN.get(result.outcome)
    return after(state, result, about) if after else state


def _refusal(result: Result) -> AttemptState:
    standard = result.error.standard if result.error else ""
    return AttemptState.DECLINED if standard.startswith(_THEIRS) else AttemptState.FAILED


def _accepted(state: AttemptState, _result: Result, about: Circumstances) -> AttemptState:
    if state == AttemptState.SENDING or (state == AttemptState.UNKNOWN and about.is_answer):
        return AttemptState.SENT
    return AttemptState.PENDING if state in {*_WAITING, AttemptState.UNKNOWN} else state


def _approved(state: AttemptState, result: Result, about: Circumstances) -> AttemptState:
    """The payer's part is done: our second call is due. Made already, it is repeated like any."""
    if about.is_complete:
        return _absent(state, result, about)
    if state == AttemptState.SENDING:
        return AttemptState.SENT  # approved at once; the next question finds it so
    return AttemptState.QUEUED if state in {*_WAITING, AttemptState.UNKNOWN} else state


def _not_sent(state: AttemptState, _result: Result, about: Circumstances) -> AttemptState:
    if state != AttemptState.SENDING:
        return state
    return AttemptState.NOT_SENT if about.may_resend else AttemptState.FAILED


def _absent(state: AttemptState, _result: Result, about: Circumstances) -> AttemptState:
    """Never heard of: sent again, if that was unknown and the provider honours the key."""
    is_repeatable = state == AttemptState.UNKNOWN and about.may_resend
    return AttemptState.QUEUED if is_repeatable else state


def _unknown(state: AttemptState, result: Result, _about: Circumstances) -> AttemptState:
    """A question that was not answered changes nothing; anything else unproved is unknown."""
    is_open = state in {*_WAITING, AttemptState.SENDING}
    return AttemptState.UNKNOWN if is_open and not result.is_unreachable else state


_OPEN: Mapping[Outcome, Callable[[AttemptState, Result, Circumstances], AttemptState]] = {
    Outcome.ACCEPTED: _accepted,
    Outcome.APPROVED: _approved,
    Outcome.NOT_SENT: _not_sent,
    Outcome.ABSENT: _absent,
    Outcome.UNKNOWN: _unknown,
}
