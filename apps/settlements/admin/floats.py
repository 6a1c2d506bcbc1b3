"""The float of each account that pays out, on the dashboard."""

from __future__ import annotations

from django.db.models import Sum
from django.http import HttpRequest

from apps.console.cards import Bar, BarsCard, Card
from apps.console.registry import register_card
from apps.console.rendering import money_text
from apps.console.values import Tone
from apps.platform.money import Money
from apps.settlements.domain import BatchState
from apps.settlements.models import Batch
from apps.settlements.selectors import FloatRow, float_cover, paying_accounts


def float_card(request: HttpRequest) -> Card | None:
    """What is left of each float once everything on its way and in approval is paid."""
    accounts = paying_accounts()
    if not accounts:
        return None
    open_batches = Batch.objects.filter(state__in=(BatchState.IN_APPROVAL, BatchState.APPROVED))
    asked = dict(
        open_batches.order_by()
        .values_list("provider_account")
        .annotate(total=Sum("total_minor"))
        .values_list("provider_account", "total")
    )
    bars = [
        _bar(float_cover(provider_account=label), Money(asked.get(label, 0), currency))
        for label, currency in accounts
    ]
    return BarsCard(
        title="Float against what is to be paid", icon="savings", bars=bars, width="third"
    )


def _bar(cover: FloatRow, awaiting: Money) -> Bar:
    left = cover.available - awaiting
    tone: Tone = "bad" if left.minor < 0 else "good"
    note = f"{money_text(cover.in_transit)} on its way, {money_text(awaiting)} in approval"
    return Bar(
        label=cover.provider_account,
        value=left,
        part=max(left.minor, 0),
        whole=max(cover.held.minor, 1),
        note=note,
        tone=tone,
    )


register_card(float_card, permission="settlements.view", order=110)
