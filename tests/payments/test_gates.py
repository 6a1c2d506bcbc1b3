"""What holds requests back: the circuit breaker, the provider's pace, and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import Error, transaction
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.payments import selectors, services
from apps.payments.connectors.base import ProviderError, Result
from apps.payments.domain.breaking import CALLS_LEAST, TRIALS, BreakerState
from apps.payments.domain.states import Operation, Outcome
from apps.payments.errors import NotStopped, OperationNotOffered, StopReasonMissing
from apps.payments.models import Attempt, ProviderAccount, ProviderStop
from apps.payments.selectors import breakers as readings
from apps.payments.services import breakers, sending
from apps.payments.services.breakers import count_call, forget_calls, held_until
from apps.payments.services.suspending import note_call
from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.tenancy.models import Tenant
from tests.payments.books import open_accounts
from tests.payments.world import COLLECTIONS, new_intent

Later = Callable[[float], None]
FINE = Result(Outcome.ACCEPTED)
PAYER_REFUSED = Result(
    Outcome.DECLINED, error=ProviderError("customer.cancelled", "1032", "", "no", "new_attempt")
)
OUTAGE = Result(Outcome.NOT_SENT, error=ProviderError("provider.outage", "", "", "no", "same_key"))
TOO_FAST = Result(
    Outcome.NOT_SENT, error=ProviderError("provider.rate_limited", "", "", "no", "same_key")
)
STK = Operation.PURCHASE


@pytest.fixture
def account(mara: Tenant) -> Iterator[ProviderAccount]:
    open_accounts()
    account = ProviderAccount.objects.get(label=COLLECTIONS)
    yield account
    forget_calls(account.id, STK)


def state_of(account: ProviderAccount) -> BreakerState:
    return selectors.breaker_reading(account.id, STK).state


def many(account: ProviderAccount, result: Result, times: int) -> list[str]:
    return [count_call(account.id, STK, result) for _ in range(times)]


def test_half_of_enough_calls_in_trouble_open_it_and_good_trials_close_it(
    account: ProviderAccount, later: Later
) -> None:
    half = CALLS_LEAST // 2
    assert set(many(account, PAYER_REFUSED, half)) == {""}
    assert many(account, OUTAGE, half) == [*[""] * (half - 1), "opened"]
    until = held_until(account.id, STK)
    assert until is not None
    assert state_of(account) == BreakerState.OPEN
    later((until - clock.now()).total_seconds() + 0.1)
    assert [held_until(account.id, STK) is None for _ in range(TRIALS + 1)] == [
        *[True] * TRIALS,
        False,
    ]
    assert state_of(account) == BreakerState.TRYING
    assert many(account, FINE, TRIALS) == [*[""] * (TRIALS - 1), "closed"]
    assert held_until(account.id, STK) is None


def test_a_bad_trial_doubles_the_pause(account: ProviderAccount, later: Later) -> None:
    many(account, OUTAGE, CALLS_LEAST)
    pauses = []
    for _ in range(3):
        until = held_until(account.id, STK)
        assert until is not None
        pauses.append(round((until - clock.now()).total_seconds()))
        later(pauses[-1] + 1)
        assert held_until(account.id, STK) is None
        many(account, OUTAGE, 1)
    assert pauses == [30, 60, 120]


@pytest.mark.parametrize("result", [FINE, PAYER_REFUSED, TOO_FAST], ids=str)
def test_what_the_provider_does_not_suffer_from_never_opens_it(
    account: ProviderAccount, result: Result
) -> None:
    assert set(many(account, result, 3 * CALLS_LEAST)) == {""}


def test_trouble_of_long_ago_is_forgotten(account: ProviderAccount, later: Later) -> None:
    many(account, OUTAGE, CALLS_LEAST - 1)
    later(70)
    assert many(account, OUTAGE, 1) == [""]
    assert selectors.breaker_reading(account.id, STK).calls == 1


def test_redis_away_holds_nothing_back(account: ProviderAccount) -> None:
    nobody = Redis(port=1, retry=Retry(NoBackoff(), 0))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(breakers, "breaker_store", lambda: nobody)
        patched.setattr(readings, "breaker_store", lambda: nobody)
        assert held_until(account.id, STK) is None
        assert count_call(account.id, STK, OUTAGE) == ""
        assert selectors.provider_health()[0].breaker is None
        assert selectors.suspended_count() == 0


def queued(account: ProviderAccount) -> Attempt:
    intent = new_intent("254708000001")
    receipt = services.start_collection(intent_id=intent, actor=SYSTEM)
    return Attempt.objects.get(id=receipt.attempt_id)


def sent(attempt: Attempt) -> bool:
    """Whether a worker that sends now takes the attempt."""
    taken = sending._claim()
    attempt.refresh_from_db()
    return taken is not None


def test_while_it_is_open_requests_wait_and_say_why(account: ProviderAccount) -> None:
    attempt = queued(account)
    many(account, OUTAGE, CALLS_LEAST)
    assert not sent(attempt)
    assert (attempt.state, attempt.sends) == ("queued", 0)
    assert "trouble" in attempt.held
    assert attempt.next_send_at is not None
    assert attempt.next_send_at > clock.now()
    services.trust_provider(provider_account=account.label, operation=STK, actor=SYSTEM)
    forget_calls(account.id, STK)  # what the commit would do
    attempt.refresh_from_db()
    assert sent(attempt)
    assert (attempt.state, attempt.held) == ("sending", "")


def test_more_than_the_agreed_pace_waits(account: ProviderAccount) -> None:
    ProviderAccount.objects.filter(id=account.id).update(
        config={**account.config, "sends_per_second": 2}
    )
    attempts = [queued(account) for _ in range(4)]
    taken = [sent(attempt) for attempt in attempts]
    assert taken.count(True) == 2
    assert [a.held for a in attempts if a.state == "queued"] == [
        "2 requests a second are allowed."
    ] * 2


def test_people_stop_and_resume(account: ProviderAccount) -> None:
    attempt = queued(account)
    about = {"provider_account": account.label, "operation": STK, "actor": SYSTEM}
    with pytest.raises(StopReasonMissing):
        services.stop_provider(reason="  ", **about)  # type: ignore[arg-type]
    with pytest.raises(OperationNotOffered):
        services.stop_provider(
            provider_account=account.label, operation=Operation.PAYOUT, reason="x", actor=SYSTEM
        )
    services.stop_provider(reason="Safaricom has announced works", **about)  # type: ignore[arg-type]
    services.stop_provider(reason="again", **about)  # type: ignore[arg-type]
    assert ProviderStop.objects.count() == 1
    assert not sent(attempt)
    services.resume_provider(**about)  # type: ignore[arg-type]
    assert sent(attempt)
    with pytest.raises(NotStopped):
        services.resume_provider(**about)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"reason": "another"}, {"ended_by": "x", "ended_at": None}])
def test_a_stop_is_not_rewritten(account: ProviderAccount, change: dict[str, str]) -> None:
    stop = ProviderStop.objects.create(
        id=new_id(), provider_account=account, operation=STK, reason="r", stopped_by="b",
        stopped_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(Error), transaction.atomic():
        ProviderStop.objects.filter(id=stop.id).update(**change)
    with pytest.raises(Error), transaction.atomic():
        ProviderStop.objects.filter(id=stop.id).delete()


def test_opening_and_closing_are_news(account: ProviderAccount, later: Later) -> None:
    attempt = queued(account)
    for _ in range(CALLS_LEAST):
        note_call(attempt, OUTAGE)
    later(31)
    assert held_until(account.id, STK) is None
    for _ in range(TRIALS):
        note_call(attempt, FINE)
    names = OutboxMessage.objects.filter(name__startswith="payments.provider_").values_list(
        "name", flat=True
    )
    assert list(names.order_by("sequence")) == [
        "payments.provider_suspended",
        "payments.provider_recovered",
    ]
