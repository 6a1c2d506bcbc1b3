"""From models to the frozen rows that leave this app. Phone numbers leave it masked."""

from __future__ import annotations

from apps.payments.domain.phones import HOLE
from apps.payments.domain.receipts import (
    AttemptRow,
    CallbackRow,
    EventRow,
    Exchange,
    IntentRow,
)
from apps.payments.domain.states import (
    AttemptState,
    CallbackState,
    Direction,
    IntentStatus,
    Operation,
)
from apps.payments.models import (
    Attempt,
    Callback,
    PaymentEvent,
    PaymentIntent,
    ProviderExchange,
)
from apps.payments.models.phone_numbers import shown_of
from apps.platform.money import Money


def intent_row(intent: PaymentIntent) -> IntentRow:
    """One payment intent."""
    return IntentRow(
        id=intent.id,
        reference=intent.reference,
        amount=Money(intent.amount_minor, intent.currency),
        authorised=Money(intent.authorised_minor, intent.currency),
        captured=Money(intent.captured_minor, intent.currency),
        refunded=Money(intent.refunded_minor, intent.currency),
        disputed=Money(intent.disputed_minor, intent.currency),
        capture_method=intent.capture_method,
        status=IntentStatus(intent.status),
        payer=shown_of(intent.payer_number),
        description=intent.description,
        created_at=intent.created_at,
        expires_at=intent.expires_at,
    )


def attempt_row(attempt: Attempt) -> AttemptRow:
    """One attempt; reads its provider account and its phone number, so select them along.

    M-Pesa ends its CheckoutRequestID with the payer's number, so references are masked as well.
    """
    shown = shown_of(attempt.phone_number)
    return AttemptRow(
        id=attempt.id,
        direction=Direction(attempt.direction),
        operation=Operation(attempt.operation),
        number=attempt.number,
        amount=Money(attempt.amount_minor, attempt.currency),
        phone=shown,
        state=AttemptState(attempt.state),
        provider_account=attempt.provider_account.label,
        provider_key=attempt.provider_key,
        provider_refs={
            name: str(value).replace(HOLE, f"*****{shown[-3:]}")
            for name, value in attempt.provider_refs.items()
        },
        code=attempt.code,
        provider_code=attempt.provider_code,
        message=attempt.message,
        money_moved=attempt.money_moved,
        retry=attempt.retry,
        created_at=attempt.created_at,
        sent_at=attempt.sent_at,
        acknowledged_at=attempt.acknowledged_at,
        finished_at=attempt.finished_at,
        unknown_since=attempt.unknown_since,
        next_check_at=attempt.next_check_at,
        checks=attempt.checks,
        unreachable_checks=attempt.unreachable_checks,
        sends=attempt.sends,
        held=attempt.held,
        route=attempt.route,
        intent_id=attempt.intent_id,
        payout_ref=attempt.payout_ref,
    )


def event_row(event: PaymentEvent) -> EventRow:
    """One fact."""
    return EventRow(
        id=event.id,
        kind=event.kind,
        facet=event.facet,
        source=event.source,
        amount=Money(event.amount_minor, event.currency),
        booked=Money(event.booked_minor, event.currency),
        fee_expected=Money(event.fee_expected_minor, event.currency),
        provider_reference=event.provider_reference,
        provider_time=event.provider_time,
        received_at=event.received_at,
        journal=event.journal_id,
        is_effective=event.is_effective,
        attempt_id=event.attempt_id,
        data=event.data,
    )


def callback_row(callback: Callback) -> CallbackRow:
    """One stored callback."""
    return CallbackRow(
        id=callback.id,
        kind=callback.kind,
        state=CallbackState(callback.state),
        received_at=callback.received_at,
        processed_at=callback.processed_at,
        duplicates=callback.duplicates,
        tries=callback.tries,
        remote_ip=callback.remote_ip or "",
        body_sha256=callback.body_sha256,
        last_error=callback.last_error,
        attempt_id=callback.attempt_id,
    )


def exchange_row(exchange: ProviderExchange) -> Exchange:
    """One request and its answer."""
    return Exchange(
        at=exchange.at,
        purpose=exchange.purpose,
        request=exchange.request,
        status=exchange.status,
        answer=exchange.answer,
        outcome=exchange.outcome,
    )
