"""News of payments, to the outbox: one event per fact."""

from __future__ import annotations

from apps.payments.connectors.registry import connector
from apps.payments.domain.phones import masked
from apps.payments.domain.states import AttemptState, Direction
from apps.payments.events import (
    PaymentAmountDiffers,
    PaymentCaptured,
    PaymentFailed,
    PaymentUnknown,
    PayoutFailed,
    PayoutPaid,
    PayoutUnknown,
)
from apps.payments.models import Attempt, PaymentIntent
from apps.platform.events import Event, record
from apps.platform.ids import public_id
from apps.platform.money import Money

_BAD_ENDS = (AttemptState.DECLINED, AttemptState.FAILED)


def announce_arrival(attempt: Attempt, paid: Money, reference: str, *, is_first: bool) -> None:
    """Money has arrived. ``payment_captured`` only for the payment that settles the intent."""
    intent = intent_of(attempt)
    asked = Money(intent.amount_minor, intent.currency)
    name = public_id("pi", intent.id)
    if is_first and paid.minor >= asked.minor:
        _say(
            PaymentCaptured(
                intent_id=name,
                reference=intent.reference,
                amount=paid,
                provider_reference=reference,
                payer_masked=masked(attempt.phone),
                provider_account=attempt.provider_account.label,
                expected_fee=expected_fee(attempt, paid),
            ),
            attempt,
        )
    if not is_first or paid != asked:
        announce_difference(attempt, paid, reference)


def announce_difference(attempt: Attempt, paid: Money, reference: str) -> None:
    """What this attempt brought is not what was asked, or comes on top of it."""
    intent = intent_of(attempt)
    _say(
        PaymentAmountDiffers(
            intent_id=public_id("pi", intent.id),
            reference=intent.reference,
            asked=Money(intent.amount_minor, intent.currency),
            paid=paid,
            provider_reference=reference,
        ),
        attempt,
    )


def announce_payout(attempt: Attempt, paid: Money, reference: str) -> None:
    """A payout has reached its beneficiary."""
    _say(
        PayoutPaid(
            payout_ref=str(attempt.payout_ref),
            attempt_id=public_id("att", attempt.id),
            amount=paid,
            provider_reference=reference,
            provider_account=attempt.provider_account.label,
            expected_fee=expected_fee(attempt, paid),
        ),
        attempt,
    )


def announce_move(attempt: Attempt, before: AttemptState) -> None:
    """The attempt has failed or become unknown; other moves are nobody else's business."""
    after = AttemptState(attempt.state)
    if after == before:
        return
    if after in _BAD_ENDS:
        _say(_failure(attempt), attempt)
    elif after == AttemptState.UNKNOWN:
        _say(_unknown(attempt), attempt)


def expected_fee(attempt: Attempt, amount: Money) -> Money | None:
    """What the provider should charge by the account's tariff; nothing when there is none."""
    account = attempt.provider_account
    tariff = connector(account.connector).tariff(account.config)
    if tariff is None:
        return None
    is_in = attempt.direction == Direction.IN
    return tariff.pay_in_fee(amount) if is_in else tariff.payout_fee(amount)


def _failure(attempt: Attempt) -> PaymentFailed | PayoutFailed:
    amount = Money(attempt.amount_minor, attempt.currency)
    if attempt.intent is None:
        return PayoutFailed(
            payout_ref=str(attempt.payout_ref),
            attempt_id=public_id("att", attempt.id),
            amount=amount,
            code=attempt.code,
            reason=attempt.message,
        )
    return PaymentFailed(
        intent_id=public_id("pi", attempt.intent.id),
        reference=attempt.intent.reference,
        amount=amount,
        code=attempt.code,
        reason=attempt.message,
    )


def _unknown(attempt: Attempt) -> PaymentUnknown | PayoutUnknown:
    amount = Money(attempt.amount_minor, attempt.currency)
    if attempt.intent is None:
        return PayoutUnknown(
            payout_ref=str(attempt.payout_ref),
            attempt_id=public_id("att", attempt.id),
            amount=amount,
            code=attempt.code,
        )
    return PaymentUnknown(
        intent_id=public_id("pi", attempt.intent.id),
        reference=attempt.intent.reference,
        amount=amount,
        code=attempt.code,
    )


def _say(event: Event, attempt: Attempt) -> None:
    intent = attempt.intent
    aggregate = public_id("pi", intent.id) if intent else public_id("att", attempt.id)
    correlation = intent.reference if intent else str(attempt.payout_ref)
    record(event, aggregate=aggregate, correlation=correlation)


def intent_of(attempt: Attempt) -> PaymentIntent:
    """The intent of a pay-in."""
    if attempt.intent is None:  # the constraint says that every pay-in has one
        raise ValueError("a payout has no intent")
    return attempt.intent
