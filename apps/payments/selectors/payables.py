"""The payments that a pay-in may be meant for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db.models import CharField, F, Func, Q

from apps.payments.domain.pay_ins import AROUND, PAYABLE, Paid, Payable, folded
from apps.payments.domain.states import IntentStatus, Operation
from apps.payments.models import Attempt, PaymentIntent
from apps.platform.money import Money

NAMED_MAX = 20
AROUND_MAX = 200


def payable_of(intent: PaymentIntent, keys: Iterable[str] = ()) -> Payable:
    """A payment as matching sees it."""
    return Payable(
        id=intent.id,
        reference=intent.reference,
        asked=Money(intent.amount_minor, intent.currency),
        status=IntentStatus(intent.status),
        phone=intent.payer_phone,
        description=intent.description,
        created_at=intent.created_at,
        keys=frozenset(keys),
    )


def payables_named(account_reference: str, currency: str) -> list[Payable]:
    """Payments in any state whose reference could be read as this one: one indexed look-up."""
    wanted = folded(account_reference)
    if not wanted:
        return []
    spelt = Func(F("reference"), function="payments_folded_reference_v1", output_field=CharField())
    found = (
        PaymentIntent.objects.select_related("payer_number")
        .alias(folded=spelt)
        .filter(folded=wanted, currency=currency)
    )
    return [payable_of(intent) for intent in found.order_by("-id")[:NAMED_MAX]]


def payables_around(paid: Paid) -> list[Payable]:
    """Payments by reference, by what they were called at the provider, and open ones of that
    amount asked for at about that time.
    """
    keys = _keys(paid.account_reference)
    about = Q(
        status__in=PAYABLE,
        amount_minor=paid.amount.minor,
        created_at__gte=paid.paid_at - AROUND,
        created_at__lte=paid.paid_at + AROUND,
    )
    found = (
        PaymentIntent.objects.select_related("payer_number")
        .filter(Q(id__in=list(keys)) | about, currency=paid.amount.currency)
        .order_by("-id")[:AROUND_MAX]
    )
    payables = {intent.id: payable_of(intent, keys.get(intent.id, ())) for intent in found}
    for payable in payables_named(paid.account_reference, paid.amount.currency):
        payables.setdefault(payable.id, payable)
    return list(payables.values())


def _keys(account_reference: str) -> dict[UUID, set[str]]:
    """Payments with an attempt that went by this reference at its provider."""
    keys: dict[UUID, set[str]] = defaultdict(set)
    rows = Attempt.objects.filter(
        provider_key=account_reference.strip().upper(), operation=Operation.PURCHASE
    ).values_list("intent_id", "provider_key")
    for intent_id, key in rows[:NAMED_MAX]:
        if intent_id is not None:
            keys[intent_id].add(key)
    return keys
