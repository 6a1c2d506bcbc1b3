"""The posting circuit-breaker in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.cards import Alert, Card
from apps.console.pages import Action, Header, Moment, ObjectPage
from apps.console.pages.objects import Banner
from apps.console.registry import register_card, register_page, register_view
from apps.console.values import Fact, Row, Status, Table
from apps.identity.step_up import recent
from apps.ledger.models import PostingBreaker
from apps.ledger.selectors.sealing import Stop, posting_stop
from apps.ledger.services import resume_posting, stop_posting

PERMISSION = "ledger.view"
ADMINISTER = "ledger.administer"
PAGE = "console:ledger_posting"
STOPS_SHOWN = 25


class PostingPage(ObjectPage):
    """Whether entries are posted, and the two decisions about it."""

    permission = PERMISSION
    nav = PAGE

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """There is one breaker, so the address names none."""
        super().setup(request, *args, key="", **kwargs)

    def find(self, key: str) -> tuple[Stop | None]:
        """The stop in force, if there is one. In a tuple: a page always has its thing."""
        return (posting_stop(),)

    def page_title(self) -> str:
        """Its name."""
        return "Posting"

    def header(self, thing: tuple[Stop | None]) -> Header:
        """Stopped or not."""
        is_stopped = thing[0] is not None
        return Header(
            kind="Posting circuit-breaker",
            reference="Posting is stopped" if is_stopped else "Entries are posted",
            status=Status("stopped", tone="bad") if is_stopped else Status("open", "Open", "good"),
            note="An audit that finds the books in doubt stops all posting by itself.",
        )

    def banner(self, thing: tuple[Stop | None]) -> Banner | None:
        """What a stop means for everybody else."""
        if thing[0] is None:
            return None
        return Banner(
            title="Nothing enters the journal.",
            text="Requests to post are refused and may be repeated. What providers tell us is "
            "kept and booked once posting is resumed.",
            tone="bad",
            icon="report",
        )

    def facts(self, thing: tuple[Stop | None]) -> Sequence[Fact]:
        """Why, since when, by whom."""
        [stop] = thing
        if stop is None:
            return [Fact("Stopped", "no")]
        return [
            Fact("Reason", stop.reason),
            Fact("Since", stop.opened_at),
            Fact("Stopped by", stop.opened_by),
            Fact("Laws that do not hold", ", ".join(stop.checks) or None),
        ]

    def lines(self, thing: tuple[Stop | None]) -> Sequence[Table]:
        """The stops so far."""
        rows = [
            Row(
                [
                    row.opened_at,
                    row.reason,
                    row.opened_by,
                    row.closed_at,
                    row.closing_reason or None,
                    row.closed_by or None,
                ]
            )
            for row in PostingBreaker.objects.order_by("-opened_at")[:STOPS_SHOWN]
        ]
        columns = ["Stopped", "Reason", "By", "Resumed", "Reason to resume", "Resumed by"]
        return [Table("Stops", columns, rows, empty="Posting has never been stopped.")]

    def actions(self, thing: tuple[Stop | None]) -> Sequence[Action]:
        """One of two."""
        if thing[0] is None:
            return [
                Action(
                    name="stop",
                    label="Stop all posting",
                    look="danger",
                    icon="block",
                    permission=ADMINISTER,
                    asks="Reason",
                    confirm="Payments, payouts and journals of this organisation are not booked "
                    "until somebody resumes.",
                )
            ]
        return [
            Action(
                name="resume",
                label="Resume posting",
                look="main",
                icon="play_arrow",
                permission=ADMINISTER,
                asks="What was found, and why the books can be trusted",
                confirm="Everything that waits is booked from now on.",
            )
        ]

    def timeline(self, thing: tuple[Stop | None]) -> Sequence[Moment]:
        """None: the stops are it."""
        return ()

    def do_stop(self, thing: tuple[Stop | None], form: QueryDict) -> str:
        """By hand."""
        stop_posting(reason=form.get("text", ""), actor=self.actor)
        return "Posting is stopped."

    def do_resume(self, thing: tuple[Stop | None], form: QueryDict) -> str:
        """With a fresh second factor; the page asks for one."""
        resume_posting(
            reason=form.get("text", ""), step_up_at=recent(self.request), actor=self.actor
        )
        return "Entries are posted again."


def stopped_card(request: HttpRequest) -> Card | None:
    """Above everything else on the dashboard while posting is stopped."""
    stop = posting_stop()
    if stop is None:
        return None
    return Alert(
        title="Posting is stopped.",
        note=stop.reason,
        icon="report",
        tone="bad",
        url=reverse(PAGE),
    )


register_view("ledger/posting", PostingPage, name="ledger_posting")
register_page("Ledger", "Posting", "toggle_on", PAGE, PERMISSION, order=90)
register_card(stopped_card, permission="", order=1)
