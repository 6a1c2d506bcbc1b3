"""Settlements on the dashboard."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from apps.console.cards import Card, Kpi
from apps.console.registry import register_card
from apps.console.rendering import relative
from apps.platform.money import Money
from apps.settlements.admin.approvals import APPROVE, waiting_for
from apps.settlements.admin.batches import LIST
from apps.settlements.admin.breaks import QUEUE as BREAKS
from apps.settlements.admin.releases import QUEUE as RELEASES
from apps.settlements.admin.releases import RELEASE
from apps.settlements.admin.review import QUEUE as APPROVALS
from apps.settlements.selectors import (
    BatchRow,
    batches_to_release,
    breaks_summary,
    disbursements_in_transit,
)


def waiting_card(request: HttpRequest) -> Card | None:
    """What waits for this person's approval."""
    return _batches("Waiting for your approval", "check_circle", waiting_for(request), APPROVALS)


def release_card(request: HttpRequest) -> Card | None:
    """What others approved and a treasurer has not released."""
    return _batches("Waiting to be released", "send_money", batches_to_release(), RELEASES)


def _batches(title: str, icon: str, rows: list[BatchRow], queue: str) -> Card:
    """Their total in the first currency; those in others are counted."""
    currency = rows[0].total.currency if rows else ""
    same = [row.total for row in rows if row.total.currency == currency]
    others = len(rows) - len(same)
    note = f"{len(rows)} batch{'' if len(rows) == 1 else 'es'}"
    return Kpi(
        title=title,
        icon=icon,
        value=sum(same[1:], same[0]) if same else "Nothing",
        note=(note + (f", {others} in other currencies" if others else "")) if rows else "All done",
        tone="warn" if rows else None,
        url=reverse(queue),
    )


def breaks_card(request: HttpRequest) -> Card | None:
    """What is unexplained, and for how long."""
    found = breaks_summary()
    count = sum(number for _, number, _ in found)
    oldest = min((since for _, _, since in found), default=None)
    return Kpi(
        title="Unexplained",
        icon="rule",
        value=count,
        note=f"oldest: {relative(oldest)}" if oldest else "Statements and books agree",
        tone="warn" if count else None,
        url=reverse(BREAKS),
    )


def transit_card(request: HttpRequest) -> Card | None:
    """Payouts that have left their payees' payables and not arrived."""
    found = disbursements_in_transit()
    total: Money | str = found[0][0] if found else "Nothing"
    count = sum(number for _, number, _ in found)
    unknown = sum(number for _, _, number in found)
    return Kpi(
        title="Payouts in transit",
        icon="outbox",
        value=total,
        note=f"{count} on their way, {unknown} unknown" if count else "Everything has arrived",
        tone="warn" if unknown else None,
        url=f"{reverse(LIST)}?state__exact=released",
    )


register_card(waiting_card, permission=APPROVE, order=10)
register_card(release_card, permission=RELEASE, order=11)
register_card(breaks_card, permission="settlements.view", order=30)
register_card(transit_card, permission="settlements.view", order=40)
