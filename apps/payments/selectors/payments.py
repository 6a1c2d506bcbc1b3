"""Reading payments and payouts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.payments.connectors.registry import file_rails
from apps.payments.domain.allocations import Allocation
from apps.payments.domain.phones import msisdn
from apps.payments.domain.receipts import (
    AttemptRow,
    CallbackRow,
    EventRow,
    IntentRow,
    PaymentView,
    PayoutOutcome,
)
from apps.payments.domain.states import (
    CHARGES,
    CHECKABLE,
    SENDABLE,
    AttemptState,
    IntentStatus,
)
from apps.payments.errors import UnknownCallback, UnknownIntent
from apps.payments.models import (
    Attempt,
    Callback,
    PaymentIntent,
    ProviderExchange,
)
from apps.payments.models.phone_numbers import blind_indexes
from apps.payments.selectors.contexts import stale_before
from apps.payments.selectors.rows import (
    attempt_row,
    callback_row,
    event_row,
    exchange_row,
    intent_row,
)
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.money import Money

EVIDENCE_MAX = 500
QUEUE_MAX = 200


def intents(
    *, status: str = "", reference: str = "", payer_phone: str = ""
) -> QuerySet[PaymentIntent]:
    """Payment intents, to be paged by this app's own entry points.

    A payer's number is found by its blind index: no number is opened to compare it.
    """
    found = PaymentIntent.objects.select_related("payer_number")
    if payer_phone:
        marks = blind_indexes(msisdn(payer_phone))
        found = found.filter(payer_number__blind_index__in=marks)
    if status:
        found = found.filter(status=status)
    return found.filter(reference=reference) if reference else found


def payment(intent_id: UUID) -> PaymentView:
    """Everything known about one payment, or ``UnknownIntent``: the evidence view."""
    intent = _intent(intent_id)
    attempts = intent.attempts.select_related("provider_account", "phone_number").order_by("number")
    callbacks = Callback.objects.filter(attempt__intent=intent).defer("body")
    exchanges = ProviderExchange.objects.filter(attempt__intent=intent)
    return PaymentView(
        intent=intent_row(intent),
        action=_action(intent),
        allocation=tuple(
            Allocation(leg["account"], Money(leg["amount_minor"], intent.currency))
            for leg in intent.allocation
        ),
        metadata=intent.metadata,
        attempts=tuple(attempt_row(attempt) for attempt in attempts),
        events=tuple(intent_events(intent_id)),
        callbacks=tuple(
            callback_row(row) for row in callbacks.order_by("received_at", "id")[:EVIDENCE_MAX]
        ),
        exchanges=tuple(exchange_row(row) for row in exchanges.order_by("at", "id")[:EVIDENCE_MAX]),
    )


def _action(intent: PaymentIntent) -> dict[str, object]:
    if intent.status != IntentStatus.REQUIRES_ACTION:
        return {}
    waiting = intent.attempts.filter(operation__in=CHARGES, state__in=CHECKABLE)
    last = waiting.order_by("-number").first()
    return dict(last.action) if last else {}


def intent_events(intent_id: UUID) -> list[EventRow]:
    """The facts about one payment, in the order we learnt them."""
    events = _intent(intent_id).events.order_by("received_at", "id")
    return [event_row(event) for event in events[:EVIDENCE_MAX]]


def intent_by_reference(reference: str) -> IntentRow | None:
    """The payment of that reference, if there is one."""
    found = PaymentIntent.objects.filter(reference=reference).first()
    return intent_row(found) if found else None


def attempt_for(payout_ref: UUID) -> AttemptRow | None:
    """The last attempt of a payout, if there is one."""
    attempt = _payouts(payout_ref).first()
    return attempt_row(attempt) if attempt else None


def payout_outcome(*, payout_ref: UUID) -> PayoutOutcome:
    """What became of a payout. One that was never asked for is ``failed``: nothing left us."""
    attempt = _payouts(payout_ref).first()
    if attempt is None:
        return PayoutOutcome(AttemptState.FAILED, "", "request.never_made")
    paid = attempt.events.filter(booked_minor__gt=0).first()
    return PayoutOutcome(
        state=AttemptState(attempt.state),
        provider_reference=paid.provider_reference if paid else "",
        code=attempt.code,
    )


def unknown_attempts(*, older_than: datetime | None = None) -> list[AttemptRow]:
    """Attempts of unknown outcome and those under investigation, the oldest first."""
    found = Attempt.objects.filter(
        state__in=[AttemptState.UNKNOWN, AttemptState.INVESTIGATE]
    ).select_related("provider_account", "phone_number")
    if older_than is not None:
        found = found.filter(Q(unknown_since__lt=older_than) | Q(unknown_since=None))
    return [attempt_row(attempt) for attempt in found.order_by("unknown_since")[:QUEUE_MAX]]


def unknown_count() -> int:
    """How many outcomes nobody knows."""
    return Attempt.objects.filter(
        state__in=[AttemptState.UNKNOWN, AttemptState.INVESTIGATE]
    ).count()


def callback(callback_id: UUID) -> CallbackRow:
    """One stored callback, or ``UnknownCallback``."""
    found = Callback.objects.filter(id=callback_id).defer("body").first()
    if found is None:
        raise UnknownCallback
    return callback_row(found)


def has_due_sends() -> bool:
    """True if something is waiting to be sent."""
    return (
        Attempt.objects.filter(state__in=SENDABLE, next_send_at__lte=clock.now())
        .exclude(provider_account__connector__in=file_rails())
        .exists()
    )


def has_due_checks() -> bool:
    """True if something is to be asked about, or was left half-sent."""
    now = clock.now()
    is_due = Q(state__in=CHECKABLE, next_check_at__lte=now)
    is_stale = Q(state=AttemptState.SENDING, sent_at__lt=stale_before(now))
    return (
        Attempt.objects.filter(is_due | is_stale)
        .exclude(provider_account__connector__in=file_rails())
        .exists()
    )


def _intent(intent_id: UUID) -> PaymentIntent:
    found = PaymentIntent.objects.filter(id=intent_id).first()
    if found is None:
        raise UnknownIntent(intent=public_id("pi", intent_id))
    return found


def _payouts(payout_ref: UUID) -> QuerySet[Attempt]:
    rows = Attempt.objects.filter(payout_ref=payout_ref).select_related(
        "provider_account", "phone_number"
    )
    return rows.order_by("-number")
