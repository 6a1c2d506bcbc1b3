"""Payments on the dashboard: what came in and went out, by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.http import HttpRequest
from django.urls import reverse

from apps.console.cards import Card, DaysCard, Kpi
from apps.console.registry import register_card
from apps.ledger.selectors import days_of
from apps.payments.models import ProviderAccount
from apps.platform import clock
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

PERMISSION = "payments.view"
DAYS = 14
#: In percent. Beyond it there were hardly any usual days to compare with.
TREND_MAX = 999


def collected_card(request: HttpRequest) -> Card | None:
    """What was collected today, against the days before."""
    currency = _currency()
    if currency is None:
        return None
    days = _last_days()
    collected, _ = _in_and_out(days, currency)
    usual = sum(collected[:-1]) // (len(days) - 1)
    today = collected[-1]
    change = (today - usual) * 100 // usual if usual else None
    return Kpi(
        title="Collected today",
        icon="south_west",
        value=Money(today, currency),
        trend=change if change is None or change <= TREND_MAX else None,
        trend_note="vs a usual day",
        url=reverse("console:payments_paymentintent_changelist"),
    )


def days_card(request: HttpRequest) -> Card | None:
    """Money in and out of the provider accounts in the currency most of them have."""
    currency = _currency()
    if currency is None:
        return None
    days = _last_days()
    collected, paid = _in_and_out(days, currency)
    return DaysCard(
        title=f"Money in and out, {DAYS} days",
        icon="bar_chart",
        days=days,
        series={"Collected": collected, "Paid out": paid},
        currency=currency,
    )


def _in_and_out(days: Sequence[date], currency: str) -> tuple[list[int], list[int]]:
    """Minor units per day: debits of accounts that collect, credits of accounts that pay out."""
    collecting, paying = _accounts("purchase", currency), _accounts("payout", currency)
    collected, paid = dict.fromkeys(days, 0), dict.fromkeys(days, 0)
    for row in days_of([*collecting, *paying], starts=days[0], ends=days[-1]):
        if row.account in collecting:
            collected[row.value_date] += row.debits.minor
        if row.account in paying:
            paid[row.value_date] += row.credits.minor
    return list(collected.values()), list(paid.values())


def _accounts(operation: str, currency: str) -> set[str]:
    rows = ProviderAccount.objects.filter(
        config__operations__contains=[operation], currency=currency
    )
    return set(rows.values_list("clearing_account", flat=True))


def _currency() -> str | None:
    """The tenant's functional currency if an account has it, else the first account's."""
    found = list(ProviderAccount.objects.order_by("label").values_list("currency", flat=True))
    own = current_tenant().functional_currency
    if own in found:
        return own
    return found[0] if found else None


def _last_days() -> list[date]:
    today = clock.today(current_tenant().zone)
    return [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]


register_card(collected_card, permission=PERMISSION, order=5)
register_card(days_card, permission=PERMISSION, order=100)
