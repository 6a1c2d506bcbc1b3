"""Versions of payout details: where each stands, and which one money goes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.platform import clock
from apps.settlements.domain import DetailsDecision, DetailsState, PayoutDetails
from apps.settlements.models import Beneficiary, BeneficiaryDecision

ROWS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsDecisionRow:
    """What a second person said."""

    decision: str
    user_name: str
    comment: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsRow:
    """One version of a payee's details. ``shared_with`` are payees paid at the same place."""

    id: UUID
    payee_id: UUID
    payee: str
    payee_name: str
    version: int
    state: DetailsState
    details: PayoutDetails
    created_at: datetime
    created_by: str
    author_person: str
    cools_until: datetime
    decisions: tuple[DetailsDecisionRow, ...]
    shared_with: tuple[str, ...] = ()


def details_of(*, payee_id: UUID) -> list[DetailsRow]:
    """Every version of a payee's details, the newest first."""
    rows = _with_decisions().filter(payee_id=payee_id).order_by("-version")
    return [_row(row, newest_verified(rows), _shared(row)) for row in rows]


def details_to_verify(*, limit: int = ROWS_MAX) -> list[DetailsRow]:
    """Versions nobody has decided on, the longest waiting first."""
    rows = undecided(_with_decisions()).order_by("created_at", "id")[: min(limit, ROWS_MAX)]
    return [_row(row, 0, _shared(row)) for row in rows]


def details_to_verify_count() -> int:
    """How many versions wait."""
    return undecided(Beneficiary.objects.all()).count()


def undecided(rows: QuerySet[Beneficiary]) -> QuerySet[Beneficiary]:
    """Only versions without a decision."""
    said = BeneficiaryDecision.objects.filter(beneficiary=OuterRef("pk"))
    return rows.filter(~Exists(said))


def payable_details(
    payees: Iterable[UUID], *, at: datetime
) -> dict[UUID, tuple[Beneficiary, DetailsState]]:
    """For each payee that has verified details, the newest of them and whether they have cooled."""
    rows = (
        _with_decisions()
        .filter(payee__in=list(payees), decisions__decision=DetailsDecision.VERIFY)
        .order_by("payee_id", "version")
    )
    return {row.payee_id: (row, state_of(row, row.version, at=at)) for row in rows}


def state_of(row: Beneficiary, newest_verified: int, *, at: datetime) -> DetailsState:
    """Where a version stands at that time, read with its decisions."""
    said = {one.decision for one in row.decisions.all()}
    if DetailsDecision.REJECT in said:
        return DetailsState.REJECTED
    if row.version < newest_verified:
        return DetailsState.SUPERSEDED
    if DetailsDecision.VERIFY not in said:
        return DetailsState.UNVERIFIED
    if row.cools_until > at and DetailsDecision.LIFT not in said:
        return DetailsState.COOLING
    return DetailsState.USABLE


def newest_verified(rows: Iterable[Beneficiary]) -> int:
    """The highest verified version of a payee's, read with their decisions; 0 if none."""
    return max(
        (
            row.version
            for row in rows
            if any(one.decision == DetailsDecision.VERIFY for one in row.decisions.all())
        ),
        default=0,
    )


def _with_decisions() -> QuerySet[Beneficiary]:
    return Beneficiary.objects.select_related("payee").prefetch_related("decisions")


def _shared(row: Beneficiary) -> tuple[str, ...]:
    """References of other payees whose details, of any version, name the same place."""
    where = (
        {"phone": row.phone}
        if row.phone
        else {"iban": row.iban, "account": row.account, "clearing_member": row.clearing_member}
    )
    same = Beneficiary.objects.filter(**where, rail=row.rail).exclude(payee_id=row.payee_id)
    found = same.order_by().values_list("payee__reference", flat=True).distinct()[:5]
    return tuple(sorted(found))


def _row(row: Beneficiary, newest: int, shared: tuple[str, ...]) -> DetailsRow:
    return DetailsRow(
        id=row.id,
        payee_id=row.payee_id,
        payee=row.payee.reference,
        payee_name=row.payee.name,
        version=row.version,
        state=state_of(row, newest, at=clock.now()),
        details=row.details,
        created_at=row.created_at,
        created_by=row.created_by,
        author_person=row.author_person,
        cools_until=row.cools_until,
        shared_with=shared,
        decisions=tuple(
            DetailsDecisionRow(
                decision=one.decision,
                user_name=one.user_name,
                comment=one.comment,
                decided_at=one.decided_at,
            )
            for one in sorted(row.decisions.all(), key=lambda one: one.decided_at)
        ),
    )
