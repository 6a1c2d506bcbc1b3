"""The treasurer's queue: batches that others approved and nobody has released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest
from django.urls import reverse

from apps.console.navigation import may_open
from apps.console.pages import QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Note, Ref, Status
from apps.platform.ids import public_id
from apps.settlements.admin.batches import LIST, PAGE
from apps.settlements.admin.review import cover_of
from apps.settlements.domain import Decision
from apps.settlements.selectors import BatchRow, batches_to_release

QUEUE = "console:settlements_releases"
RELEASE = "settlements.release"


class ReleasesQueue(QueuePage):
    """Opened one by one: whoever releases has seen the float and the flags."""

    title: ClassVar[str] = "To release"
    permission: ClassVar[str] = RELEASE
    columns: ClassVar[Sequence[str]] = (
        "Batch",
        "Made by",
        "Payments",
        "Approved",
        "Float",
        "Total",
    )
    empty_title: ClassVar[str] = "No batch waits to be released"
    empty_advice: ClassVar[str] = "Batches appear here once enough people have approved them."

    def rows(self) -> Sequence[QueueRow]:
        """The batches, the longest waiting first."""
        return [_row(row) for row in batches_to_release()]

    def empty_link(self) -> Link | None:
        """To everything."""
        return Link("All batches", reverse(LIST))


def to_release(request: HttpRequest) -> int:
    """How many wait, for whoever may release them."""
    return len(batches_to_release()) if may_open(request, RELEASE) else 0


def _row(row: BatchRow) -> QueueRow:
    key = public_id("bat", row.id)
    given = [one for one in row.approvals if one.decision == Decision.APPROVE]
    cover = cover_of(row)
    is_covered = cover is not None and cover.is_enough
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.total,
        tone=None if is_covered else "warn",
        cells=[
            Ref(row.reference),
            row.maker_name,
            row.lines,
            Note(
                max((one.decided_at for one in given), default=row.submitted_at),
                "by " + " and ".join(one.user_name for one in given),
            ),
            Status("enough", tone="good") if is_covered else Status("top up first", tone="warn"),
            row.total,
        ],
    )


register_view("settlements/releases/", ReleasesQueue, name="settlements_releases")
register_page("", "To release", "send_money", QUEUE, RELEASE, badge=to_release, order=21)
