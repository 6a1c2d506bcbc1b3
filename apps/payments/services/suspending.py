"""Letting nothing leave for a provider: by its own troubles, and by hand."""

from __future__ import annotations

from django.db import transaction

from apps.payments.connectors.base import Result
from apps.payments.domain.states import Operation
from apps.payments.errors import (
    NotStopped,
    OperationNotOffered,
    StopReasonMissing,
    UnknownProviderAccount,
)
from apps.payments.events import ProviderRecovered, ProviderSuspended
from apps.payments.models import Attempt, ProviderAccount, ProviderStop
from apps.payments.services.accounts import capabilities_of
from apps.payments.services.breakers import count_call, forget_calls
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake

SEND_TASK = "payments.send_due_attempts"


def note_call(attempt: Attempt, result: Result) -> None:
    """Count what a request came to; news when that suspends the provider or brings it back."""
    operation = Operation(attempt.operation)
    change = count_call(attempt.provider_account_id, operation, result)
    if not change:
        return
    account = ProviderAccount.objects.select_for_update().get(id=attempt.provider_account_id)
    event = ProviderSuspended if change == "opened" else ProviderRecovered
    record(
        event(provider_account=account.label, operation=operation),
        aggregate=public_id("pacc", account.id),
    )


@use_case("payments.stop_provider")
def stop_provider(
    *, provider_account: str, operation: Operation, reason: str, actor: Actor
) -> None:
    """Let nothing leave for this operation of the account until somebody resumes it.

    What is queued waits; what has left is asked about as always. Stopping what is stopped changes
    nothing. ``UnknownProviderAccount``, ``OperationNotOffered``, ``StopReasonMissing``.
    """
    if not reason.strip():
        raise StopReasonMissing
    account = _locked(provider_account)
    if operation not in capabilities_of(account).operations:
        raise OperationNotOffered(account=provider_account, operation=operation)
    if ProviderStop.objects.filter(
        provider_account=account, operation=operation, ended_at=None
    ).exists():
        audit.nothing_happened()
        return
    ProviderStop.objects.create(
        provider_account=account,
        operation=operation,
        reason=reason.strip(),
        stopped_by=str(actor),
        stopped_at=clock.now(),
    )
    audit.note(provider_account, operation=operation, reason=reason)


@use_case("payments.resume_provider")
def resume_provider(*, provider_account: str, operation: Operation, actor: Actor) -> None:
    """End a stop; what waits leaves now. ``NotStopped`` when there is none."""
    account = _locked(provider_account)
    stop = (
        ProviderStop.objects.select_for_update()
        .filter(provider_account=account, operation=operation, ended_at=None)
        .first()
    )
    if stop is None:
        raise NotStopped(account=provider_account, operation=operation)
    stop.ended_by, stop.ended_at = str(actor), clock.now()
    stop.save()
    wake(SEND_TASK)
    audit.note(provider_account, operation=operation)


@use_case("payments.trust_provider")
def trust_provider(*, provider_account: str, operation: Operation, actor: Actor) -> None:
    """Close the circuit breaker by hand: requests leave at once and troubles are counted anew."""
    account = _locked(provider_account)
    Attempt.objects.filter(
        provider_account=account, operation=operation, next_send_at__isnull=False
    ).exclude(held="").update(next_send_at=clock.now(), held="")
    transaction.on_commit(lambda: forget_calls(account.id, operation))
    wake(SEND_TASK)
    audit.note(provider_account, operation=operation)


def _locked(label: str) -> ProviderAccount:
    account = ProviderAccount.objects.select_for_update().filter(label=label).first()
    if account is None:
        raise UnknownProviderAccount(account=label)
    return account
