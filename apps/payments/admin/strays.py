"""Money that came otherwise than it was asked for: the queue, each of it, and its verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, FormPage, Header, PublicPage, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.payments.domain.strays import StrayKind, StrayRow, StrayState
from apps.payments.selectors import stray, stray_verbs, waiting_strays, waiting_strays_count
from apps.payments.services import accept_stray, move_stray, refund_stray
from apps.platform.ids import parse_public_id, public_id

PERMISSION, RECORD, COLLECT = "payments.view", "payments.record", "payments.collect"
QUEUE = "console:payments_strays"
PAGE = "console:payments_stray"
#: Why it is here, as people say it.
KINDS: Mapping[StrayKind, str] = {
    StrayKind.LATE: "Came too late",
    StrayKind.SECOND: "Paid twice",
    StrayKind.OVER: "Paid too much",
    StrayKind.SHORT: "Paid too little",
    StrayKind.CORRECTED: "Another amount than booked",
    StrayKind.RETURNED: "A payout came back",
}
_STATES = {
    StrayState.OPEN: Status("open", label="To decide", tone="warn"),
    StrayState.REFUNDING: Status("refunding", tone="info"),
    StrayState.DONE: Status("done"),
}


class StrayQueue(QueuePage):
    """What stands in suspense beside payments, the oldest first."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Strayed money"
    nav: ClassVar[str] = "payments_strays"
    columns: ClassVar[Sequence[str]] = ("Payment", "Why", "State", "Came", "Receipt", "Left")
    empty_title: ClassVar[str] = "Nothing has strayed"
    empty_advice: ClassVar[str] = (
        "Money that comes too late, twice, or in another amount than was asked for appears here."
    )

    def rows(self) -> Sequence[QueueRow]:
        """Oldest first."""
        return [_queued(row) for row in waiting_strays()]


class StrayPage(PublicPage):
    """One of it: what came, why it strayed, and what may be done with it."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "str"
    list_title: ClassVar[str] = "Strayed money"

    def read(self, id: UUID) -> StrayRow:
        """One of it."""
        return stray(id)

    def header(self, thing: StrayRow) -> Header:
        """Why it strayed, and how much."""
        return Header(
            kind="Strayed money",
            reference=thing.reference or thing.provider_reference,
            status=_STATES[thing.state],
            amount=thing.amount,
            note=KINDS[thing.kind],
        )

    def facts(self, thing: StrayRow) -> Sequence[Fact]:
        """What came, and where it stands."""
        payment: Value = "none"
        if thing.intent_id is not None:
            url = reverse("console:payments_intent", args=[public_id("pi", thing.intent_id)])
            payment = Link(thing.reference, url)
        return [
            Fact("Payment", payment),
            Fact("The payment is", Status(thing.status) if thing.status else None),
            Fact("Left in suspense", thing.left),
            Fact("Provider's receipt", Ref(thing.provider_reference)),
            Fact("Provider account", thing.provider_account),
            Fact("Came", thing.opened_at),
            Fact("Has its place since", thing.closed_at),
            Fact("Journal entry", _entry(thing.entry_id)),
        ]

    def lines(self, thing: StrayRow) -> Sequence[Table]:
        """The verbs while something is left, and where it went."""
        uses = [
            Row(
                [
                    Status(use.use, tone="good"),
                    use.account or (public_id("rf", use.refund_id) if use.refund_id else "payment"),
                    use.reason, use.actor.partition(":")[2], use.at, _entry(use.entry_id),
                    use.amount,
                ]
            )
            for use in thing.uses
        ]  # fmt: skip
        columns = ["What", "Target", "Why", "By", "When", "Entry", "Amount"]
        used = Table("Where it went", columns, uses, empty="None of it has its place yet.")
        if thing.state == StrayState.DONE:
            return [used]
        verbs = [
            Row([verb.verb.capitalize(), verb.meaning, self._now(thing, verb.verb, verb.why_not)])
            for verb in stray_verbs(thing.id)
        ]
        return [Table("What may be done", ["Verb", "Means", "Now"], verbs), used]

    def actions(self, thing: StrayRow) -> Sequence[Action]:
        """Accept and refund; moving asks for an account, in a form."""
        if thing.state == StrayState.DONE:
            return []
        why = {verb.verb: verb.why_not for verb in stray_verbs(thing.id)}
        return [
            Action(
                name="accept", key="a", label=f"Accept {thing.left}", look="main", icon="check",
                permission=RECORD, why_not=why["accept"], asks="Why the payment takes it",
                confirm="Those whom the payment belongs to are credited.",
            ),
            Action(
                name="refund", key="r", label=f"Refund {thing.left}", icon="undo",
                permission=COLLECT, why_not=why["refund"], asks="Why it goes back",
                confirm="A colleague decides before anything leaves.",
            ),
        ]  # fmt: skip

    def do_accept(self, thing: StrayRow, form: QueryDict) -> str:
        """To those whom the payment belongs to."""
        accept_stray(stray_id=thing.id, reason=form.get("text", ""), actor=self.actor)
        return "The payment has taken it."

    def do_refund(self, thing: StrayRow, form: QueryDict) -> str:
        """Back to the payer, once a colleague agrees."""
        refund_stray(
            stray_id=thing.id,
            reason=form.get("text", ""),
            idempotency_key=f"console:{self.subject(thing)}:{len(thing.uses)}:{thing.refund_id}",
            actor=self.actor,
        )
        return "The refund waits for a colleague."

    def _now(self, thing: StrayRow, verb: str, why_not: str) -> Value:
        if why_not or verb != "move":
            return why_not or "Use the button."
        page = reverse("console:payments_stray_move", args=[self.subject(thing)])
        return Link("Move it", page) if self.may(RECORD) else "An operator may move it."


class MoveStrayForm(forms.Form):
    """The party's account, and how it is known."""

    account = forms.CharField(label="Account of the party", max_length=64)
    reason = forms.CharField(label="How you know whose it is", max_length=300)


