"""What is concluded from a result, and when the same request may leave again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments import services
from apps.payments.connectors.base import ProviderError, Result
from apps.payments.domain import tokens
from apps.payments.domain.keys import short_key
from apps.payments.domain.schedule import (
    COLLECTION_CHECKS,
    PAYOUT_CHECKS,
    SENDS_MAX,
    next_check,
)
from apps.payments.domain.states import ATTEMPT_MOVES, AttemptState, Direction, Outcome, may_move
from apps.payments.errors import UnknownCallback
from apps.payments.models import Attempt
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.payments.services.verdicts import Circumstances, next_state
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.world import new_intent, queue_payout

LOST = Result(
    Outcome.UNKNOWN, error=ProviderError("provider.timeout", "", "", "unknown", "after_verify")
)
TAKEN = Result(Outcome.ACCEPTED, provider_refs={"conversation_id": "AG_1"})
BUSY = Result(
    Outcome.NOT_SENT, error=ProviderError("provider.rate_limited", "429", "", "no", "same_key")
)
ABSENT = Result(Outcome.ABSENT)


@given(
    st.sampled_from(list(AttemptState)),
    st.sampled_from(list(Outcome)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_every_conclusion_is_a_move_that_is_allowed(
    state: AttemptState, outcome: Outcome, may_resend: bool, is_answer: bool, is_unreachable: bool
) -> None:
    about = Circumstances(may_resend=may_resend, is_answer=is_answer)
    after = next_state(state, Result(outcome, is_unreachable=is_unreachable), about)
    assert may_move(ATTEMPT_MOVES, state, after)
    if state in (AttemptState.SUCCEEDED, AttemptState.INVESTIGATE) and outcome not in (
        Outcome.SUCCEEDED, Outcome.DECLINED,
    ):  # fmt: skip
        assert after == state


@pytest.fixture
def payout(mara: Tenant) -> UUID:
    open_accounts()
    return sending(Attempt.objects.get(payout_ref=queue_payout("254708000001")))


def sending(attempt: Attempt) -> UUID:
    Attempt.objects.filter(id=attempt.id).update(state="sending", sends=1, sent_at=clock.now())
    return attempt.id


def told(attempt_id: UUID, result: Result, source: str = "answer") -> str:
    attempt = locked_attempt(attempt_id)
    learn(attempt, Lesson(result=result, source=source, actor=SYSTEM))
    return Attempt.objects.get(id=attempt_id).state


def test_what_nobody_heard_of_is_sent_again_under_its_key(payout: UUID) -> None:
    assert told(payout, LOST) == "unknown"
    assert told(payout, ABSENT, "callback") == "queued"


def test_what_was_acknowledged_is_never_sent_again(payout: UUID) -> None:
    assert told(payout, TAKEN) == "sent"
    assert told(payout, LOST, "system") == "unknown"
    assert told(payout, ABSENT, "callback") == "unknown"


def test_a_key_is_not_used_after_its_time(payout: UUID) -> None:
    told(payout, LOST)
    past = clock.now() - timedelta(seconds=1)
    Attempt.objects.filter(id=payout).update(key_valid_until=past)
    assert told(payout, ABSENT, "callback") == "unknown"


def test_a_request_leaves_five_times_at_most(payout: UUID) -> None:
    told(payout, LOST)
    Attempt.objects.filter(id=payout).update(sends=SENDS_MAX)
    assert told(payout, ABSENT, "callback") == "unknown"


def test_a_prompt_without_a_key_is_never_sent_again(mara: Tenant) -> None:
    open_accounts()
    receipt = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    attempt_id = sending(Attempt.objects.get(id=receipt.attempt_id))
    assert told(attempt_id, LOST) == "unknown"
    assert told(attempt_id, ABSENT, "query") == "unknown"


def test_a_prompt_that_the_provider_s_books_do_not_know_is_sent_again(mara: Tenant) -> None:
    open_accounts()
    receipt = services.start_collection(intent_id=new_intent("254708000001"), actor=SYSTEM)
    attempt_id = sending(Attempt.objects.get(id=receipt.attempt_id))
    proved = Result(
        Outcome.ABSENT, error=ProviderError("provider.absent", "", "", "no", "same_key")
    )
    assert told(attempt_id, LOST) == "unknown"
    assert told(attempt_id, proved, "query") == "queued"


def test_what_was_not_sent_five_times_has_failed(payout: UUID) -> None:
    for number in range(1, SENDS_MAX):
        assert told(payout, BUSY) == "not_sent"
        Attempt.objects.filter(id=payout).update(state="sending", sends=number + 1)
    assert told(payout, BUSY) == "failed"
    kept = Attempt.objects.get(id=payout)
    assert (kept.money_moved, kept.code) == ("no", "provider.rate_limited")
    assert kept.events.filter(kind="failed").count() == 1


def test_the_answer_after_the_verdict_only_adds_names(payout: UUID) -> None:
    refusal = ProviderError("customer.not_registered", "2040", "", "no", "never")
    assert told(payout, Result(Outcome.DECLINED, error=refusal), "callback") == "declined"
    assert told(payout, TAKEN) == "declined"
    kept = Attempt.objects.get(id=payout)
    assert kept.provider_refs == {"conversation_id": "AG_1"}
    assert kept.next_check_at is None


def test_checks_are_further_and_further_apart_and_end() -> None:
    now = clock.now()
    for direction, steps in ((Direction.IN, COLLECTION_CHECKS), (Direction.OUT, PAYOUT_CHECKS)):
        due = [next_check(direction, number, now) for number in range(len(steps) + 1)]
        assert due[-1] is None
        assert all(at is not None and at > now for at in due[:-1])


def test_a_token_needs_the_key_and_every_letter() -> None:
    tenant, attempt = new_id(), new_id()
    token = tokens.seal(tenant, attempt, b"key")
    assert tokens.unseal(token, [b"new key", b"key"]) == (tenant, attempt)
    for wrong in (token[:-1], f"{token}0", token.upper(), "", "é" * len(token)):
        with pytest.raises(UnknownCallback):
            tokens.unseal(wrong, [b"key"])
    with pytest.raises(UnknownCallback):
        tokens.unseal(token, [b"new key"])
    changed = ("1" if token[0] == "0" else "0") + token[1:]
    with pytest.raises(UnknownCallback):
        tokens.unseal(changed, [b"key"])


@given(st.uuids(), st.uuids(), st.binary(min_size=1, max_size=64))
def test_no_token_holds_a_word_that_daraja_refuses(tenant: UUID, attempt: UUID, key: bytes) -> None:
    token = tokens.seal(tenant, attempt, key)
    words = ("mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query")
    assert [word for word in words if word in token] == []


def test_a_short_reference_is_its_own_key_once() -> None:
    first, second = new_id(), new_id()
    assert short_key("ORD-1", 1, first, 12) == "ORD-1"
    assert short_key("ORD-1", 2, second, 12) != "ORD-1"
    long = [short_key("ORDER-2026-11-22-0001", 1, id, 12) for id in (first, second)]
    assert len(set(long)) == 2
    assert {len(key) for key in long} == {12}
