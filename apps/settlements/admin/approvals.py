"""The queue of batches that wait for the person looking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest
from django.urls import reverse

from apps.console.pages import QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Note, Ref
from apps.identity.models import User
from apps.platform.ids import public_id
from apps.settlements.admin.batches import LIST, PAGE
from apps.settlements.admin.review import QUEUE, missing_approvals
from apps.settlements.selectors import BatchRow, batches_awaiting

APPROVE = "settlements.approve"


class ApprovalsQueue(QueuePage):
    """Opened one by one: each decision is about lines that were read."""

    title: ClassVar[str] = "My approvals"
    permission: ClassVar[str] = APPROVE
    columns: ClassVar[Sequence[str]] = ("Batch", "Made by", "Payments", "Submitted", "Total")
    empty_title: ClassVar[str] = "No batch waits for you"
    empty_advice: ClassVar[str] = "Batches appear here when somebody else submits them."

    def rows(self) -> Sequence[QueueRow]:
        """The batches, the longest waiting first."""
        return [_row(row) for row in waiting_for(self.request)]

    def empty_link(self) -> Link | None:
        """To everything."""
        return Link("All batches", reverse(LIST))


def waiting_for(request: HttpRequest) -> list[BatchRow]:
    """The batches the signed-in person may decide on."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(APPROVE):
        return []
    return batches_awaiting(person=user.person)


def _row(row: BatchRow) -> QueueRow:
    key = public_id("bat", row.id)
    more = missing_approvals(row)
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.total,
        cells=[
            Ref(row.reference),
            row.maker_name,
            row.lines,
            Note(row.submitted_at, f"{more} approval{'' if more == 1 else 's'} to go"),
            row.total,
        ],
    )


register_view("settlements/approvals/", ApprovalsQueue, name="settlements_approvals")
register_page(
    "",
    "My approvals",
    "check_circle",
    QUEUE,
    APPROVE,
    badge=lambda request: len(waiting_for(request)),
    order=20,
)
