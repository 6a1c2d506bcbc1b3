"""Asking for payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.payments.domain import allocations
from apps.payments.domain.allocations import Allocation
from apps.payments.domain.merging import INTENT_FACET, RANKS, EventKind
from apps.payments.domain.phones import msisdn
from apps.payments.domain.receipts import IntentReceipt
from apps.payments.domain.states import COLLECTABLE, IntentStatus
from apps.payments.errors import IdempotencyKeyReused, ReferenceTaken
from apps.payments.events import PaymentExpired
from apps.payments.models import PaymentEvent, PaymentIntent
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
    payer_phone: str,
    allocation: Sequence[Allocation],
    description: str,
    idempotency_key: str,
    actor: Actor,
    metadata: Mapping[str, object] | None = None,
) -> IntentReceipt:
    """Ask a payer for an amount, and say now whom it will belong to.

    ``allocation`` is credited when the money arrives; its legs add up to the amount. Asking again
    with the same key and facts returns the first receipt; the key with other facts, or the
    reference under another key, is refused and nothing is written.
    """
    allocations.checked(allocation, amount)
    phone = msisdn(payer_phone)
    legs = [{"account": leg.account, "amount_minor": leg.amount.minor} for leg in allocation]
    asked = fingerprint(
        reference, amount.minor, amount.currency, phone, legs, description, dict(metadata or {})
    )
    first = _replayed(idempotency_key, asked)
    if first is not None:
        return first
    now = clock.now()
    draft = PaymentIntent(
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        payer_phone=phone,
        allocation=legs,
        description=description,
        metadata=dict(metadata or {}),
        idempotency_key=idempotency_key,
        fingerprint=asked,
        created_by=str(actor),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError:
        first = _replayed(idempotency_key, asked)
        if first is None:
            raise ReferenceTaken(reference=reference) from None
        return first
    audit.note(public_id("pi", draft.id), reference=reference, amount_minor=amount.minor)
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
    PaymentEvent.objects.create(
        id=new_id(),
        intent=intent,
        kind=EventKind.EXPIRED,
        facet=INTENT_FACET,
        rank=RANKS[EventKind.EXPIRED],
        currency=intent.currency,
        received_at=clock.now(),
        source="system",
        dedupe=f"expired:{intent.id}",
        is_effective=True,
    )
    project(intent)
    name = public_id("pi", intent.id)
    record(
        PaymentExpired(
            intent_id=name,
            reference=intent.reference,
            amount=Money(intent.amount_minor, intent.currency),
        ),
        aggregate=name,
        correlation=intent.reference,
    )
    audit.note(name)
    return True
