"""Pay-ins nobody asked for: the queue, each with its candidates, and what is done with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from apps.console.pages import Action, Approval, FormPage, Header, PublicPage, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.payments.domain.pay_ins import Candidate, PayInRow, PayInState
from apps.payments.errors import UnknownIntent
from apps.payments.selectors import (
    intent_by_reference,
    pay_in,
    pay_in_candidates,
    pay_in_refund_verb,
    waiting_pay_ins,
    waiting_pay_ins_count,
)
from apps.payments.services import apply_pay_in, ask_pay_in_refund, move_pay_in
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

PERMISSION, RECORD = "payments.view", "payments.record"
QUEUE = "console:payments_pay_ins"
PAGE = "console:payments_pay_in"
_STATES: dict[PayInState, Status] = {
    PayInState.OPEN: Status("unmatched", tone="warn"),
    PayInState.REFUNDING: Status("refunding", tone="info"),
    PayInState.USED: Status("used", tone="good"),
}


class PayInQueue(QueuePage):
    """Money in suspense that waits for a person, the oldest first."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Unmatched pay-ins"
    nav: ClassVar[str] = "payments_pay_ins"
    columns: ClassVar[Sequence[str]] = ("Receipt", "State", "Paid", "Typed", "Likeliest", "Left")
    empty_title: ClassVar[str] = "Everything that came in has its place"
    empty_advice: ClassVar[str] = (
        "Money that nobody was asked for appears here, unless its reference and amount are those of"
        " one open payment."
    )

    def rows(self) -> Sequence[QueueRow]:
        """Oldest first."""
        return [_queued(row) for row in waiting_pay_ins()]


class PayInPage(PublicPage):
    """One pay-in: what was paid, whose it may be and why, and what it was used for."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "pin"
    list_title: ClassVar[str] = "Unmatched pay-ins"

    def read(self, id: UUID) -> PayInRow:
        """One pay-in."""
        return pay_in(id)

    def header(self, thing: PayInRow) -> Header:
        """Its receipt, state and amount."""
        return Header(
            kind="Pay-in",
            reference=thing.receipt,
            status=_STATES[thing.state],
            amount=thing.amount,
            note=thing.provider_account,
        )

    def facts(self, thing: PayInRow) -> Sequence[Fact]:
        """What the provider said, and where the money stands."""
        return [
            Fact("Account reference as typed", thing.account_reference or "none"),
            Fact("Why nobody owns it", thing.doubt or None),
            Fact("Left in suspense", thing.left),
            Fact("Payer", thing.payer or None),
            Fact("Payer's name", thing.payer_name or None),
            Fact("Paid", thing.paid_at),
            Fact("Received", thing.received_at),
            Fact("Learnt from", thing.source),
            Fact("Journal entry", _entry(thing.entry_id)),
        ]

    def lines(self, thing: PayInRow) -> Sequence[Table]:
        """Candidates while something is left, then its uses."""
        uses = Table(
            "Used for",
            ["What", "Target", "How it was known", "By", "When", "Entry", "Amount"],
            [
                Row(
                    [
                        Status(use.use, tone="good"), Ref(use.target),
                        use.reason or f"Rule {use.rule}", use.actor.partition(":")[2], use.at,
                        _entry(use.entry_id), use.amount,
                    ]
                )
                for use in thing.uses
            ],
            empty="None of it has been used.",
        )  # fmt: skip
        return [self._candidates(thing), uses] if thing.state == PayInState.OPEN else [uses]

    def actions(self, thing: PayInRow) -> Sequence[Action]:
        """Giving it back; the other uses are forms."""
        if thing.state != PayInState.OPEN:
            return []
        return [
            Action(
                name="refund", key="r", label=f"Give {thing.amount} back", icon="undo",
                permission=RECORD, why_not=pay_in_refund_verb(thing.id),
                asks="Why it goes back",
                confirm="A colleague decides before the provider is asked to undo it.",
            )
        ]  # fmt: skip

    def do_refund(self, thing: PayInRow, form: QueryDict) -> str:
        """Ask for it."""
        ask_pay_in_refund(pay_in_id=thing.id, reason=form.get("text", ""), actor=self.actor)
        return "A colleague decides about it under Refunds."

    def approvals(self, thing: PayInRow) -> Sequence[Approval]:
        """Who asked for the last refund of it, and who decided."""
        if not thing.refunds:
            return []
        last = thing.refunds[-1]
        asked = Approval(
            who=last.asked_by.partition(":")[2],
            decision=Status("asked", tone="info"),
            at=last.asked_at,
            note=last.reason,
        )
        if last.decided_at is None:
            return [asked, Approval()]
        second = Approval(
            who=last.decided_by.partition(":")[2],
            decision=Status(last.state),
            at=last.decided_at,
            note=last.said,
        )
        return [asked, second]

    def links(self, thing: PayInRow) -> list[tuple[str, str]]:
        """The two forms, for whoever may use it."""
        if thing.state != PayInState.OPEN or not self.may(RECORD):
            return []
        key = self.subject(thing)
        return [
            ("Apply to a payment", reverse("console:payments_pay_in_apply", args=[key])),
            ("Move to a party's account", reverse("console:payments_pay_in_move", args=[key])),
        ]

    def _candidates(self, thing: PayInRow) -> Table:
        links = self.links(thing)
        others: list[Row] = [
            Row([Link(label, url), None, None, "Any other, by its reference or account", ""])
            for label, url in links
        ]
        rows = [self._candidate(thing, one) for one in pay_in_candidates(thing.id)]
        return Table(
            "Whose it may be",
            ["Payment", "Asked", "Status", "Why", "To do"],
            [*rows, *others],
            empty="Nothing that was asked for resembles it.",
        )

    def _candidate(self, thing: PayInRow, one: Candidate) -> Row:
        payment = one.payment
        todo: Value = one.why_not
        if not one.why_not and self.may(RECORD):
            query = urlencode({"to": payment.reference})
            page = reverse("console:payments_pay_in_apply", args=[self.subject(thing)])
            todo = Link("Apply", f"{page}?{query}")
        return Row(
            [
                Note(Ref(payment.reference), payment.description),
                payment.asked,
                Status(payment.status),
                Note(f"{one.score} points", " ".join(one.reasons)),
                todo,
            ],
            url=reverse("console:payments_intent", args=[public_id("pi", payment.id)]),
        )


class ApplyForm(forms.Form):
    """The payment, and how it is known."""

    reference = forms.CharField(label="Reference of the payment", max_length=100)
    reason = forms.CharField(label="How you know it is this one", max_length=300)


class MoveForm(forms.Form):
    """The party's account, and how it is known."""

    account = forms.CharField(label="Account of the party", max_length=64)
    amount = forms.DecimalField(
        required=False, min_value=0, help_text="Empty: all that is left of it."
    )
    reason = forms.CharField(label="How you know whose it is", max_length=300)


