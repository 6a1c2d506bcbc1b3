"""Holds, their legs and what happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from apps.ledger.domain import HoldMovementKind, HoldReason, HoldStatus, Side
from apps.ledger.errors import HoldNotFound
from apps.ledger.models import Hold, HoldLeg
from apps.platform.ids import public_id
from apps.platform.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLegRow:
    """One leg and how far it is through: held is captured, released, expired and open."""

    leg: int
    account: str
    account_name: str
    side: Side
    asked: Money
    held: Money
    captured: Money
    released: Money
    expired: Money
    open: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldMovementRow:
    """What happened; ``amounts`` has one amount for each leg, in their order."""

    number: int
    kind: HoldMovementKind
    amounts: tuple[Money, ...]
    moved: tuple[Money, ...]
    entry_id: UUID | None
    reason: str
    actor: str
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRow:
    """A hold. Amounts are the sum of one side in each currency."""

    id: UUID
    reason: HoldReason
    description: str
    status: HoldStatus
    placed_at: datetime
    expires_at: datetime | None
    closed_at: datetime | None
    idempotency_key: str
    source_event: str
    closes_account: str
    actor: str
    metadata: Mapping[str, object]
    held: tuple[Money, ...]
    captured: tuple[Money, ...]
    released: tuple[Money, ...]
    expired: tuple[Money, ...]
    open: tuple[Money, ...]
    legs: tuple[HoldLegRow, ...]
    movements: tuple[HoldMovementRow, ...]


def hold(id: UUID) -> HoldRow:
    """One hold with its legs and movements. ``HoldNotFound``."""
    row = holds_with_legs().filter(id=id).first()
    if row is None:
        raise HoldNotFound(hold_id=public_id("hld", id))
    return hold_row(row)


def holds_of_account(account: str, *, limit: int = 50) -> list[HoldRow]:
    """The open holds that reserve something on the account, the newest first."""
    legs = HoldLeg.objects.filter(account__code=account, open_minor__gt=0)
    rows = holds_with_legs().filter(id__in=legs.values("hold_id"), status=HoldStatus.OPEN)
    return [hold_row(row) for row in rows.order_by("-placed_at", "-id")[:limit]]


def holds_with_legs() -> QuerySet[Hold]:
    """The holds with all that ``hold_row`` reads."""
    return Hold.objects.select_related("closes_account").prefetch_related(
        Prefetch("legs", HoldLeg.objects.select_related("account").order_by("leg")), "movements"
    )


def hold_row(row: Hold) -> HoldRow:
    """The row of a model that was read with its legs and movements."""
    legs = list(row.legs.all())
    return HoldRow(
        id=row.id,
        reason=HoldReason(row.reason),
        description=row.description,
        status=HoldStatus(row.status),
        placed_at=row.placed_at,
        expires_at=row.expires_at,
        closed_at=row.closed_at,
        idempotency_key=row.idempotency_key,
        source_event=row.source_event,
        closes_account=row.closes_account.code if row.closes_account else "",
        actor=row.actor,
        metadata=row.metadata,
        held=_sum(legs, [leg.amount_minor for leg in legs]),
        captured=_sum(legs, [leg.captured_minor for leg in legs]),
        released=_sum(legs, [leg.released_minor for leg in legs]),
        expired=_sum(legs, [leg.expired_minor for leg in legs]),
        open=_sum(legs, [leg.open_minor for leg in legs]),
        legs=tuple(_leg(leg) for leg in legs),
        movements=tuple(
            HoldMovementRow(
                number=one.number,
                kind=HoldMovementKind(one.kind),
                amounts=tuple(
                    Money(minor, leg.currency)
                    for leg, minor in zip(legs, one.amounts_minor, strict=True)
                ),
                moved=_sum(legs, one.amounts_minor),
                entry_id=one.entry_id,
                reason=one.reason,
                actor=one.actor,
                moved_at=one.moved_at,
            )
            for one in row.movements.all()
        ),
    )


def _leg(leg: HoldLeg) -> HoldLegRow:
    return HoldLegRow(
        leg=leg.leg,
        account=leg.account.code,
        account_name=leg.account.name,
        side=Side.of_letter(leg.side),
        asked=Money(leg.asked_minor, leg.currency),
        held=Money(leg.amount_minor, leg.currency),
        captured=Money(leg.captured_minor, leg.currency),
        released=Money(leg.released_minor, leg.currency),
        expired=Money(leg.expired_minor, leg.currency),
        open=Money(leg.open_minor, leg.currency),
    )


def _sum(legs: list[HoldLeg], amounts: list[int]) -> tuple[Money, ...]:
    """One side's sum in each currency, zero included."""
    sums = {leg.currency: 0 for leg in legs}
    for leg, minor in zip(legs, amounts, strict=True):
        if leg.side == Side.DEBIT.letter:
            sums[leg.currency] += minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))
