"""News of payments, to the outbox: one event per fact."""

from __future__ import annotations

from collections.abc import Mapping

from apps.payments.connectors.base import ProviderFact
from apps.payments.connectors.registry import connector
from apps.payments.domain.merging import EventKind
from apps.payments.domain.states import CHARGES, AttemptState, Direction, Operation
from apps.payments.events import (
    PaymentAmountDiffers,
    PaymentCaptured,
    PaymentFailed,
    PaymentUnknown,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutUnknown,
)
from apps.payments.events.operations import (
    PaymentActionRequired,
    PaymentAuthorised,
    PaymentPartlyCaptured,
    PaymentVoided,
    RefundPaid,
    RefundReversed,
)
from apps.payments.models import Attempt, PaymentIntent
from apps.payments.models.phone_numbers import shown_of
from apps.platform.events import Event, record
from apps.platform.ids import public_id
from apps.platform.money import Money

#: What is told of a fact that moves no money: by operation and kind, or by kind alone.
_TURNS: Mapping[tuple[str, EventKind], type] = {
    (Operation.AUTHORISE, EventKind.SUCCEEDED): PaymentAuthorised,
    (Operation.AUTHORISE, EventKind.REVERSED): PaymentVoided,
    (Operation.VOID, EventKind.SUCCEEDED): PaymentVoided,
    ("", EventKind.ACTION_REQUIRED): PaymentActionRequired,
}
_BAD_ENDS = (AttemptState.DECLINED, AttemptState.FAILED)


def announce_arrival(attempt: Attempt, paid: Money, reference: str, *, is_first: bool) -> None:
    """Money has arrived. ``payment_captured`` only for the payment that settles the intent."""
    intent = intent_of(attempt)
    asked = Money(intent.amount_minor, intent.currency)
    if is_first and paid.minor >= asked.minor:
        _captured(attempt, paid, reference)
    if not is_first or paid != asked:
        announce_difference(attempt, paid, reference)


def _captured(attempt: Attempt, paid: Money, reference: str) -> None:
    intent = intent_of(attempt)
    _say(
        PaymentCaptured(
            intent_id=public_id("pi", intent.id),
            reference=intent.reference,
            amount=paid,
            provider_reference=reference,
            payer_masked=shown_of(attempt.phone_number),
            provider_account=attempt.provider_account.label,
            expected_fee=expected_fee(attempt, paid),
        ),
        attempt,
    )


def announce_accepted(attempt: Attempt, paid: Money, reference: str) -> None:
    """People accepted money that had strayed: the payment has all it asked for."""
    _captured(attempt, paid, reference)


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


def announce_return(attempt: Attempt, came: Money, reference: str) -> None:
    """A payout that had been paid came back."""
    _say(
        PayoutReturned(
            payout_ref=str(attempt.payout_ref),
            attempt_id=public_id("att", attempt.id),
            amount=came,
            reason=attempt.message,
            provider_reference=reference,
            provider_account=attempt.provider_account.label,
        ),
        attempt,
    )


def announce_refund(attempt: Attempt, added: Money, reference: str) -> None:
    """A refund has reached the payer, or came back after it had."""
    intent = intent_of(attempt)
    told = RefundPaid if added.minor > 0 else RefundReversed
    _say(
        told(
            refund_id=public_id("rf", attempt.refund.id),
            intent_id=public_id("pi", intent.id),
            reference=intent.reference,
            amount=abs(added),
            provider_reference=reference,
            provider_account=attempt.provider_account.label,
        ),
        attempt,
    )


def announce_capture(attempt: Attempt, taken: Money, reference: str) -> None:
    """Held money was taken. ``payment_captured`` when all that was asked for has come."""
    intent = intent_of(attempt)
    if intent.captured_minor >= intent.amount_minor > intent.captured_minor - taken.minor:
        _captured(attempt, Money(intent.captured_minor, intent.currency), reference)
    else:
        _say(
            PaymentPartlyCaptured(
                intent_id=public_id("pi", intent.id),
                reference=intent.reference,
                amount=taken,
                captured=Money(intent.captured_minor, intent.currency),
                provider_reference=reference,
                provider_account=attempt.provider_account.label,
                expected_fee=expected_fee(attempt, taken),
            ),
            attempt,
        )


def announce_turn(attempt: Attempt, fact: ProviderFact) -> None:
    """Nothing moved, but whose turn it is, or what is held, did change."""
    kind = _TURNS.get((attempt.operation, fact.kind)) or _TURNS.get(("", fact.kind))
    if kind is None:
        return
    intent = intent_of(attempt)
    _say(
        kind(
            intent_id=public_id("pi", intent.id),
            reference=intent.reference,
            amount=fact.amount or Money(attempt.amount_minor, attempt.currency),
            provider_account=attempt.provider_account.label,
        ),
        attempt,
    )


def announce_move(attempt: Attempt, before: AttemptState) -> None:
    """The attempt has failed or become unknown; other moves are nobody else's business."""
    after = AttemptState(attempt.state)
    if after == before or attempt.operation not in (*CHARGES, Operation.PAYOUT):
        return
    if attempt.is_return:  # told as news of the pay-in
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
