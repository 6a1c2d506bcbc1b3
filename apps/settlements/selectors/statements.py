"""Imported statements and how far they are explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q

from apps.platform.money import Money
from apps.settlements.domain import LineKind
from apps.settlements.models import Statement

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A statement; ``matched`` and ``movements`` count its lines that are not fees."""

    id: UUID
    file_name: str
    provider_account: str
    opening: Money
    closing: Money
    new_lines: int
    known_lines: int
    movements: int
    matched: int
    imported_at: datetime


def statements(*, provider_account: str = "", limit: int = ROWS_MAX) -> list[StatementRow]:
    """The newest statements first."""
    is_movement = ~Q(lines__kind=LineKind.FEE)
    rows = Statement.objects.select_related("file").annotate(
        movements=Count("lines", filter=is_movement, distinct=True),
        matched=Count("lines", filter=is_movement & Q(lines__legs__isnull=False), distinct=True),
    )
    if provider_account:
        rows = rows.filter(provider_account=provider_account)
    return [
        StatementRow(
            id=row.id,
            file_name=row.file.name,
            provider_account=row.provider_account,
            opening=Money(row.opening_minor, row.currency),
            closing=Money(row.closing_minor, row.currency),
            new_lines=row.new_lines,
            known_lines=row.known_lines,
            movements=row.movements,
            matched=row.matched,
            imported_at=row.imported_at,
        )
        for row in rows.order_by("-imported_at")[: min(limit, ROWS_MAX)]
    ]
