"""The calendar in the console: the board, a period, and its exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Header, ObjectPage, ReportPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Row, Several, Status, Table, Tone, Value
from apps.identity.step_up import recent
from apps.ledger.domain.periods import PeriodState, RequestKind
from apps.ledger.models import Period
from apps.ledger.selectors.controls import Finding, checklist, closing_of
from apps.ledger.selectors.periods import (
    PeriodRow,
    RequestRow,
    closed_through,
    frozen_balances,
    period,
    periods,
    requests_of,
)
from apps.ledger.services import (
    close_period,
    request_reopening,
)
from apps.platform import clock
from apps.platform.ids import parse_public_id, public_id
from apps.platform.tenant import current_tenant

VIEW, CLOSE = "ledger.view", "ledger.close_period"
BOARD = "console:ledger_periods"
_STATES: dict[PeriodState, tuple[str, Tone]] = {
    PeriodState.OPEN: ("Open", "good"),
    PeriodState.SOFT_CLOSED: ("Softly closed", "warn"),
    PeriodState.HARD_CLOSED: ("Closed for good", "calm"),
}


def state_of(state: PeriodState) -> Status:
    """The state as a pill."""
    label, tone = _STATES[state]
    return Status(state, label, tone)


class PeriodsBoard(ReportPage):
    """Every period of every year, and what waits."""

    permission: ClassVar[str] = VIEW
    title: ClassVar[str] = "Periods"
    nav: ClassVar[str] = BOARD
    template_name: ClassVar[str] = "ledger/periods.html"
    intro: ClassVar[str] = (
        "A softly closed period takes only the entries of closing itself and what two people allow."
        " Closed for good is final."
    )

    def headline(self, parameters: dict[str, Any]) -> Sequence[Fact]:
        """Where the open days begin."""
        last = closed_through()
        return [
            Fact("Closed through", last or "Nothing is closed"),
            Fact("First open day", last + timedelta(days=1) if last else "Every day"),
        ]

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """One for each fiscal year, the newest first."""
        years = groupby(periods(), key=lambda row: (row.year, row.year_id))
        found = [_year_table(name, id, list(rows)) for (name, id), rows in years]
        return found or [Table("Fiscal years", ["Period"], empty="No fiscal year is open yet.")]


class PeriodPage(ObjectPage):
    """One period: the checklist, what was frozen, what was asked."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = BOARD

    def crumbs(self) -> Sequence[Link]:
        """Back to the board."""
        return (Link("Periods", reverse(BOARD)),)

    def find(self, key: str) -> PeriodRow:
        """By its public id."""
        return period(id_of("per", key))

    def subject(self, thing: PeriodRow) -> str:
        """The public id."""
        return public_id("per", thing.id)

    def header(self, thing: PeriodRow) -> Header:
        """Its name and state."""
        return Header(kind="Period", reference=thing.name, status=state_of(thing.state))

    def banner(self, thing: PeriodRow) -> Banner | None:
        """What the state means for posting."""
        match thing.state:
            case PeriodState.OPEN:
                return None
            case PeriodState.SOFT_CLOSED:
                kinds = ", ".join(thing.soft_kinds) or "nothing"
                return Banner(
                    title="Softly closed.",
                    text=f"It still takes {kinds}, and what an exception allows.",
                    tone="warn",
                    icon="lock_clock",
                )
            case PeriodState.HARD_CLOSED:
                return Banner(
                    title="Closed for good.",
                    text="Its figures are final. What comes late counts on the first open day.",
                    icon="lock",
                )

    def facts(self, thing: PeriodRow) -> Sequence[Fact]:
        """Its days, its year, and its rule."""
        return [
            Fact("First day", thing.starts),
            Fact("Last day", thing.ends),
            Fact("Fiscal year", Link(thing.year, year_url(thing.year_id))),
            Fact("Takes while softly closed", ", ".join(thing.soft_kinds) or "Nothing"),
            Fact("Closings", len(thing.closings)),
        ]

    def checks(self, thing: PeriodRow) -> Sequence[tuple[Tone, Value]]:
        """What the next closing would find."""
        return [(_tone(found), _said(found)) for found in self.findings(thing)]

    def findings(self, thing: PeriodRow) -> list[Finding]:
        """The checklist of the next closing, or nothing when there is none."""
        to_state = _next(thing.state)
        if to_state is None:
            return []
        row = Period.objects.select_related("year").get(id=thing.id)
        return checklist(closing_of(row, to_state))

    def lines(self, thing: PeriodRow) -> Sequence[Table]:
        """Requests and closings."""
        return [_requests(thing), _closings(thing)]

    def related(self, thing: PeriodRow) -> Sequence[Table]:
        """The balances the last closing froze."""
        if not thing.closings:
            return ()
        return [_frozen(thing)]

    def actions(self, thing: PeriodRow) -> Sequence[Action]:
        """Close it further, ask for an exception, ask to open it again."""
        to_state = _next(thing.state)
        if to_state is None:
            return ()
        closing = _close_action(to_state, self.findings(thing))
        if thing.state is PeriodState.OPEN:
            return [closing]
        return [
            Action(
                name="ask_exception",
                label="Ask for an exception…",
                icon="lock_open",
                permission=CLOSE,
            ),
            Action(
                name="reopen",
                label="Ask to open it again",
                icon="undo",
                permission=CLOSE,
                asks="Why it must be opened again",
                confirm="A second person must approve before it opens.",
            ),
            closing,
        ]

    def do_close(self, thing: PeriodRow, form: QueryDict) -> str:
        """Close it with the warnings that were shown."""
        to_state = _next(thing.state)
        if to_state is None or form.get("to_state") != to_state:
            return "It was closed meanwhile. Look again."
        close_period(
            period_id=thing.id,
            to_state=to_state,
            accepted=form.get("accepted", "").split(),
            step_up_at=recent(self.request),
            actor=self.actor,
        )
        return f"{thing.name} is {_STATES[to_state][0].lower()}; its balances are frozen."

    def do_reopen(self, thing: PeriodRow, form: QueryDict) -> str:
        """Ask a second person."""
        request_reopening(period_id=thing.id, reason=text_of(form), actor=self.actor)
        return "A second person has to approve it now."

    def do_ask_exception(self, thing: PeriodRow, form: QueryDict) -> Any:
        """To the form."""
        return self.done("", reverse("console:ledger_exception_new", args=[self.subject(thing)]))


