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
from apps.payments.domain import AttemptRow, Direction
from apps.payments.domain.rulings import VerbRow
from apps.payments.selectors import UnprovedView, unknown_count
from apps.payments.selectors.rulings import unproved_attempts
from apps.payments.services import check_attempt_now
from apps.platform.ids import parse_public_id, public_id

PERMISSION = "payments.view"
OPERATE = "payments.operate"
PAGE = "console:payments_attempt"


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
        return [_row(view) for view in unproved_attempts()]

    def do_check(self, key: str, form: QueryDict) -> str:
        """Have the provider asked."""
        check_attempt_now(attempt_id=parse_public_id("att", key), actor=self.actor)
        return "The provider is being asked."


def check_action(verbs: Sequence[VerbRow]) -> Action:
    """Asking the provider now, with the reason where it cannot be asked."""
    why_not = next(verb.why_not for verb in verbs if verb.verb == "check")
    return Action(
        name="check", key="c", label="Check now", icon="help", permission=OPERATE, why_not=why_not
    )


def party_of(attempt: AttemptRow) -> str:
    """Who pays or is paid, in a few words."""
    way = "Payout to" if attempt.direction == Direction.OUT else "Payment from"
    return f"{way} {attempt.phone or 'a bank account'}"


def _row(view: UnprovedView) -> QueueRow:
    attempt = view.attempt
    name = public_id("att", attempt.id)
    return QueueRow(
        key=name,
        cells=[
            Note(Ref(attempt.provider_key), party_of(attempt)),
            Status(attempt.state),
            attempt.amount,
            attempt.unknown_since,
            Note(attempt.code, attempt.message),
            f"{attempt.checks} times",
            attempt.next_check_at,
        ],
        url=reverse(PAGE, args=[name]),
        total=attempt.amount,
        actions=[check_action(view.verbs)],
    )


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
