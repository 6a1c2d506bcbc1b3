"""How each provider account does: what it can, what holds requests back, how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q
from redis.exceptions import RedisError

from apps.payments.connectors.accounts import CallbackRegistrar
from apps.payments.connectors.base import AmountPolicy, Capabilities, KeyPolicy
from apps.payments.connectors.registry import connector
from apps.payments.domain.breaking import BreakerReading, BreakerState
from apps.payments.domain.states import SENDABLE, AttemptState, Operation
from apps.payments.models import Attempt, ProviderAccount, ProviderStop
from apps.payments.selectors.breakers import breaker_reading
from apps.platform import clock

#: How far back attempts are counted.
LOOKS_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StopRow:
    """That people let nothing leave, and why."""

    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderHealth:
    """One operation of one provider account.

    ``breaker`` is missing while Redis is away. ``succeeded`` to ``unknown`` count the attempts of
    the last 24 hours by their present state; ``waiting`` counts those that have yet to leave.
    ``can_register`` is said once for an account whose provider is told where to call back.
    """

    account: str
    name: str
    operation: Operation
    is_active: bool
    breaker: BreakerReading | None
    stop: StopRow | None
    succeeded: int
    refused: int
    unknown: int
    waiting: int
    oldest_waiting: datetime | None
    amounts: Mapping[str, AmountPolicy]
    key: KeyPolicy
    sends_per_second: int | None
    can_register: bool = False

    @property
    def success_rate(self) -> int | None:
        """In percent of those that are over; nothing if none is."""
        over = self.succeeded + self.refused
        return self.succeeded * 100 // over if over else None


def provider_health() -> list[ProviderHealth]:
    """Every operation of every account, by label."""
    counts = _counts()
    stops = {(row.provider_account_id, row.operation): row for row in _stops()}
    found = []
    for account in ProviderAccount.objects.order_by("label"):
        offered = connector(account.connector).capabilities(account.config)
        rows = [
            _health(account, operation, offered, counts, stops)
            for operation in sorted(offered.operations)
        ]
        if rows and isinstance(connector(account.connector), CallbackRegistrar):
            rows[0] = replace(rows[0], can_register=True)
        found += rows
    return found


def suspended_count() -> int:
    """How many operations are held back now, by people or by their breaker."""
    stopped = {(row.provider_account_id, row.operation) for row in _stops()}
    found = len(stopped)
    for account in ProviderAccount.objects.all():
        for operation in connector(account.connector).capabilities(account.config).operations:
            reading = _breaker(account, operation)
            is_closed = reading is None or reading.state == BreakerState.CLOSED
            found += not is_closed and (account.id, operation.value) not in stopped
    return found


def _health(
    account: ProviderAccount,
    operation: Operation,
    offered: Capabilities,
    counts: Mapping[tuple[UUID, str], Mapping[str, Any]],
    stops: Mapping[tuple[UUID, str], ProviderStop],
) -> ProviderHealth:
    counted = counts.get((account.id, operation.value), {})
    stop = stops.get((account.id, operation.value))
    rate = account.config.get("sends_per_second")
    tallies: dict[str, Any] = {name: int(counted.get(name, 0)) for name in _TALLIES}
    return ProviderHealth(
        account=account.label,
        name=account.name,
        operation=operation,
        is_active=account.status == "active",
        breaker=_breaker(account, operation),
        stop=StopRow(stop.reason, stop.stopped_by, stop.stopped_at) if stop else None,
        amounts={
            currency: policy
            for (what, currency), policy in offered.amounts.items()
            if what == operation
        },
        key=offered.keys[operation],
        sends_per_second=rate if isinstance(rate, int) else None,
        oldest_waiting=counted.get("oldest_waiting"),
        **tallies,
    )


def _breaker(account: ProviderAccount, operation: Operation) -> BreakerReading | None:
    try:
        return breaker_reading(account.id, operation)
    except RedisError:
        return None


def _stops() -> list[ProviderStop]:
    return list(ProviderStop.objects.filter(ended_at=None))


_TALLIES = ("succeeded", "refused", "unknown", "waiting")


def _counts() -> dict[tuple[UUID, str], dict[str, Any]]:
    recent = Q(created_at__gte=clock.now() - LOOKS_BACK)
    waiting = Q(state__in=SENDABLE)
    rows = (
        Attempt.objects.filter(recent | waiting)
        .order_by()
        .values("provider_account_id", "operation")
        .annotate(
            succeeded=Count("id", filter=Q(state=AttemptState.SUCCEEDED) & recent),
            refused=Count(
                "id", filter=Q(state__in=(AttemptState.DECLINED, AttemptState.FAILED)) & recent
            ),
            unknown=Count(
                "id", filter=Q(state__in=(AttemptState.UNKNOWN, AttemptState.INVESTIGATE)) & recent
            ),
            waiting=Count("id", filter=waiting),
            oldest_waiting=Min("created_at", filter=waiting),
        )
    )
    return {(row["provider_account_id"], row["operation"]): dict(row) for row in rows}
