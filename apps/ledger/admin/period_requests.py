"""The second pair of eyes on the calendar: one request, approved or rejected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import Http404, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Approval, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner
from apps.console.registry import register_view
from apps.console.values import Fact, Link, Status
from apps.identity.models import User
from apps.identity.selectors import people
from apps.identity.step_up import recent
from apps.ledger.admin.periods import BOARD, CLOSE, VIEW, id_of, request_state
from apps.ledger.domain.periods import RequestKind
from apps.ledger.models import PeriodRequest
from apps.ledger.selectors.periods import RequestRow, request_row
from apps.ledger.services import decide_period_request, end_period_request
from apps.platform.ids import public_id

APPROVE = "ledger.approve_period"


class RequestPage(ObjectPage):
    """One request: what it would allow, and the decision."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = BOARD

    def find(self, key: str) -> RequestRow:
        """By its public id."""
        row = PeriodRequest.objects.select_related("period").filter(id=id_of("prq", key)).first()
        if row is None:
            raise Http404
        return request_row(row)

    def crumbs(self) -> Sequence[Link]:
        """Back to the board."""
        return (Link("Periods", reverse(BOARD)),)

    def subject(self, thing: RequestRow) -> str:
        """The period's: the trail of both is one."""
        return public_id("per", thing.period_id)

    def header(self, thing: RequestRow) -> Header:
        """What is asked, of which period."""
        return Header(
            kind=str(thing.kind).capitalize(),
            reference=public_id("prq", thing.id),
            status=request_state(thing),
            note=f"Period {thing.period}",
        )

    def banner(self, thing: RequestRow) -> Banner | None:
        """Who has to decide."""
        if thing.state != "requested":
            return None
        if self.is_own(thing):
            return Banner(
                title="You asked for this, so someone else must approve it.",
                tone="warn",
                icon="group",
            )
        name = thing.maker.partition(":")[2]
        return Banner(title=f"Asked by {name}. One approval needed.", icon="group")

    def facts(self, thing: RequestRow) -> Sequence[Fact]:
        """What it allows."""
        page = reverse("console:ledger_period", args=[self.subject(thing)])
        about = [
            Fact("Period", Link(thing.period, page)),
            Fact("Reason", thing.reason),
            Fact("Asked", thing.requested_at),
        ]
        if thing.kind is RequestKind.REOPEN:
            return about
        names = {one.id: one.full_name for one in people()}
        who = ", ".join(names.get(id, str(id)) for id in thing.user_ids)
        return [
            *about,
            Fact("Lets in", ", ".join(thing.kinds) or "Every kind"),
            Fact("Posted by", who or "Everyone"),
            Fact("Until", thing.expires_at),
        ]

    def approvals(self, thing: RequestRow) -> Sequence[Approval]:
        """The one seat."""
        if thing.decided_at is None:
            return [Approval()] if thing.state == "requested" else ()
        approved = thing.state in ("approved", "revoked")
        word = "approved" if approved else "rejected"
        return [
            Approval(
                who=thing.decider.partition(":")[2],
                decision=Status(word),
                at=thing.decided_at,
                note=thing.comment,
            )
        ]

    def actions(self, thing: RequestRow) -> Sequence[Action]:
        """Decide on it, or end it."""
        if thing.state == "requested":
            own = "You asked for this, so someone else decides." if self.is_own(thing) else ""
            return [
                Action(
                    name="approve",
                    label="Approve",
                    look="main",
                    key="a",
                    permission=APPROVE,
                    why_not=own,
                    confirm=_effect(thing),
                ),
                Action(
                    name="reject",
                    label="Reject",
                    look="danger",
                    permission=APPROVE,
                    why_not=own,
                    asks="Why not",
                ),
                Action(name="end", label="Withdraw the request", permission=CLOSE),
            ]
        if thing.is_active:
            return [Action(name="end", label="End the exception now", permission=CLOSE)]
        return ()

    def do_approve(self, thing: RequestRow, form: QueryDict) -> str:
        """With a fresh second factor."""
        self._decide(thing, approve=True)
        return "Approved."

    def do_reject(self, thing: RequestRow, form: QueryDict) -> str:
        """With a reason."""
        self._decide(thing, approve=False, comment=text_of(form))
        return "Rejected."

    def do_end(self, thing: RequestRow, form: QueryDict) -> str:
        """Nothing more is let in."""
        end_period_request(request_id=thing.id, actor=self.actor)
        return "It is ended."

    def is_own(self, thing: RequestRow) -> bool:
        """True for whoever asked."""
        user = self.request.user
        return isinstance(user, User) and user.person == thing.maker_person

    def _decide(self, thing: RequestRow, *, approve: bool, comment: str = "") -> None:
        decide_period_request(
            request_id=thing.id,
            approve=approve,
            comment=comment,
            step_up_at=recent(self.request),
            actor=self.actor,
        )


def _effect(thing: RequestRow) -> str:
    if thing.kind is RequestKind.REOPEN:
        return f"{thing.period} takes postings of every kind again."
    return f"{thing.period} takes what is listed here until then."


register_view("ledger/period-requests/<str:key>", RequestPage, name="ledger_period_request")
