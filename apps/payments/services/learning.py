"""The one place where what a provider said becomes our truth.

Answers, callbacks, status queries and statements all come here as a ``Result``. Within the caller's
transaction and under the locks of intent and attempt (in that order), it becomes events, the
attempt's state, the intent's projection, news, and at the end the journal.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.domain import phones, schedule
from apps.payments.domain.merging import EventKind
from apps.payments.domain.rulings import UNPROVED, RulingState
from apps.payments.domain.states import (
    ATTEMPT_MOVES,
    CHECKABLE,
    LIVE_ATTEMPTS,
    AttemptState,
    Direction,
    Operation,
    Outcome,
    Step,
    may_move,
)
from apps.payments.errors import CallbackContradicts, IllegalMove
from apps.payments.models import Attempt, Callback, PaymentEvent, PaymentIntent, ProviderExchange
from apps.payments.services import announcing
from apps.payments.services.accounts import capabilities_of
from apps.payments.services.attempts import SEND_TASK
from apps.payments.services.booking import announce_money, merge, write_event
from apps.payments.services.refunding import follow_refund
from apps.payments.services.returning import follow_pay_in_refund
from apps.payments.services.verdicts import FINAL, Circumstances, next_state
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id
from apps.tenancy.workers import wake

#: What goes out goes out as it was asked for, or it is not ours.
_EXACT = (Operation.PAYOUT, Operation.REFUND)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learnt: the result, who told us, and by which callback."""

    result: Result
    source: str  # answer, callback, query, system, operator (by a ruling)
    actor: Actor
    callback: Callback | None = None


def locked_attempt(attempt_id: UUID) -> Attempt:
    """The attempt with its intent, both locked, the intent first."""
    intent_id = Attempt.objects.values_list("intent_id", flat=True).get(id=attempt_id)
    intent = None
    if intent_id is not None:
        intent = PaymentIntent.objects.select_for_update().get(id=intent_id)
    attempt = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("provider_account", "parent", "phone_number")
        .get(id=attempt_id)
    )
    attempt.intent = intent
    return attempt


def learn(attempt: Attempt, lesson: Lesson) -> bool:
    """Make the lesson true for the locked attempt; answers whether anything in it was new."""
    before = AttemptState(attempt.state)
    _compare(attempt, lesson)
    news = _new_facts(attempt, lesson)
    is_changed = _move(attempt, lesson, news)
    if before in UNPROVED and attempt.state in FINAL:
        attempt.rulings.filter(state=RulingState.ASKED).update(state=RulingState.LAPSED)
    if before != attempt.state and attempt.state == AttemptState.UNKNOWN:
        news.append(ProviderFact(EventKind.UNKNOWN, dedupe=f"unknown:{new_id()}"))
    announcing.announce_move(attempt, before)
    movements = merge(attempt, news)
    for movement in movements:
        announce_money(attempt, movement)
        write_event(attempt, movement, lesson.source, lesson.callback, lesson.actor)
    follow_refund(attempt, {m.fact.kind for m in movements if m.is_effective}, lesson.actor)
    follow_pay_in_refund(attempt, lesson.actor)
    return is_changed or bool(news)


def send_again(attempt: Attempt) -> None:
    """By a ruling of two people: the same request leaves again under the same key."""
    before = AttemptState(attempt.state)
    attempt.state = AttemptState.QUEUED
    _plan(attempt, before, clock.now())
    attempt.save()
    wake(SEND_TASK)


def hear(attempt: Attempt, lesson: Lesson) -> bool:
    """Learn from a callback; one that proves nothing is a reason to ask before the schedule."""
    is_new = learn(attempt, lesson)
    soon = schedule.soon(clock.now())
    is_hint = lesson.result.outcome == Outcome.UNKNOWN and attempt.state in CHECKABLE
    if is_hint and (attempt.next_check_at is None or attempt.next_check_at > soon):
        attempt.next_check_at, attempt.checks = soon, max(attempt.checks, 1)
        attempt.save(update_fields=["next_check_at", "checks"])
    return is_new


def keep_exchange(attempt: Attempt, purpose: str, result: Result) -> None:
    """Keep what was asked and answered, covered, as evidence."""
    if result.exchange is not None:
        ProviderExchange.objects.create(
            attempt=attempt,
            purpose=purpose,
            request=dict(result.exchange.request),
            status=result.exchange.status,
            answer=dict(result.exchange.answer),
            outcome=result.outcome,
            at=clock.now(),
        )


def _compare(attempt: Attempt, lesson: Lesson) -> None:
    """Refuse what names another conversation, currency or amount than the attempt's."""
    known = attempt.provider_refs
    for name, value in _kept_refs(attempt, lesson.result).items():
        if name == "originator_conversation_id" and value != attempt.provider_key:
            raise CallbackContradicts(field=name)
        if name != "receipt" and known.get(name, value) != value:
            raise CallbackContradicts(field=name)
    for fact in lesson.result.facts:
        if fact.amount is None:
            continue
        if fact.amount.currency != attempt.currency:
            raise CallbackContradicts(field="currency")
        if attempt.operation in _EXACT and fact.amount.minor != attempt.amount_minor:
            raise CallbackContradicts(field="amount")


def _kept_refs(attempt: Attempt, result: Result) -> dict[str, str]:
    """The provider's names as we keep them: without the number that some of them hold."""
    refs, phone = result.provider_refs, attempt.phone if result.provider_refs else ""
    return {name: phones.hollow(value, phone) for name, value in refs.items()}


