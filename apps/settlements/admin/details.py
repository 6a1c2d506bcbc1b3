"""Payout details: a payee's page, the queue of those to verify, and what writes new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.urls import reverse

from apps.console.navigation import may_open
from apps.console.pages import (
    Action,
    Approval,
    Header,
    Moment,
    PublicPage,
    QueuePage,
    QueueRow,
)
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Tone, Value
from apps.identity.models import User
from apps.identity.step_up import recent
from apps.ledger.selectors import account_balance
from apps.platform.ids import parse_public_id, public_id
from apps.settlements import services
from apps.settlements.admin.payees import LIST
from apps.settlements.domain import DetailsDecision, DetailsState
from apps.settlements.selectors import (
    DetailsRow,
    PayeeRow,
    details_of,
    details_to_verify,
    details_to_verify_count,
    payee,
)

PAGE = "console:settlements_payee"
QUEUE = "console:settlements_details"
FILE = "console:settlements_payee_file"
VIEW, DRAFT, APPROVE = "settlements.view", "settlements.draft", "settlements.approve"

_TONES: dict[DetailsState, Tone] = {
    DetailsState.UNVERIFIED: "warn",
    DetailsState.COOLING: "info",
    DetailsState.USABLE: "good",
    DetailsState.REJECTED: "bad",
    DetailsState.SUPERSEDED: "calm",
}
_SAID = {
    DetailsDecision.VERIFY: ("verified", "task_alt"),
    DetailsDecision.REJECT: ("rejected", "block"),
    DetailsDecision.LIFT: ("lifted the wait of", "fast_forward"),
}


def details_status(state: DetailsState) -> Status:
    """Where a version stands."""
    return Status(state, tone=_TONES[state])


class PayeePage(PublicPage):
    """One payee: what is owed, where it goes, and every version of that."""

    permission: ClassVar[str] = VIEW
    nav: ClassVar[str] = LIST
    prefix: ClassVar[str] = "payee"
    list_title: ClassVar[str] = "Payees"

    def read(self, id: UUID) -> PayeeRow | None:
        """One payee."""
        return payee(payee_id=id)

    def header(self, thing: PayeeRow) -> Header:
        """Who it is and what is owed."""
        return Header(
            kind=thing.kind.capitalize(),
            reference=thing.reference,
            status=details_status(thing.details_state),
            amount=account_balance(thing.ledger_account).balance,
            note=thing.name,
        )

    def facts(self, thing: PayeeRow) -> Sequence[Fact]:
        """Where the money goes now."""
        return [
            Fact("Paid to", thing.details.masked),
            Fact("Owner of the account", thing.details.account_name or None),
            Fact("Version", thing.version),
            Fact("Currency", thing.currency),
            Fact("Account", Ref(thing.ledger_account)),
            Fact("Known since", thing.created_at),
        ]

    def checks(self, thing: PayeeRow) -> Sequence[tuple[Tone, Value]]:
        """What to look at before saying yes."""
        found: list[tuple[Tone, Value]] = []
        for row in details_of(payee_id=thing.id):
            if row.state in {DetailsState.UNVERIFIED, DetailsState.COOLING} and row.shared_with:
                others = ", ".join(row.shared_with)
                found.append(("warn", f"Version {row.version} is also where we pay {others}"))
        if thing.details_state is DetailsState.USABLE:
            found.append(("good", "A second person verified the details; money may go there"))
        elif thing.details_state is DetailsState.COOLING:
            found.append(("warn", "Verified, but nothing is paid until the details have cooled"))
        else:
            found.append(("warn", "Nothing is paid until a second person verifies the details"))
        return found

    def lines(self, thing: PayeeRow) -> Sequence[Table]:
        """Every version."""
        return [
            Table(
                "Versions of the payout details",
                ["Version", "Paid to", "State", "Written", "Usable from"],
                [
                    Row(
                        [
                            str(row.version),
                            Note(row.details.masked, row.details.account_name),
                            details_status(row.state),
                            Note(row.created_at, f"by {row.created_by.partition(':')[2]}"),
                            _usable_from(row),
                        ],
                        anchor=public_id("ben", row.id),
                    )
                    for row in details_of(payee_id=thing.id)
                ],
            )
        ]

    def actions(self, thing: PayeeRow) -> Sequence[Action]:
        """Decide on what waits; write new details."""
        open_version = _open_version(thing)
        offered = decisions_on(open_version, self.person()) if open_version else []
        change = Action(name="change", label="Write new details", key="c", permission=DRAFT)
        return [*offered, change]

    def approvals(self, thing: PayeeRow) -> Sequence[Approval]:
        """Whoever decided on the version that counts, or the empty seat."""
        newest = details_of(payee_id=thing.id)[0]
        given = [
            Approval(
                who=one.user_name,
                decision=Status(one.decision, tone="bad" if one.decision == "reject" else "good"),
                at=one.decided_at,
                note=one.comment,
            )
            for one in newest.decisions
        ]
        return given or [Approval()]

    def timeline(self, thing: PayeeRow) -> Sequence[Moment]:
        """Each version, and what was said of it."""
        found = []
        for row in details_of(payee_id=thing.id):
            who = row.created_by.partition(":")[2]
            what = f"wrote version {row.version}"
            found.append(Moment(at=row.created_at, who=who, what=what, icon="edit_note"))
            for one in row.decisions:
                said, icon = _SAID[DetailsDecision(one.decision)]
                found.append(
                    Moment(
                        at=one.decided_at,
                        who=one.user_name,
                        what=f"{said} version {row.version}",
                        note=one.comment,
                        icon=icon,
                        tone="bad" if one.decision == "reject" else "good",
                    )
                )
        return found

    def person(self) -> str:
        """The human being who is looking."""
        user = self.request.user
        return user.person if isinstance(user, User) else ""

    def do_change(self, thing: PayeeRow, form: QueryDict) -> HttpResponseBase:
        """To the form."""
        return self.done(
            "", reverse("console:settlements_details_change", args=[self.subject(thing)])
        )

    def do_verify(self, thing: PayeeRow, form: QueryDict) -> str:
        """The details are good."""
        return self._decide(thing, DetailsDecision.VERIFY, form)

    def do_reject(self, thing: PayeeRow, form: QueryDict) -> str:
        """They are not."""
        return self._decide(thing, DetailsDecision.REJECT, form)

    def do_lift(self, thing: PayeeRow, form: QueryDict) -> str:
        """Money may go there at once."""
        return self._decide(thing, DetailsDecision.LIFT, form)

    def _decide(self, thing: PayeeRow, decision: DetailsDecision, form: QueryDict) -> str:
        shown = form.get("beneficiary", "")
        return decide(self.request, shown, decision, form.get("text", ""), self.actor)


class DetailsQueue(QueuePage):
    """Payout details nobody has decided on, the longest waiting first."""

    title: ClassVar[str] = "Payout details to verify"
    permission: ClassVar[str] = APPROVE
    columns: ClassVar[Sequence[str]] = ("Payee", "Paid to", "Look at", "Written", "Usable from")
    empty_title: ClassVar[str] = "No payout details wait"
    empty_advice: ClassVar[str] = "New and changed details of payees appear here."

    def rows(self) -> Sequence[QueueRow]:
        """The versions, each with what can be said of it."""
        user = self.request.user
        person = user.person if isinstance(user, User) else ""
        return [_queue_row(row, person) for row in details_to_verify()]

    def empty_link(self) -> Link | None:
        """To everybody."""
        return Link("All payees", reverse(LIST))

    def do_verify(self, key: str, form: QueryDict) -> str:
        """The details are good."""
        return decide(self.request, key, DetailsDecision.VERIFY, "", self.actor)

    def do_reject(self, key: str, form: QueryDict) -> str:
        """They are not."""
        text = form.get("text", "")
        return decide(self.request, key, DetailsDecision.REJECT, text, self.actor)


def decide(
    request: HttpRequest, shown: str, decision: DetailsDecision, text: str, actor: Any
) -> str:
    """Carry out a decision on the version that was shown, and say so."""
    services.decide_payee_details(
        beneficiary_id=parse_public_id("ben", shown),
        decision=decision,
        comment=text.strip()[:1000],
        step_up_at=recent(request),
        actor=actor,
    )
    return {
        DetailsDecision.VERIFY: "The details are verified. Money goes there once they have cooled.",
        DetailsDecision.REJECT: "The details are rejected; nothing is paid there.",
        DetailsDecision.LIFT: "Money may go there at once.",
    }[decision]


def decisions_on(row: DetailsRow, person: str) -> list[Action]:
    """What this person may say of a version that waits."""
    why_not = ""
    if row.author_person == person:
        why_not = "You wrote these details, so someone else must decide on them."
    hidden = {"beneficiary": public_id("ben", row.id)}
    common: dict[str, Any] = {"permission": APPROVE, "why_not": why_not, "hidden": hidden}
    if row.state is DetailsState.COOLING:
        label = f"Pay version {row.version} at once"
        asks = "Why it need not cool"
        return [Action(name="lift", label=label, key="l", look="danger", asks=asks, **common)]
    label = f"Verify {row.details.masked}"
    return [
        Action(name="verify", label=label, key="a", look="main", **common),
        Action(name="reject", label="Reject", key="b", look="danger", asks="Why not", **common),
    ]


def _usable_from(row: DetailsRow) -> Value:
    lifted = [one.decided_at for one in row.decisions if one.decision == DetailsDecision.LIFT]
    return lifted[0] if lifted else row.cools_until


def _open_version(thing: PayeeRow) -> DetailsRow | None:
    waiting = (DetailsState.UNVERIFIED, DetailsState.COOLING)
    return next((row for row in details_of(payee_id=thing.id) if row.state in waiting), None)


def _queue_row(row: DetailsRow, person: str) -> QueueRow:
    flags = ["New payee" if row.version == 1 else "Changed details"]
    if row.shared_with:
        flags.append(f"also {', '.join(row.shared_with)}")
    return QueueRow(
        key=public_id("ben", row.id),
        url=reverse(PAGE, args=[public_id("payee", row.payee_id)]),
        tone="warn" if row.shared_with else None,
        actions=decisions_on(row, person),
        cells=[
            Note(row.payee_name, Ref(row.payee)),
            Note(row.details.masked, row.details.account_name),
            Note(Status(flags[0], tone="calm" if row.version == 1 else "warn"), *flags[1:]),
            Note(row.created_at, f"by {row.created_by.partition(':')[2]}"),
            row.cools_until,
        ],
    )


def to_verify(request: HttpRequest) -> int:
    """How many wait, for whoever may decide."""
    return details_to_verify_count() if may_open(request, APPROVE) else 0


register_view("settlements/payee-details/", DetailsQueue, name="settlements_details")
register_view("settlements/payees/<str:key>/", PayeePage, name="settlements_payee")
register_page("", "Payout details", "verified_user", QUEUE, APPROVE, badge=to_verify, order=22)
