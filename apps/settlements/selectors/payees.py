"""Payees with their present payout details."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.platform import clock
from apps.settlements.domain import DetailsState, PayoutDetails
from apps.settlements.domain.payee_files import RowProblem
from apps.settlements.models import Payee, PayeeFile
from apps.settlements.selectors.details import newest_verified, state_of

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeRow:
    """A payee with the version of the details money goes to, or the newest while there is none."""

    id: UUID
    reference: str
    name: str
    kind: str
    details: PayoutDetails
    details_state: DetailsState
    has_undecided: bool
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
    return Payee.objects.prefetch_related("beneficiaries__decisions")


def payee(*, payee_id: UUID) -> PayeeRow | None:
    """One payee, or nothing."""
    row = payees_with_details().filter(id=payee_id).first()
    return payee_row(row) if row is not None else None


def payee_row(row: Payee) -> PayeeRow:
    """The row of a model that was read with its details."""
    versions = sorted(row.beneficiaries.all(), key=lambda one: one.version)
    verified = newest_verified(versions)
    shown = next((one for one in versions if one.version == verified), versions[-1])
    return PayeeRow(
        id=row.id,
        reference=row.reference,
        name=row.name,
        kind=row.kind,
        details=shown.details,
        details_state=state_of(shown, verified, at=clock.now()),
        has_undecided=any(not one.decisions.all() for one in versions),
        version=shown.version,
        ledger_account=row.ledger_account,
        currency=row.currency,
        created_at=row.created_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeFileRow:
    """A file of payees as it was read, with what is wrong in the rows that were left out."""

    id: UUID
    name: str
    sha256: str
    rows: int
    added: int
    changed: int
    unchanged: int
    problems: tuple[RowProblem, ...]
    imported_at: datetime
    imported_by: str


def payee_file(*, file_id: UUID) -> PayeeFileRow | None:
    """One file, or nothing."""
    row = PayeeFile.objects.filter(id=file_id).first()
    return _file_row(row) if row is not None else None


def _file_row(row: PayeeFile) -> PayeeFileRow:
    return PayeeFileRow(
        id=row.id,
        name=row.name,
        sha256=row.sha256,
        rows=row.rows,
        added=row.added,
        changed=row.changed,
        unchanged=row.unchanged,
        problems=tuple(RowProblem(*one) for one in row.problems),
        imported_at=row.imported_at,
        imported_by=row.imported_by,
    )
