"""Reading velocity limits, what was used of them, and balance monitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.ledger.domain import Side
from apps.ledger.models import BalanceMonitor, MonitorCrossing, VelocityLimit, VelocityUsage
from apps.platform.money import Money

USAGES_SHOWN = 50
CROSSINGS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What one account used of a limit in one window, in the limit's measure."""

    account: str
    window_start: datetime
    used: int


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A velocity limit. ``most`` is minor units or entries, as ``measure`` says."""

    code: str
    account: str
    account_class: str
    currency: str
    side: Side
    entry_kind: str
    measure: str
    most: int
    time_window: str
    zone: str
    reason: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """One crossing of a monitor's threshold; ``is_crossed`` is false when the balance came back."""

    is_crossed: bool
    balance: Money
    crossed_at: datetime


@dataclass(frozen=True, slots=True)
class MonitorRow:
    """A balance monitor and whether its threshold is crossed now."""

    code: str
    account: str
    balance_kind: str
    comparison: str
    threshold: Money
    is_crossed: bool
    reason: str
    started_at: datetime
    ended_at: datetime | None


def limit_row(row: VelocityLimit) -> LimitRow:
    """The row of one limit, whose account is at hand."""
    return LimitRow(
        code=row.code,
        account=row.account.code if row.account else "",
        account_class=row.account_class,
        currency=row.currency,
        side=Side.DEBIT if row.side == Side.DEBIT.letter else Side.CREDIT,
        entry_kind=row.entry_kind,
        measure=row.measure,
        most=row.most,
        time_window=row.time_window,
        zone=row.zone,
        reason=row.reason,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def monitor_row(row: BalanceMonitor) -> MonitorRow:
    """The row of one monitor, whose account is at hand."""
    return MonitorRow(
        code=row.code,
        account=row.account.code,
        balance_kind=row.balance_kind,
        comparison=row.comparison,
        threshold=Money(row.threshold_minor, row.account.currency),
        is_crossed=row.is_crossed,
        reason=row.reason,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def velocity_limit(code: str) -> LimitRow | None:
    """The limit of that code, running or ended."""
    row = VelocityLimit.objects.select_related("account").filter(code=code).first()
    return limit_row(row) if row else None


def balance_monitor(code: str) -> MonitorRow | None:
    """The monitor of that code, running or ended."""
    row = BalanceMonitor.objects.select_related("account").filter(code=code).first()
    return monitor_row(row) if row else None


def velocity_usages(code: str) -> Sequence[UsageRow]:
    """What accounts used of a limit: the newest windows first, the largest use first in each."""
    rows = VelocityUsage.objects.filter(limit__code=code).select_related("account")
    return [
        UsageRow(row.account.code, row.window_start, row.used)
        for row in rows.order_by("-window_start", "-used")[:USAGES_SHOWN]
    ]


def crossings(code: str) -> Sequence[CrossingRow]:
    """What a monitor saw, the newest first."""
    rows = MonitorCrossing.objects.filter(monitor__code=code).select_related("monitor__account")
    return [
        CrossingRow(
            row.is_crossed,
            Money(row.balance_minor, row.monitor.account.currency),
            row.crossed_at,
        )
        for row in rows[:CROSSINGS_SHOWN]
    ]
