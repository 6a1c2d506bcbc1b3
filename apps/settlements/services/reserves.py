"""What is held back of a payee's money, and when it comes free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from apps.platform import clock
from apps.platform.tenant import current_tenant
from apps.settlements.domain import DisbursementState
from apps.settlements.models import Batch, Disbursement, Reserve


def reserves_of(payees: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """By payee: what is held until later, and what came free and no batch has taken yet."""
    today = clock.today(current_tenant().zone)
    rows = (
        _standing(payees)
        .order_by()
        .values("payee_id")
        .annotate(
            held=Sum("amount_minor", filter=Q(release_on__gt=today), default=0),
            free=Sum("amount_minor", filter=Q(release_on__lte=today, is_used=False), default=0),
        )
    )
    return {row["payee_id"]: (row["held"], row["free"]) for row in rows}


def hold_reserves(batch: Batch, held: Mapping[UUID, int], days: int) -> None:
    """Write what the batch holds back, and mark what came free as used by it."""
    today = clock.today(current_tenant().zone)
    _free(held, today).update(used_by=batch)
    Reserve.objects.bulk_create(
        Reserve(
            payee_id=payee_id,
            batch=batch,
            amount_minor=amount_minor,
            currency=batch.currency,
            release_on=today + timedelta(days=days),
            taken_at=batch.created_at,
        )
        for payee_id, amount_minor in held.items()
        if amount_minor
    )


def _line_of(batch: str) -> Exists:
    """A line of that batch for the reserve's payee: without it, nothing was held back or used."""
    lines = Disbursement.objects.filter(batch=OuterRef(batch), payee=OuterRef("payee"))
    return Exists(lines.exclude(state=DisbursementState.CANCELLED))


def _standing(payees: Iterable[UUID]) -> QuerySet[Reserve]:
    rows = Reserve.objects.filter(_line_of("batch"), payee__in=list(payees))
    return rows.annotate(is_used=_line_of("used_by"))


def _free(payees: Iterable[UUID], today: date) -> QuerySet[Reserve]:
    return _standing(payees).filter(~_line_of("used_by"), release_on__lte=today)
