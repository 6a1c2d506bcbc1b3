"""Reading what providers hold for us, what does not agree, and what they paid out to our bank."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.payments.connectors.accounts import BalanceSource
from apps.payments.connectors.registry import connector
from apps.payments.domain.balances import (
    BalanceRow,
    DiscrepancyKind,
    DiscrepancyRow,
    DiscrepancyState,
    WithdrawalRow,
    WithdrawalStatus,
)
from apps.payments.errors.operators import UnknownDiscrepancy
from apps.payments.models import (
    BalanceWatch,
    Discrepancy,
    ProviderAccount,
    ProviderBalance,
    Withdrawal,
)
from apps.platform.ids import public_id
from apps.platform.money import Money

QUEUE_MAX = 200


def provider_balances() -> list[BalanceRow]:
    """The newest reading of every account whose provider tells balances, by label."""
    newest = ProviderBalance.objects.filter(provider_account=OuterRef("pk")).order_by("-at", "-id")
    accounts = ProviderAccount.objects.annotate(newest=Subquery(newest.values("id")[:1]))
    told = [
        account
        for account in accounts.order_by("label")
        if isinstance(connector(account.connector), BalanceSource)
    ]
    readings = ProviderBalance.objects.in_bulk([one.newest for one in told if one.newest])
    watches = {one.provider_account_id: one for one in BalanceWatch.objects.all()}
    return [_balance(one, readings.get(one.newest), watches.get(one.id)) for one in told]


def _balance(
    account: ProviderAccount, reading: ProviderBalance | None, watch: BalanceWatch | None
) -> BalanceRow:
    def of(minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, account.currency)

    asked_at: datetime | None = watch.asked_at if watch else None
    return BalanceRow(
        account=account.label,
        name=account.name,
        held=of(reading.held_minor if reading else None),
        ledger=of(reading.ledger_minor if reading else None),
        coming=of(reading.coming_minor if reading else None),
        going=of(reading.going_minor if reading else None),
        fees=of(reading.fees_minor if reading else None),
        unexplained=of(reading.unexplained_minor if reading else None),
        at=reading.at if reading else None,
        asked_at=asked_at,
        problem=watch.problem if watch else "",
    )


def discrepancies(*, state: str = "", kind: str = "") -> QuerySet[Discrepancy]:
    """Discrepancies, to be paged by this app's own entry points."""
    found = Discrepancy.objects.select_related("provider_account", "event")
    if state:
        found = found.filter(state=state)
    return found.filter(kind=kind) if kind else found


def open_discrepancies() -> list[DiscrepancyRow]:
    """Those nobody has explained, the oldest first."""
    found = discrepancies(state=DiscrepancyState.OPEN).order_by("opened_at", "id")
    return [discrepancy_row(row) for row in found[:QUEUE_MAX]]


def open_discrepancy_count() -> int:
    """How many nobody has explained."""
    return Discrepancy.objects.filter(state=DiscrepancyState.OPEN).count()


def discrepancy(discrepancy_id: UUID) -> DiscrepancyRow:
    """One of them, or ``UnknownDiscrepancy``."""
    found = discrepancies().filter(id=discrepancy_id).first()
    if found is None:
        raise UnknownDiscrepancy(discrepancy=public_id("dcy", discrepancy_id))
    return discrepancy_row(found)


def discrepancy_row(row: Discrepancy) -> DiscrepancyRow:
    """From the model; reads its account and event, so select them along."""
    return DiscrepancyRow(
        id=row.id,
        kind=DiscrepancyKind(row.kind),
        state=DiscrepancyState(row.state),
        provider_account=row.provider_account.label,
        expected=Money(row.expected_minor, row.currency),
        found=Money(row.found_minor, row.currency),
        said=row.said,
        intent_id=row.event.intent_id if row.event else None,
        owner_id=row.owner_id,
        owner_name=row.owner_name,
        opened_at=row.opened_at,
        seen_at=row.seen_at,
        explanation=row.explanation,
        explained_by=row.explained_by,
        closed_at=row.closed_at,
    )


def withdrawals(*, status: str = "") -> QuerySet[Withdrawal]:
    """Payouts of providers to our bank, to be paged by this app's own entry points."""
    found = Withdrawal.objects.select_related("provider_account")
    return found.filter(status=status) if status else found


def newest_withdrawals() -> list[WithdrawalRow]:
    """The newest first."""
    return [withdrawal_row(row) for row in withdrawals().order_by("-heard_at")[:QUEUE_MAX]]


def withdrawal_row(row: Withdrawal) -> WithdrawalRow:
    """From the model; reads its account, so select it along."""
    entries = (row.left_entry_id, row.came_entry_id, row.back_entry_id)
    return WithdrawalRow(
        id=row.id,
        provider_account=row.provider_account.label,
        reference=row.reference,
        amount=Money(row.amount_minor, row.currency),
        status=WithdrawalStatus(row.status),
        bank=row.bank,
        arrival_at=row.arrival_at,
        heard_at=row.heard_at,
        entry_ids=tuple(id for id in entries if id is not None),
    )
