"""Rates that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Note, Ref
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.admin.fx.rates import LIST, QUEUE
from apps.ledger.admin.fx.words import rate_value
from apps.ledger.selectors.fx import ProposalRow, pending_proposals
from apps.ledger.services import approve_rate, reject_rate
from apps.platform.ids import parse_public_id, public_id

APPROVE = "ledger.fx_approve"


class ProposalsQueue(QueuePage):
    """Each with how far it is from the rate in force."""

    title: ClassVar[str] = "Rates to approve"
    permission: ClassVar[str] = APPROVE
    columns: ClassVar[Sequence[str]] = ("Pair", "Rate", "Off by", "Counts from", "Made by")
    empty_title: ClassVar[str] = "No rate waits for you"
    empty_advice: ClassVar[str] = "Rates that are far from the one in force appear here."

    def crumbs(self) -> Sequence[Link]:
        """Back to the rates."""
        return (Link("Exchange rates", reverse(LIST)),)

    def empty_link(self) -> Link | None:
        """To everything."""
        return Link("All rates", reverse(LIST))

    def rows(self) -> Sequence[QueueRow]:
        """The oldest first."""
        user = self.request.user
        person = user.person if isinstance(user, User) else ""
        return [_row(row, person) for row in pending_proposals()]

    def do_approve(self, key: str, form: QueryDict) -> str:
        """Put it in force."""
        approve_rate(
            proposal_id=parse_public_id("fxp", key),
            step_up_at=recent(self.request),
            actor=self.actor,
        )
        return "The rate is in force."

    def do_reject(self, key: str, form: QueryDict) -> str:
        """Leave the old one in force."""
        reject_rate(
            proposal_id=parse_public_id("fxp", key),
            reason=form.get("text", ""),
            actor=self.actor,
        )
        return "The rate is rejected."


def _row(row: ProposalRow, person: str) -> QueueRow:
    own = "You made this rate, so someone else must approve it."
    off = "New pair" if row.deviation_bps is None else f"{row.deviation_bps / 100:.2f} %"
    rate = rate_value(row.rate)
    return QueueRow(
        key=public_id("fxp", row.id),
        cells=[
            Ref(f"{row.base}/{row.quote}"),
            rate,
            off,
            row.valid_from,
            Note(row.maker_name.partition(":")[2], row.proposed_at),
        ],
        actions=[
            Action(
                name="approve",
                key="a",
                label=f"Approve {rate}",
                look="main",
                why_not=own if row.maker_person == person else "",
            ),
            Action(name="reject", key="r", label="Reject", look="danger", asks="Reason"),
        ],
    )


def waiting(request: HttpRequest) -> int | None:
    """How many rates the signed-in person may decide on."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm(APPROVE):
        return None
    return sum(row.maker_person != user.person for row in pending_proposals()) or None


register_view("ledger/fx/proposals/", ProposalsQueue, name="ledger_fx_proposals")
register_page("Ledger", "Rates to approve", "rule", QUEUE, APPROVE, badge=waiting, order=41)
