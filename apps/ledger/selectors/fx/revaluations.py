"""Revaluations that were run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.ledger.domain import AccountClass
from apps.ledger.domain.fx import Line, RunState
from apps.ledger.errors.fx import RevaluationNotFound
from apps.ledger.models import FxRevaluation, FxRevaluationLine
from apps.platform.ids import public_id
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RevaluationRow:
    """A run with its lines. ``result`` is the sum of the differences; positive is a gain."""

    id: UUID
    as_of: date
    reversal_date: date
    rate_set_id: UUID
    rates: dict[str, dict[str, object]]
    functional: str
    classes: tuple[str, ...]
    excluded: tuple[str, ...]
    result: Money
    digest: str
    state: RunState
    maker_name: str
    maker_person: str
    created_at: datetime
    approver_name: str
    approved_at: datetime | None
    posted_at: datetime | None
    reason: str
    entry_id: UUID | None
    reversal_id: UUID | None
    lines: tuple[Line, ...]


def revaluation(id: UUID) -> RevaluationRow:
    """One run. ``RevaluationNotFound``."""
    row = revaluations_with_lines().filter(id=id).first()
    if row is None:
        raise RevaluationNotFound(revaluation=public_id("rev", id))
    return revaluation_row(row)


def revaluations_with_lines() -> QuerySet[FxRevaluation]:
    """Runs with all that ``revaluation_row`` reads."""
    lines = FxRevaluationLine.objects.select_related("account").order_by("number")
    return FxRevaluation.objects.select_related("rate_set").prefetch_related(
        Prefetch("lines", lines)
    )


def revaluation_row(row: FxRevaluation) -> RevaluationRow:
    """The row of a model that was read with its lines."""
    return RevaluationRow(
        id=row.id,
        as_of=row.as_of,
        reversal_date=row.reversal_date,
        rate_set_id=row.rate_set_id,
        rates=row.rate_set.rates,
        functional=row.functional_currency,
        classes=tuple(row.classes),
        excluded=tuple(row.excluded),
        result=Money(row.result_minor, row.functional_currency),
        digest=row.digest,
        state=RunState(row.state),
        maker_name=row.maker_name,
        maker_person=row.maker_person,
        created_at=row.created_at,
        approver_name=row.approver_name,
        approved_at=row.approved_at,
        posted_at=row.posted_at,
        reason=row.reason,
        entry_id=row.entry_id,
        reversal_id=row.reversal_id,
        lines=tuple(_line(line, row.functional_currency) for line in row.lines.all()),
    )


def _line(row: FxRevaluationLine, functional: str) -> Line:
    return Line(
        account=row.account.code if row.account else "",
        name=row.account.name if row.account else "",
        account_class=AccountClass(row.account.account_class) if row.account else None,
        currency=row.currency,
        balance=Money(row.balance_minor, row.currency),
        carried=Money(row.carried_minor, functional),
        rate=row.rate,
        revalued=Money(row.revalued_minor, functional),
        difference=Money(row.difference_minor, functional),
    )
