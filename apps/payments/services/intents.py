"""Asking for payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.payments.domain import allocations
from apps.payments.domain.allocations import Allocation
from apps.payments.domain.merging import INTENT_FACET, RANKS, EventKind
from apps.payments.domain.receipts import IntentReceipt
from apps.payments.domain.states import COLLECTABLE, CaptureMethod, IntentStatus
from apps.payments.errors import (
    IdempotencyKeyReused,
    IntentNotCollectable,
    ReferenceTaken,
    UnknownIntent,
)
from apps.payments.events import (
    PaymentExpired,
)
from apps.payments.events.operations import (
    PaymentCancelled,
)
from apps.payments.models import PaymentEvent, PaymentIntent
from apps.payments.services.phone_numbers import kept_number
from apps.payments.services.projecting import project
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.events import record
from apps.platform.idempotency import fingerprint
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case

LIFETIME = timedelta(hours=24)
EXPIRY_BATCH = 200


@use_case("payments.create_payment_intent")
def create_payment_intent(  # noqa: PLR0913  the facts of an intent, each by name
    *,
    reference: str,
    amount: Money,
    allocation: Sequence[Allocation],
    description: str,
    idempotency_key: str,
    actor: Actor,
    payer_phone: str = "",
    metadata: Mapping[str, object] | None = None,
    payment_method: str = "",
    capture_method: CaptureMethod = CaptureMethod.AUTOMATIC,
    return_url: str = "",
) -> IntentReceipt:
    """Ask a payer for an amount, and say now whom it will belong to.

    The payer is a phone number, a payment method that a provider stored (its token), or whoever
    comes to the provider's page; then ``return_url`` is where the payer comes back to.

    ``allocation`` is credited when the money arrives; its legs add up to the amount. Asking again
    with the same key and facts returns the first receipt; the key with other facts, or the
    reference under another key, is refused and nothing is written.
    """
    allocations.checked(allocation, amount)
    payer = kept_number(payer_phone)
    legs = [{"account": leg.account, "amount_minor": leg.amount.minor} for leg in allocation]
    asked = fingerprint(
        reference, amount.minor, amount.currency, str(payer.id) if payer else "", legs,
        description, dict(metadata or {}),
        *[word for word in (payment_method, capture_method.value, return_url) if word],
    )  # fmt: skip
    first = _replayed(idempotency_key, asked)
    if first is not None:
        return first
    now = clock.now()
    draft = PaymentIntent(
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        payer_number=payer,
        payment_method=payment_method,
        capture_method=capture_method,
        return_url=return_url,
        allocation=legs,
        description=description,
        metadata=dict(metadata or {}),
        idempotency_key=idempotency_key,
        fingerprint=asked,
        created_by=str(actor),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return _write(draft)


def _write(draft: PaymentIntent) -> IntentReceipt:
    """Insert it; of two at once with one key, the second is a replay."""
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        first = _replayed(draft.idempotency_key, bytes(draft.fingerprint))
        if first is None:
            raise ReferenceTaken(reference=draft.reference) from None
        return first
    note = {"reference": draft.reference, "amount_minor": draft.amount_minor}
    audit.note(public_id("pi", draft.id), **note)
    return _receipt(draft)


def _replayed(key: str, asked: bytes) -> IntentReceipt | None:
    known = PaymentIntent.objects.filter(idempotency_key=key).first()
    if known is None:
        return None
    if bytes(known.fingerprint) != asked:
        raise IdempotencyKeyReused(key=key)
    audit.nothing_happened()
    return _receipt(known, is_replay=True)


def _receipt(intent: PaymentIntent, *, is_replay: bool = False) -> IntentReceipt:
    return IntentReceipt(
        intent_id=intent.id,
        reference=intent.reference,
        amount=Money(intent.amount_minor, intent.currency),
        status=IntentStatus(intent.status),
        is_replay=is_replay,
    )


def expire_intents(*, limit: int = EXPIRY_BATCH) -> int:
    """End intents whose time is over and for which nothing is under way. Returns how many."""
    due = PaymentIntent.objects.filter(
        status__in=COLLECTABLE, expires_at__lte=clock.now()
    ).values_list("id", flat=True)[:limit]
    return sum(_expire(intent_id=intent_id, actor=SYSTEM) for intent_id in due)


@use_case("payments.expire_intent")
def _expire(*, intent_id: UUID, actor: Actor) -> bool:
    intent = PaymentIntent.objects.select_for_update().get(id=intent_id)
    if intent.status not in COLLECTABLE:
        audit.nothing_happened()
        return False
    _end(intent, EventKind.EXPIRED, PaymentExpired, "system")
    return True


@use_case("payments.cancel_payment_intent")
def cancel_payment_intent(*, intent_id: UUID, actor: Actor) -> None:
    """Ask the payer no more. Cancelling again changes nothing.

    Refused with ``IntentNotCollectable`` while an attempt is under way or once money is held or
    has come: what is held is let go by ``void_payment``, what has come is refunded.
    """
    intent = PaymentIntent.objects.select_for_update().filter(id=intent_id).first()
    if intent is None:
        raise UnknownIntent(intent=public_id("pi", intent_id))
    if intent.status == IntentStatus.CANCELLED:
        audit.nothing_happened()
        return
    if intent.status not in COLLECTABLE:
        raise IntentNotCollectable(intent=public_id("pi", intent.id), status=intent.status)
    _end(intent, EventKind.CANCELLED, PaymentCancelled, "operator")


def _end(
    intent: PaymentIntent,
    kind: EventKind,
    told: type[PaymentExpired | PaymentCancelled],
    source: str,
) -> None:
    PaymentEvent.objects.create(
        id=new_id(),
        intent=intent,
        kind=kind,
        facet=INTENT_FACET,
        rank=RANKS[kind],
        currency=intent.currency,
        received_at=clock.now(),
        source=source,
        dedupe=f"{kind}:{intent.id}",
        is_effective=True,
    )
    project(intent)
    name = public_id("pi", intent.id)
    record(
        told(
            intent_id=name,
            reference=intent.reference,
            amount=Money(intent.amount_minor, intent.currency),
        ),
        aggregate=name,
        correlation=intent.reference,
    )
    audit.note(name)
