"""Exceptions: what statements and our books do not agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse

from apps.console.pages import Action, Header, Moment, PublicPage, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.platform.ids import parse_public_id, public_id
from apps.settlements.domain import BreakKind, BreakState
from apps.settlements.selectors import (
    BreakRow,
    breaks_summary,
    one_break,
    open_breaks,
    timeline,
)
from apps.settlements.services import resolve_break, take_break, take_break_as_pay_in

QUEUE = "console:settlements_breaks"
PAGE = "console:settlements_break"
RECONCILE = "settlements.reconcile"
#: Kinds as people say them.
KINDS = {
    BreakKind.MISSING_INTERNAL: "Unknown to us",
    BreakKind.MISSING_EXTERNAL: "Unknown to the provider",
    BreakKind.AMOUNT: "Another amount",
    BreakKind.FEE_UNEXPECTED: "Fee differs",
    BreakKind.DUPLICATE: "Twice",
    BreakKind.LATE_SUCCESS: "Paid after all",
}


class BreaksQueue(QueuePage):
    """Differences that are not explained, the most urgent first. Filters are in the address."""

    title: ClassVar[str] = "Exceptions"
    permission: ClassVar[str] = "settlements.view"
    template_name: ClassVar[str] = "settlements/breaks.html"
    columns: ClassVar[Sequence[str]] = ("Exception", "What", "Opened", "Due", "Owner", "Amount")
    empty_title: ClassVar[str] = "Everything is explained"
    empty_advice: ClassVar[str] = "Differences appear here when a statement is imported."

    def rows(self) -> Sequence[QueueRow]:
        """The breaks that the address asks for."""
        asked = self.request.GET
        found = open_breaks(
            kind=asked.get("kind", ""),
            state=asked.get("state", ""),
            owner_id=self.actor.id if asked.get("owner") == "me" else None,
        )
        return [_row(row, is_mine=row.owner_id == self.actor.id) for row in found]

    def empty_link(self) -> Link | None:
        """Out of the filters, or to the statements."""
        if self.request.GET:
            return Link("Show all", reverse(QUEUE))
        return Link("Statements", reverse("console:settlements_statements"))

    def context(self) -> dict[str, Any]:
        """With the filters as links."""
        asked = self.request.GET
        views = [("All", "", not asked), ("Mine", "owner=me", asked.get("owner") == "me")]
        views += [
            (label, f"kind={kind}", asked.get("kind") == kind) for kind, label in KINDS.items()
        ]
        return {**super().context(), "views": views}

    def do_take(self, key: str, form: QueryDict) -> str:
        """The person looks into it."""
        take_break(break_id=parse_public_id("brk", key), actor=self.actor)
        return "It is yours now."

    def do_pay_in(self, key: str, form: QueryDict) -> str:
        """The line is a pay-in nobody told us of."""
        take_break_as_pay_in(break_id=parse_public_id("brk", key), actor=self.actor)
        return "It is a pay-in now: look under unmatched pay-ins."

    def do_resolve(self, key: str, form: QueryDict) -> str:
        """The explanation is written down."""
        resolve_break(
            break_id=parse_public_id("brk", key),
            resolution=form.get("text", "").strip()[:1000],
            actor=self.actor,
        )
        return "The exception is resolved."


class BreakPage(PublicPage):
    """One difference: what the statement says, what we say, and who looks into it."""

    permission: ClassVar[str] = "settlements.view"
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "brk"
    list_title: ClassVar[str] = "Exceptions"

    def read(self, id: UUID) -> BreakRow | None:
        """One difference."""
        return one_break(break_id=id)

    def header(self, thing: BreakRow) -> Header:
        """What kind of difference, and how much."""
        return Header(
            kind="Exception",
            reference=thing.reference,
            status=break_status(thing),
            amount=thing.amount,
            note=KINDS[BreakKind(thing.kind)],
        )

    def facts(self, thing: BreakRow) -> Sequence[Fact]:
        """What is known."""
        return [
            Fact("What", thing.explanation),
            Fact("Provider account", thing.provider_account),
            Fact("Opened", thing.opened_at),
            Fact("Due", Status("overdue", tone="bad") if thing.is_overdue else thing.due_at),
            Fact("Owner", thing.owner_name or "Nobody yet"),
            Fact("Resolution", thing.resolution or None),
        ]

    def lines(self, thing: BreakRow) -> Sequence[Table]:
        """Both sides."""
        rows: list[Row] = []
        if thing.line_id is not None and thing.statement_id is not None:
            page = reverse(
                "console:settlements_statement", args=[public_id("stm", thing.statement_id)]
            )
            anchor = f"{page}#{public_id('sl', thing.line_id)}"
            cells: list[Value] = [
                "The statement",
                Ref(thing.line_reference),
                thing.line_text,
                thing.line_amount,
            ]
            rows.append(Row(cells, url=anchor))
        if thing.expected is not None:
            rows.append(Row(["Our books", Ref(thing.expected_source), "", thing.expected]))
        columns = ["Side", "Reference", "Text", "Amount"]
        return [Table("Both sides", columns, rows, empty="No statement line belongs to this.")]

    def actions(self, thing: BreakRow) -> Sequence[Action]:
        """Take it, resolve it."""
        return actions_of(thing, is_mine=thing.owner_id == self.actor.id)

    def timeline(self, thing: BreakRow) -> Sequence[Moment]:
        """From being opened to being explained."""
        opened = Moment(
            at=thing.opened_at, what="The difference was found", icon="error", tone="warn"
        )
        words = {"investigating": "took it", "resolved": "resolved it", "open": "gave it back"}
        steps = [
            Moment(
                at=step.at,
                who=step.actor.partition(":")[2],
                what=words[step.to_state],
                note=step.reason,
                icon="task_alt" if step.to_state == "resolved" else "person",
                tone="good" if step.to_state == "resolved" else "info",
            )
            for step in timeline(subject=thing.id)
        ]
        return [opened, *steps]

    def do_take(self, thing: BreakRow, form: QueryDict) -> str:
        """The person looks into it."""
        take_break(break_id=thing.id, actor=self.actor)
        return f"{thing.reference} is yours now."

    def do_pay_in(self, thing: BreakRow, form: QueryDict) -> str:
        """The line is a pay-in nobody told us of."""
        take_break_as_pay_in(break_id=thing.id, actor=self.actor)
        return "It is a pay-in now: look under unmatched pay-ins."

    def do_resolve(self, thing: BreakRow, form: QueryDict) -> str:
        """The explanation is written down."""
        text = form.get("text", "").strip()[:1000]
        resolve_break(break_id=thing.id, resolution=text, actor=self.actor)
        return f"{thing.reference} is resolved."


def break_status(row: BreakRow) -> Status:
    """Open is not good news here."""
    tones = {BreakState.OPEN: "warn", BreakState.INVESTIGATING: "info"}
    return Status(row.state, tone=tones.get(BreakState(row.state)))  # type: ignore[arg-type]  # of the map


def actions_of(row: BreakRow, *, is_mine: bool) -> list[Action]:
    """What can be done with a break that is not resolved."""
    if row.state == BreakState.RESOLVED:
        return []
    resolve = Action(
        name="resolve",
        label=f"Resolve {abs(row.amount)}",
        look="main" if is_mine else "plain",
        key="r",
        permission=RECONCILE,
        asks="What explains it",
    )
    found = [resolve]
    if row.kind == BreakKind.MISSING_INTERNAL and row.amount.minor > 0 and row.line_reference:
        found.append(
            Action(
                name="pay_in", label="Take as pay-in", key="p", permission=RECONCILE,
                confirm="The line becomes a pay-in: whose it is, is decided there.",
            )
        )  # fmt: skip
    if row.state == BreakState.INVESTIGATING:
        return found
    take = Action(name="take", label="Take it", look="main", key="t", permission=RECONCILE)
    return [take, *found]


def _row(row: BreakRow, *, is_mine: bool) -> QueueRow:
    key = public_id("brk", row.id)
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=abs(row.amount),
        tone="bad" if row.is_overdue else None,
        actions=actions_of(row, is_mine=is_mine),
        cells=[
            Ref(row.reference),
            Note(KINDS[BreakKind(row.kind)], row.explanation),
            row.opened_at,
            Status("overdue", tone="bad") if row.is_overdue else row.due_at,
            row.owner_name or "Nobody yet",
            row.amount,
        ],
    )


register_view("settlements/breaks/", BreaksQueue, name="settlements_breaks")
register_view("settlements/breaks/<str:key>/", BreakPage, name="settlements_break")
register_page(
    "Reconcile",
    "Exceptions",
    "rule",
    QUEUE,
    "settlements.view",
    badge=lambda _request: sum(count for _, count, _ in breaks_summary()),
    order=10,
)
