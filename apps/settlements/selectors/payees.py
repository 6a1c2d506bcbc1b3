"""Payees with their present payout details."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.settlements.models import Payee

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeRow:
    """A payee. ``phone`` is of the newest version of the details."""

    id: UUID
    reference: str
    name: str
    kind: str
    phone: str
    version: int
    ledger_account: str
    currency: str
    created_at: datetime


def payees(*, kind: str = "", limit: int = ROWS_MAX) -> list[PayeeRow]:
    """Payees by reference, of one kind if given."""
    rows = payees_with_details().order_by("reference")
    if kind:
        rows = rows.filter(kind=kind)
    return [payee_row(row) for row in rows[: min(limit, ROWS_MAX)]]


def payees_with_details() -> QuerySet[Payee]:
    """Payees with all that ``payee_row`` reads."""
    return Payee.objects.prefetch_related("beneficiaries")


def payee_row(row: Payee) -> PayeeRow:
    """The row of a model that was read with its details."""
    newest = max(row.beneficiaries.all(), key=lambda one: one.version)
    return PayeeRow(
        id=row.id,
        reference=row.reference,
        name=row.name,
        kind=row.kind,
        phone=newest.phone,
        version=newest.version,
        ledger_account=row.ledger_account,
        currency=row.currency,
        created_at=row.created_at,
    )
