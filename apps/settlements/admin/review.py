"""The review page: everything an approver must see before letting money out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from apps.console.pages import Approval, Header, Moment, PublicPage
from apps.console.pages.objects import Banner
from apps.console.refusals import STATUS_OF, roles_granting
from apps.console.registry import register_view
from apps.console.values import Fact, Status
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.settlements.admin.batches import LIST, PAGE, batch_status
from apps.settlements.domain import BatchState
from apps.settlements.selectors import (
    BatchRow,
    DisbursementRow,
    FloatRow,
    batch,
    batches_awaiting,
    disbursements_of,
    float_cover,
    rail_times,
    timeline,
)

QUEUE = "console:settlements_approvals"
_STEPS = {
    "in_approval": ("submitted it for approval", "send", "info"),
    "open": ("sent it back", "undo", "warn"),
    "approved": ("approved it", "verified", "good"),
    "rejected": ("rejected it", "block", "bad"),
    "released": ("released it", "outbox", "info"),
    "settled": ("Every payee has been paid", "task_alt", "good"),
    "closed_with_exceptions": ("Closed: not every payee was paid", "error", "warn"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """What this person may do with the batch now, and why not the rest."""

    can_submit: bool = False
    can_drop: bool = False
    can_decide: bool = False
    can_release: bool = False
    why_not: str = ""


class ReviewPage(PublicPage):
    """One batch: who made it, what it pays, what to look at, and the decision."""

    permission: ClassVar[str] = "settlements.view"
    nav: ClassVar[str] = LIST
    template_name: ClassVar[str] = "settlements/review.html"
    prefix: ClassVar[str] = "bat"
    list_title: ClassVar[str] = "Disbursement batches"

    def read(self, id: UUID) -> BatchRow | None:
        """One batch."""
        return batch(batch_id=id)

    def header(self, thing: BatchRow) -> Header:
        """Reference, state and total."""
        return Header(
            kind="Batch",
            reference=thing.reference,
            status=batch_status(thing.state),
            amount=thing.total,
        )

    def facts(self, thing: BatchRow) -> Sequence[Fact]:
        """The figures that matter most."""
        return [
            Fact("Total", thing.total),
            Fact("Payments", thing.lines),
            Fact("Through", thing.provider_account),
            Fact("Made by", thing.maker_name),
            *_times(thing),
        ]

    def banner(self, thing: BatchRow) -> Banner | None:
        """What is needed, and of whom."""
        return banner_of(thing, self.person())

    def approvals(self, thing: BatchRow) -> Sequence[Approval]:
        """Who has decided in this round, and the seats still empty."""
        given = [
            Approval(
                who=one.user_name,
                decision=Status(one.decision, tone="good" if one.decision == "approve" else "bad"),
                at=one.decided_at,
                note=one.comment,
            )
            for one in thing.approvals
        ]
        if thing.state != BatchState.IN_APPROVAL:
            return given
        return [*given, *[Approval()] * missing_approvals(thing)]

    def timeline(self, thing: BatchRow) -> Sequence[Moment]:
        """From the draft to the last payout."""
        made = Moment(
            at=thing.created_at, who=thing.maker_name, what="made this batch", icon="edit_note"
        )
        return [
            made,
            *(
                Moment(
                    at=step.at,
                    who=_name(step.actor),
                    what=_STEPS[step.to_state][0],
                    note=step.reason,
                    icon=_STEPS[step.to_state][1],
                    tone=_STEPS[step.to_state][2],  # type: ignore[arg-type]  # of the map above
                )
                for step in timeline(subject=thing.id)
            ),
        ]

    def person(self) -> str:
        """The human being who is looking."""
        user = self.request.user
        return user.person if isinstance(user, User) else ""

    def not_done(self, error: DomainError, **more: Any) -> HttpResponse:
        """The page again with the refusal; a missing second factor is asked for right here."""
        return self.show(status=STATUS_OF[error.kind], refusal=error, **more)

    def show(self, status: int = 200, **more: Any) -> HttpResponse:
        """The page of the batch with its lines, checks and what can be done."""
        thing: BatchRow = more["thing"]
        lines = disbursements_of(batch_id=thing.id)
        return super().show(
            status,
            batch=thing,
            key=self.subject(thing),
            rows=[(line, public_id("dsb", line.id), line.destination) for line in lines],
            flagged=[line for line in lines if line.is_first_payout or line.has_new_details],
            cover=cover_of(thing),
            offer=self.offer(thing, lines),
            asks_code=recent(self.request) is None,
            queue=queue_of(thing, self.person()) if self.may("settlements.approve") else None,
            **more,
        )

    def offer(self, thing: BatchRow, lines: Sequence[DisbursementRow]) -> Offer:
        """What this person may do now."""
        match thing.state:
            case BatchState.OPEN:
                may = self.may("settlements.draft")
                return Offer(
                    can_submit=may and bool(lines),
                    can_drop=may,
                    why_not="" if may else self.needs("settlements.draft", "Submitting"),
                )
            case BatchState.IN_APPROVAL:
                why_not = self.why_no_decision(thing)
                return Offer(can_decide=not why_not, why_not=why_not)
            case BatchState.APPROVED:
                may = self.may("settlements.release")
                return Offer(
                    can_release=may,
                    why_not="" if may else self.needs("settlements.release", "Releasing"),
                )
        return Offer()

    def why_no_decision(self, thing: BatchRow) -> str:
        """Why this person does not decide on it, or nothing."""
        if self.person() in thing.editors:
            return "You made or changed this batch, so someone else must approve it."
        if not self.may("settlements.approve"):
            return self.needs("settlements.approve", "Deciding")
        if self.person() in {one.person for one in thing.approvals}:
            return "You have decided on this batch already."
        return ""

    def needs(self, permission: str, what: str) -> str:
        """Which roles could."""
        roles = " or ".join(roles_granting(permission)) or "of somebody else"
        return f"{what} needs the role {roles}."


@dataclass(frozen=True, slots=True)
class Cover:
    """The float before and after this batch."""

    before: Money
    after: Money

    @property
    def is_enough(self) -> bool:
        """True if it can be released now."""
        return self.after.minor >= 0


def cover_of(thing: BatchRow) -> Cover | None:
    """The float, while paying this batch is still ahead."""
    if thing.state not in (BatchState.OPEN, BatchState.IN_APPROVAL, BatchState.APPROVED):
        return None
    found: FloatRow = float_cover(provider_account=thing.provider_account)
    return Cover(found.available, found.available - thing.total)


@dataclass(frozen=True, slots=True)
class Queue:
    """What else waits for this person."""

    count: int
    next_reference: str
    next_url: str
    url: str


def queue_of(thing: BatchRow, person: str) -> Queue:
    """The batches that wait for this person, and the next one but this."""
    waiting = batches_awaiting(person=person)
    rest = [row for row in waiting if row.id != thing.id]
    url = reverse(PAGE, args=[public_id("bat", rest[0].id)]) if rest else ""
    return Queue(len(waiting), rest[0].reference if rest else "", url, reverse(QUEUE))


def missing_approvals(thing: BatchRow) -> int:
    """How many people still have to approve in this round."""
    given = sum(1 for one in thing.approvals if one.decision == "approve")
    return max(thing.approvals_needed - given, 0)


def banner_of(thing: BatchRow, person: str) -> Banner | None:
    """What is needed of the person looking, in words."""
    more = missing_approvals(thing)
    needs = f"{more} more approval{'' if more == 1 else 's'} needed."
    match thing.state:
        case BatchState.IN_APPROVAL if person in thing.editors:
            return Banner(
                title="You made or changed this batch, so someone else must approve it.",
                text=needs,
                tone="warn",
                icon="group",
            )
        case BatchState.IN_APPROVAL:
            return Banner(
                title=f"Made by {thing.maker_name}. {needs}",
                text="After the last approval a treasurer releases it.",
                icon="group",
            )
        case BatchState.OPEN:
            return Banner(
                title="This batch is open.",
                text="Nothing is paid before it is submitted, approved by others and released.",
                icon="edit_note",
            )
        case BatchState.APPROVED:
            return Banner(
                title="Approved. It waits to be released.",
                text=f"Releasing reserves {thing.total} and sends {thing.lines} payments.",
                tone="good",
                icon="verified",
            )
        case BatchState.CLOSED_WITH_EXCEPTIONS:
            return Banner(
                title="Not every payee was paid.",
                text="What failed is owed again and comes up in the next batch.",
                tone="warn",
                icon="error",
            )
    return None


def _name(actor: str) -> str:
    """``person:amina`` as people say it."""
    kind, _, name = actor.partition(":")
    return "" if kind == "system" else name


register_view("settlements/batches/<str:key>/", ReviewPage, name="settlements_batch")


def _times(thing: BatchRow) -> list[Fact]:
    """When it leaves and arrives if it is released now; nothing once it has left."""
    times = rail_times(provider_account=thing.provider_account)
    if times is None or thing.released_at is not None:
        return []
    return [Fact("Next cut-off", times.next_cut_off), Fact("Arrives", times.expected_arrival)]