def year_url(year_id: Any) -> str:
    """The page of a fiscal year."""
    return reverse("console:ledger_year", args=[public_id("fy", year_id)])


def request_url(row: RequestRow) -> str:
    """The page of a request."""
    return reverse("console:ledger_period_request", args=[public_id("prq", row.id)])


def request_state(row: RequestRow) -> Status:
    """The state as a pill; a running exception stands out."""
    if row.kind is RequestKind.EXCEPTION and row.state == "approved" and not row.is_active:
        return Status("expired", "Ended", "calm")
    tone: Tone | None = "warn" if row.state == "requested" else None
    return Status(row.state, "Waiting" if row.state == "requested" else "", tone)


def _year_table(name: str, year_id: Any, rows: Sequence[PeriodRow]) -> Table:
    return Table(
        name,
        ["Period", "First day", "Last day", "State", "Last closed", "Waiting", "Exceptions"],
        [
            Row(
                [
                    row.name,
                    row.starts,
                    row.ends,
                    state_of(row.state),
                    row.closings[-1].closed_at if row.closings else None,
                    row.waiting or None,
                    row.exceptions or None,
                ],
                url=reverse("console:ledger_period", args=[public_id("per", row.id)]),
            )
            for row in rows
        ],
        more=Link("Year end", year_url(year_id)),
    )


def _close_action(to_state: PeriodState, findings: Sequence[Finding]) -> Action:
    is_blocked = any(found.blocks and not found.passed for found in findings)
    warnings = [found for found in findings if not found.blocks and not found.passed]
    is_final = to_state is PeriodState.HARD_CLOSED
    label = "Close for good" if is_final else "Close softly"
    confirm = (
        "This is final: nothing can count in the period any more."
        if is_final
        else "Its balances are frozen; two people can open it again."
    )
    if warnings:
        confirm += " It closes in spite of: " + "; ".join(found.title for found in warnings) + "."
    return Action(
        name="close",
        label=label,
        look="danger" if is_final else "main",
        icon="lock" if is_final else "lock_clock",
        permission=CLOSE,
        why_not=f"{label}: the checks in red come first." if is_blocked else "",
        confirm=confirm,
        hidden={
            "to_state": to_state,
            "accepted": " ".join(found.control for found in warnings),
        },
    )


def _requests(thing: PeriodRow) -> Table:
    return Table(
        "Exceptions and reopenings",
        ["What", "State", "Reason", "For", "Until", "Asked by", "Decided by"],
        [
            Row(
                [
                    str(row.kind).capitalize(),
                    request_state(row),
                    row.reason,
                    ", ".join(row.kinds) or "Every kind",
                    row.expires_at,
                    Note(row.maker.partition(":")[2], row.requested_at),
                    Note(row.decider.partition(":")[2], row.decided_at) if row.decided_at else None,
                ],
                url=request_url(row),
            )
            for row in requests_of(thing.id)
        ],
        empty="Nothing was asked about this period.",
    )


def _closings(thing: PeriodRow) -> Table:
    return Table(
        "Closings",
        ["#", "State", "When", "By", "Accepted in spite of"],
        [
            Row(
                [
                    closing.number,
                    state_of(closing.state),
                    closing.closed_at,
                    closing.actor.partition(":")[2],
                    Several(tuple(one["title"] for one in closing.checklist if not one["passed"])),
                ]
            )
            for closing in reversed(thing.closings)
        ],
        empty="It was never closed.",
    )


def _frozen(thing: PeriodRow) -> Table:
    return Table(
        f"Balances frozen by closing {thing.closings[-1].number}",
        ["Account", "Name", "Debits", "Credits"],
        [
            Row(
                [row.account, row.name, row.debits, row.credits],
                url=reverse("console:ledger_account", args=[row.account]),
            )
            for row in frozen_balances(thing.closings[-1].id)
        ],
        is_filterable=True,
        empty="No account was ever posted to.",
    )


def _tone(found: Finding) -> Tone:
    if found.passed:
        return "good"
    return "bad" if found.blocks else "warn"


def _said(found: Finding) -> Value:
    return Note(found.title, found.detail) if found.detail else found.title


def _next(state: PeriodState) -> PeriodState | None:
    match state:
        case PeriodState.OPEN:
            return PeriodState.SOFT_CLOSED
        case PeriodState.SOFT_CLOSED:
            return PeriodState.HARD_CLOSED
    return None


def id_of(prefix: str, key: str) -> Any:
    """The id in an address, or ``Http404``."""
    try:
        return parse_public_id(prefix, key)
    except ValueError as error:
        raise Http404 from error


def waiting_periods(request: HttpRequest) -> int | None:
    """How many periods have ended and are still open."""
    today = clock.today(current_tenant().zone)
    return Period.objects.filter(state=PeriodState.OPEN, ends__lt=today).count() or None


register_view("ledger/periods/", PeriodsBoard, name="ledger_periods")
register_view("ledger/periods/<str:key>", PeriodPage, name="ledger_period")
register_page("Ledger", "Periods", "calendar_month", BOARD, VIEW, badge=waiting_periods, order=60)