class _UsePage(FormPage):
    """A form about one pay-in."""

    permission: ClassVar[str] = RECORD
    nav: ClassVar[str] = QUEUE

    def thing(self) -> PayInRow:
        """The pay-in of the address."""
        try:
            return pay_in(parse_public_id("pin", self.kwargs["key"]))
        except ValueError as error:
            raise Http404 from error

    def crumbs(self) -> Sequence[Link]:
        """Back to the pay-in."""
        thing = self.thing()
        page = reverse(PAGE, args=[self.kwargs["key"]])
        return (Link("Unmatched pay-ins", reverse(QUEUE)), Link(thing.receipt, page))

    def next_url(self) -> str:
        """The pay-in."""
        return reverse(PAGE, args=[self.kwargs["key"]])


class ApplyPage(_UsePage):
    """Settles a payment with the pay-in."""

    title: ClassVar[str] = "Apply to a payment"
    submit: ClassVar[str] = "Settle the payment"
    intro: ClassVar[str] = "The payment takes what it asks for; more than that stays here."
    form_class = ApplyForm

    def initial(self) -> dict[str, Any]:
        """The candidate that was chosen."""
        return {"reference": self.request.GET.get("to", "")}

    def perform(self, data: dict[str, Any]) -> str:
        """Apply it."""
        intent = intent_by_reference(data["reference"].strip())
        if intent is None:
            raise UnknownIntent(intent=data["reference"])
        apply_pay_in(
            pay_in_id=self.thing().id, intent_id=intent.id, reason=data["reason"], actor=self.actor
        )
        return f"{intent.reference} is paid."


class MovePage(_UsePage):
    """Credits the pay-in to a party."""

    title: ClassVar[str] = "Move to a party's account"
    submit: ClassVar[str] = "Move the money"
    intro: ClassVar[str] = "Out of suspense, to the account that says whom it is owed to."
    form_class = MoveForm

    def perform(self, data: dict[str, Any]) -> str:
        """Move it."""
        thing = self.thing()
        amount = Money.from_major(data["amount"], thing.amount.currency) if data["amount"] else None
        move_pay_in(
            pay_in_id=thing.id,
            account=data["account"].strip(),
            amount=amount,
            reason=data["reason"],
            actor=self.actor,
        )
        return f"{amount or thing.left} moved to {data['account']}."


def _queued(row: PayInRow) -> QueueRow:
    key = public_id("pin", row.id)
    best = next(iter(pay_in_candidates(row.id)), None) if row.state == PayInState.OPEN else None
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.left,
        cells=[
            Note(Ref(row.receipt), f"{row.provider_account}, {row.payer or 'payer not shown'}"),
            _STATES[row.state],
            row.paid_at,
            Note(row.account_reference or "nothing", row.doubt),
            Note(Ref(best.payment.reference), best.reasons[0]) if best else "nobody",
            row.left,
        ],
    )


def _entry(id: UUID) -> Value:
    name = public_id("je", id)
    return Link(name, reverse("console:ledger_entry", args=[name]))


def _waiting(_request: HttpRequest) -> int | None:
    return waiting_pay_ins_count() or None


register_view("payments/pay-ins", PayInQueue, name="payments_pay_ins")
register_view("payments/pay-ins/<str:key>", PayInPage, name="payments_pay_in")
register_view("payments/pay-ins/<str:key>/apply", ApplyPage, name="payments_pay_in_apply")
register_view("payments/pay-ins/<str:key>/move", MovePage, name="payments_pay_in_move")
register_page("Money in", "Unmatched pay-ins", "move_to_inbox", QUEUE, PERMISSION,
              badge=_waiting, order=25)  # fmt: skip
