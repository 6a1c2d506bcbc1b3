"""Outcomes nobody knows yet, in both directions, and what may be done about each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.cards import Card, Kpi
from apps.console.pages import Action, QueuePage, QueueRow
from apps.console.registry import register_card, register_page, register_view
from apps.console.values import Note, Ref, Status
from apps.payments.domain import AttemptRow, AttemptState, Direction
from apps.payments.selectors import unknown_attempts, unknown_count
from apps.payments.services import check_attempt_now
from apps.platform.ids import parse_public_id, public_id

PERMISSION = "payments.view"


class UnknownQueue(QueuePage):
    """Attempts of unknown outcome, the oldest first. The money stays reserved meanwhile."""

    permission = PERMISSION
    title = "Unknown outcomes"
    nav = "payments_unknown"
    columns: ClassVar[Sequence[str]] = (
        "Attempt", "State", "Amount", "Unknown since", "Why", "Asked", "Next check",
    )  # fmt: skip
    empty_title = "Every outcome is known"
    empty_advice = "A payment or payout appears here when nobody can say what became of it."

    def rows(self) -> Sequence[QueueRow]:
        """Oldest first."""
        return [_row(attempt) for attempt in unknown_attempts()]

    def do_check(self, key: str, form: QueryDict) -> str:
        """Have the provider asked."""
        check_attempt_now(attempt_id=parse_public_id("att", key), actor=self.actor)
        return "The provider is being asked."


def _row(attempt: AttemptRow) -> QueueRow:
    name = public_id("att", attempt.id)
    way = "Payout to" if attempt.direction == Direction.OUT else "Payment from"
    url = ""
    if attempt.intent_id is not None:
        url = reverse("console:payments_intent", args=[public_id("pi", attempt.intent_id)])
    return QueueRow(
        key=name,
        cells=[
            Note(Ref(attempt.provider_key), f"{way} {attempt.phone}"),
            Status(attempt.state),
            attempt.amount,
            attempt.unknown_since,
            Note(attempt.code, attempt.message),
            f"{attempt.checks} times",
            attempt.next_check_at,
        ],
        url=url,
        total=attempt.amount,
        actions=[
            Action(
                name="check",
                key="c",
                label="Check now",
                icon="help",
                permission="payments.operate",
                why_not=_why_not(attempt),
            )
        ],
    )


def _why_not(attempt: AttemptRow) -> str:
    if attempt.state == AttemptState.INVESTIGATE:
        return "The provider has been asked as often as makes sense: its support must say."
    return ""


def _waiting(_request: HttpRequest) -> int | None:
    return unknown_count() or None


def _card(_request: HttpRequest) -> Card | None:
    count = unknown_count()
    return Kpi(
        title="Unknown outcomes",
        icon="help",
        value=count,
        note="being asked about" if count else "every outcome is known",
        tone="warn" if count else "good",
        url=reverse("console:payments_unknown"),
    )


register_view("payments/unknown", UnknownQueue, name="payments_unknown")
register_page(
    "Money in", "Unknown outcomes", "help", "console:payments_unknown", PERMISSION,
    badge=_waiting, order=20,
)  # fmt: skip
register_card(_card, permission=PERMISSION, order=30)
