"""Disputes in the console, the nearest deadline first, and answering them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Note, Ref, Status
from apps.payments.domain.disputes import DisputeRow
from apps.payments.selectors import open_disputes, unanswered_dispute_count
from apps.payments.services import answer_dispute
from apps.platform.ids import parse_public_id, public_id

VIEW, OPERATE = "payments.view", "payments.operate"


class DisputeQueue(QueuePage):
    """Disputes that are not over, by deadline."""

    permission = VIEW
    title = "Disputes"
    nav = "payments_disputes"
    columns: ClassVar[Sequence[str]] = (
        "Payment", "State", "Amount", "Taken", "Answer by", "Documents", "Answer",
    )  # fmt: skip
    empty_title = "No payment is disputed"
    empty_advice = "A dispute appears here when a payer's bank or the provider asks for money back."

    def rows(self) -> Sequence[QueueRow]:
        """By deadline."""
        return [_row(dispute) for dispute in open_disputes()]

    def do_answer(self, key: str, form: QueryDict) -> str:
        """Hand in our side."""
        self._answer(key, form, is_accepted=False)
        return "Our answer goes to the provider with its documents."

    def do_accept(self, key: str, form: QueryDict) -> str:
        """Give in."""
        self._answer(key, form, is_accepted=True)
        return "The provider is told that we give in."

    def _answer(self, key: str, form: QueryDict, *, is_accepted: bool) -> None:
        answer_dispute(
            dispute_id=parse_public_id("dp", key),
            is_accepted=is_accepted,
            text=form.get("text", ""),
            actor=self.actor,
        )


def _row(dispute: DisputeRow) -> QueueRow:
    why_not = ""
    if dispute.answered_at is not None:
        why_not = f"Answered by {dispute.answered_by}: an answer is given once."
    said = dispute.answer or dispute.problem or "not answered"
    stage = f"{dispute.stage}, {dispute.reason}".replace("_", " ")
    return QueueRow(
        key=public_id("dp", dispute.id),
        cells=[
            Note(Ref(dispute.reference), dispute.provider_account),
            Note(Status(dispute.status), stage),
            dispute.amount,
            dispute.withdrawn,
            dispute.due_by,
            ", ".join(document.name for document in dispute.evidence) or "none",
            said,
        ],
        url=reverse("console:payments_intent", args=[public_id("pi", dispute.intent_id)]),
        total=dispute.amount,
        actions=[
            Action(
                name="answer",
                key="a",
                label="Hand in our answer",
                look="main",
                icon="send",
                permission=OPERATE,
                why_not=why_not,
                asks="What happened, in our words",
                confirm="The answer and the documents go to the provider. This is done once.",
            ),
            Action(
                name="accept",
                key="g",
                label="Give in",
                look="danger",
                icon="flag",
                permission=OPERATE,
                why_not=why_not,
                asks="Reason",
                confirm="The money stays with the payer.",
            ),
        ],
    )


def _waiting(_request: HttpRequest) -> int | None:
    return unanswered_dispute_count() or None


register_view("payments/disputes", DisputeQueue, name="payments_disputes")
register_page(
    "Money in", "Disputes", "gavel", "console:payments_disputes", VIEW, badge=_waiting, order=26
)