class MoveStrayPage(FormPage):
    """Credits strayed money to a party."""

    permission: ClassVar[str] = RECORD
    nav: ClassVar[str] = QUEUE
    title: ClassVar[str] = "Move to a party's account"
    submit: ClassVar[str] = "Move the money"
    intro: ClassVar[str] = "Out of suspense, to the account that says whom it is owed to."
    form_class = MoveStrayForm

    def thing(self) -> StrayRow:
        """The one of the address."""
        try:
            return stray(parse_public_id("str", self.kwargs["key"]))
        except ValueError as error:
            raise Http404 from error

    def crumbs(self) -> Sequence[Link]:
        """Back to it."""
        thing = self.thing()
        page = reverse(PAGE, args=[self.kwargs["key"]])
        name = thing.reference or thing.provider_reference
        return (Link("Strayed money", reverse(QUEUE)), Link(name, page))

    def perform(self, data: dict[str, Any]) -> str:
        """Move it."""
        thing = self.thing()
        account = data["account"].strip()
        move_stray(stray_id=thing.id, account=account, reason=data["reason"], actor=self.actor)
        return f"{thing.left} moved to {account}."

    def next_url(self) -> str:
        """Where it stood."""
        return reverse(PAGE, args=[self.kwargs["key"]])


def _queued(row: StrayRow) -> QueueRow:
    key = public_id("str", row.id)
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.left,
        cells=[
            Note(Ref(row.reference or "none"), row.provider_account),
            KINDS[row.kind],
            _STATES[row.state],
            row.opened_at,
            Ref(row.provider_reference),
            row.left,
        ],
    )


def _entry(id: UUID | None) -> Value:
    if id is None:
        return None
    name = public_id("je", id)
    return Link(name, reverse("console:ledger_entry", args=[name]))


def _waiting(_request: HttpRequest) -> int | None:
    return waiting_strays_count() or None


register_view("payments/strays", StrayQueue, name="payments_strays")
register_view("payments/strays/<str:key>", StrayPage, name="payments_stray")
register_view("payments/strays/<str:key>/move", MoveStrayPage, name="payments_stray_move")
register_page("Money in", "Strayed money", "alt_route", QUEUE, PERMISSION,
              badge=_waiting, order=22)  # fmt: skip