def _new_facts(attempt: Attempt, lesson: Lesson) -> list[ProviderFact]:
    """Facts not written yet. One that another attempt wrote is a receipt used twice."""
    result = lesson.result
    told = list(result.facts)
    if result.outcome == Outcome.DECLINED and not told and result.error is not None:
        code = result.error.provider_code or result.error.standard
        told = [ProviderFact(EventKind.FAILED, dedupe=f"failed:{attempt.provider_key}:{code}")]
    told += _turns(attempt, result)
    owners = dict(
        PaymentEvent.objects.filter(
            provider_account=attempt.provider_account, dedupe__in=[fact.dedupe for fact in told]
        ).values_list("dedupe", "attempt_id")
    )
    if any(owner != attempt.id for owner in owners.values()):
        raise CallbackContradicts(field="receipt")
    return [fact for fact in told if fact.dedupe not in owners]


def _turns(attempt: Attempt, result: Result) -> list[ProviderFact]:
    """Whose turn it is, told once: the payer's, or ours again."""
    if result.outcome == Outcome.APPROVED:
        return [ProviderFact(EventKind.APPROVED, dedupe=f"approved:{attempt.id}")]
    if result.action is not None and result.outcome == Outcome.ACCEPTED:
        return [ProviderFact(EventKind.ACTION_REQUIRED, dedupe=f"action:{attempt.id}")]
    return []


def _move(attempt: Attempt, lesson: Lesson, news: list[ProviderFact]) -> bool:
    result, before, now = lesson.result, AttemptState(attempt.state), clock.now()
    about = Circumstances(
        may_resend=_may_resend(attempt, result),
        is_answer=lesson.source == "answer",
        is_complete=attempt.step == Step.COMPLETE,
    )
    after = next_state(before, result, about)
    if not may_move(ATTEMPT_MOVES, before, after):
        raise IllegalMove(object_type="attempt", before=before, after=after)
    if after == AttemptState.FAILED and not news and before != after:
        news.append(ProviderFact(EventKind.FAILED, dedupe=f"failed:{attempt.provider_key}:gave-up"))
    attempt.state = after
    if result.action is not None:
        attempt.action = asdict(result.action)
    if result.outcome == Outcome.APPROVED and after == AttemptState.QUEUED != before:
        attempt.step, attempt.sends, attempt.acknowledged_at = Step.COMPLETE, 0, None
    refs = _kept_refs(attempt, result)
    fresh = {k: v for k, v in refs.items() if k not in attempt.provider_refs}
    attempt.provider_refs = attempt.provider_refs | fresh
    if lesson.source == "answer" and result.outcome == Outcome.ACCEPTED:
        attempt.acknowledged_at = attempt.acknowledged_at or now
    if before not in FINAL or after != before:
        _explain(attempt, result)
        _plan(attempt, before, now)
    attempt.save()
    return after != before or bool(fresh)


def _may_resend(attempt: Attempt, result: Result) -> bool:
    """The same request may leave again: proved not carried out, or asked for by an honoured key.

    What the provider once acknowledged is never sent again, whatever it says later.
    """
    if attempt.sends >= schedule.SENDS_MAX:
        return False
    if result.outcome == Outcome.NOT_SENT:
        return result.error is None or result.error.retry == "same_key"
    if result.outcome == Outcome.ABSENT and result.error is not None:  # proved by its books
        return result.error.retry == "same_key" and attempt.acknowledged_at is None
    policy = capabilities_of(attempt.provider_account).keys[Operation(attempt.operation)]
    is_key_valid = attempt.key_valid_until is None or clock.now() < attempt.key_valid_until
    return policy.is_honoured and is_key_valid and attempt.acknowledged_at is None


def _explain(attempt: Attempt, result: Result) -> None:
    """Outcome, codes and what they allow, on the attempt for people to read."""
    if result.is_unreachable or result.outcome == Outcome.ASKED:
        return
    attempt.outcome = result.outcome
    why = result.error
    attempt.code = why.standard if why else ""
    attempt.provider_code = why.provider_code if why else ""
    attempt.message = why.message if why else ""
    attempt.retry = why.retry if why else ""
    match AttemptState(attempt.state):
        case AttemptState.SUCCEEDED:
            attempt.money_moved = "yes"
        case AttemptState.DECLINED | AttemptState.FAILED | AttemptState.NOT_SENT:
            attempt.money_moved = "no"
        case _:
            attempt.money_moved = "unknown"


def _plan(attempt: Attempt, before: AttemptState, now: datetime) -> None:
    """What is due next, and when."""
    after = AttemptState(attempt.state)
    if after not in LIVE_ATTEMPTS:
        attempt.next_check_at = attempt.next_send_at = None
        attempt.finished_at = attempt.finished_at or now
        attempt.unknown_since = None
        return
    match after:
        case AttemptState.NOT_SENT:
            attempt.next_send_at = schedule.next_send(attempt.sends, now)
        case AttemptState.QUEUED:
            attempt.next_send_at, attempt.next_check_at, attempt.unknown_since = now, None, None
        case AttemptState.UNKNOWN if before != after:
            attempt.unknown_since = now
            attempt.next_check_at = next_check(attempt, now)
        case AttemptState.SENT | AttemptState.PENDING if before != after:
            attempt.unknown_since = None
            attempt.next_check_at = next_check(attempt, now)


def next_check(attempt: Attempt, now: datetime) -> datetime | None:
    """When to ask; a payer who was sent to the provider's page may take hours."""
    is_payers_turn = bool(attempt.action) and attempt.step == Step.SUBMIT
    direction = Direction(attempt.direction)
    return schedule.next_check(direction, attempt.checks, now, is_payers_turn=is_payers_turn)
