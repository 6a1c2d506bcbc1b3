"""What waits for another person in the ledger: manual journals and requests about periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest
from django.urls import reverse

from apps.console.pages import QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Note
from apps.identity.models import User
from apps.ledger.admin.journals import APPROVE, LIST
from apps.ledger.admin.period_requests import APPROVE as APPROVE_PERIOD
from apps.ledger.admin.periods import request_url
from apps.ledger.selectors.manual_journals import JournalRow, journals_awaiting
from apps.ledger.selectors.periods import RequestRow, requests_awaiting
from apps.ledger.selectors.recurring import RecurringRow, recurring_awaiting
from apps.platform.ids import public_id


class LedgerApprovals(QueuePage):
    """Opened one by one: each decision is about what was read."""

    title: ClassVar[str] = "Ledger approvals"
    permission: ClassVar[str] = APPROVE
    columns: ClassVar[Sequence[str]] = ("What", "Asked by", "Since", "Amount")
    empty_title: ClassVar[str] = "Nothing in the ledger waits for you"
    empty_advice: ClassVar[str] = "What somebody else submits for approval appears here."

    def rows(self) -> Sequence[QueueRow]:
        """Journals first, then recurring entries and requests, the longest waiting first."""
        return waiting_for(self.request)

    def empty_link(self) -> Link | None:
        """To everything."""
        return Link("All manual journals", reverse(LIST))


def waiting_for(request: HttpRequest) -> list[QueueRow]:
    """What the signed-in person may decide on."""
    user = request.user
    if not isinstance(user, User):
        return []
    rows: list[QueueRow] = []
    if user.has_perm(APPROVE):
        rows += [_journal(row) for row in journals_awaiting(person=user.person)]
        rows += [_recurring(row) for row in recurring_awaiting(person=user.person)]
    if user.has_perm(APPROVE_PERIOD):
        rows += [_request(row) for row in requests_awaiting(person=user.person)]
    return rows


def _journal(row: JournalRow) -> QueueRow:
    key = public_id("mj", row.id)
    return QueueRow(
        key=key,
        url=reverse("console:ledger_journal", args=[key]),
        total=row.totals[0] if len(row.totals) == 1 else None,
        cells=[
            Note(row.description, row.kind),
            row.maker.partition(":")[2],
            row.submitted_at,
            row.totals[0] if row.totals else None,
        ],
    )


def _recurring(row: RecurringRow) -> QueueRow:
    key = public_id("rec", row.id)
    return QueueRow(
        key=key,
        url=reverse("console:ledger_recurring", args=[key]),
        cells=[
            Note(row.description, row.rhythm.sentence()),
            row.maker.partition(":")[2],
            row.created_at,
            row.totals[0] if row.totals else None,
        ],
    )


def _request(row: RequestRow) -> QueueRow:
    return QueueRow(
        key=public_id("prq", row.id),
        url=request_url(row),
        cells=[
            Note(f"{str(row.kind).capitalize()} of {row.period}", row.reason),
            row.maker.partition(":")[2],
            row.requested_at,
            None,
        ],
    )


register_view("ledger/approvals/", LedgerApprovals, name="ledger_approvals")
register_page(
    "",
    "Ledger approvals",
    "task_alt",
    "console:ledger_approvals",
    APPROVE,
    badge=lambda request: len(waiting_for(request)),
    order=21,
)
