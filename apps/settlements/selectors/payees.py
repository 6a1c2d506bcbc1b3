"""Payees with their present payout details."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

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
    ledger_account: str
    currency: str


def payees(*, kind: str = "", limit: int = ROWS_MAX) -> list[PayeeRow]:
    """Payees by reference, of one kind if given."""
    rows = Payee.objects.prefetch_related("beneficiaries").order_by("reference")
    if kind:
        rows = rows.filter(kind=kind)
    return [
        PayeeRow(
            id=row.id,
            reference=row.reference,
            name=row.name,
            kind=row.kind,
            phone=max(row.beneficiaries.all(), key=lambda b: b.version).phone,
            ledger_account=row.ledger_account,
            currency=row.currency,
        )
        for row in rows[: min(limit, ROWS_MAX)]
    ]
