"""Receipts recorded by hand: the form, those to approve, and each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import reverse

from apps.console.pages import Action, Approval, FormPage, Header, PublicPage, QueuePage, QueueRow
from apps.console.pages.base import Page
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Ref, Status, Value
from apps.identity.models import User
from apps.payments.domain.pay_ins import METHODS, ReceiptDraft, ReceiptRow, ReceiptState
from apps.payments.selectors import (
    cash_accounts,
    receipt,
    receipt_evidence,
    receipts_to_approve,
)
from apps.payments.services import approve_receipt, cancel_receipt, record_receipt
from apps.platform import clock
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

PERMISSION, RECORD, APPROVE = "payments.view", "payments.record", "payments.approve"
QUEUE = "console:payments_receipts"
PAGE = "console:payments_receipt"
_TONES: dict[ReceiptState, Status] = {
    ReceiptState.RECORDED: Status("to approve", tone="warn"),
    ReceiptState.APPROVED: Status("approved", tone="good"),
    ReceiptState.CANCELLED: Status("cancelled", tone="calm"),
}
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


class ReceiptQueue(QueuePage):
    """Opened one by one: whoever approves has looked at the evidence."""

    permission: ClassVar[str] = PERMISSION
    title: ClassVar[str] = "Receipts by hand"
    nav: ClassVar[str] = "payments_receipts"
    columns: ClassVar[Sequence[str]] = ("Receipt", "For", "Recorded by", "Since", "Amount")
    empty_title: ClassVar[str] = "No receipt waits for a second person"
    empty_advice: ClassVar[str] = "Cash, cheques and bank slips that people record appear here."

    def rows(self) -> Sequence[QueueRow]:
        """The longest waiting first."""
        return [_queued(row) for row in receipts_to_approve()]

    def empty_link(self) -> Link | None:
        """To record one."""
        return Link("Record a receipt", reverse("console:payments_receipt_new"))


class ReceiptPage(PublicPage):
    """One receipt: what was recorded, its evidence, and who decides."""

    permission: ClassVar[str] = PERMISSION
    nav: ClassVar[str] = QUEUE
    prefix: ClassVar[str] = "rcp"
    list_title: ClassVar[str] = "Receipts by hand"

    def read(self, id: UUID) -> ReceiptRow:
        """One receipt."""
        return receipt(id)

    def header(self, thing: ReceiptRow) -> Header:
        """Its number, state and amount."""
        return Header(
            kind=thing.method.replace("_", " ").capitalize(),
            reference=thing.number,
            status=_TONES[thing.state],
            amount=thing.amount,
            note=thing.provider_account,
        )

    def facts(self, thing: ReceiptRow) -> Sequence[Fact]:
        """What was recorded."""
        evidence = reverse("console:payments_receipt_evidence", args=[self.subject(thing)])
        booked: Value = None
        if thing.pay_in_id is not None:
            name = public_id("pin", thing.pay_in_id)
            booked = Link(name, reverse("console:payments_pay_in", args=[name]))
        return [
            Fact("Evidence", Link("Open the file", evidence)),
            Fact("Received on", thing.received_date),
            Fact("Account reference", thing.account_reference or "none"),
            Fact("Payer", thing.payer_name or None),
            Fact("Note", thing.note or None),
            Fact("Became", booked),
            Fact("SHA-256 of the evidence", Ref(thing.evidence_sha256)),
        ]

    def approvals(self, thing: ReceiptRow) -> Sequence[Approval]:
        """Who recorded it, and the second seat."""
        first = Approval(
            who=thing.recorded_by.partition(":")[2],
            decision=Status("recorded", tone="info"),
            at=thing.recorded_at,
        )
        if thing.decided_at is None:
            return [first, Approval()]
        second = Approval(
            who=thing.decided_by.partition(":")[2],
            decision=_TONES[thing.state],
            at=thing.decided_at,
            note=thing.decision_reason,
        )
        return [first, second]

    def actions(self, thing: ReceiptRow) -> Sequence[Action]:
        """Approve, for another person; cancel."""
        if thing.state != ReceiptState.RECORDED:
            return []
        user = self.request.user
        is_own = isinstance(user, User) and user.person == thing.recorded_person
        return [
            Action(
                name="approve", key="a", label=f"Approve {thing.amount}", look="main",
                permission=APPROVE, icon="task_alt",
                why_not="You recorded it: another person approves." if is_own else "",
                confirm="You have looked at the evidence. The money is booked at once.",
            ),
            Action(
                name="cancel", label="Cancel the receipt", look="danger", permission=RECORD,
                asks="Why it is given up",
            ),
        ]  # fmt: skip

    def do_approve(self, thing: ReceiptRow, form: QueryDict) -> str:
        """Into the books."""
        approve_receipt(receipt_id=thing.id, actor=self.actor)
        return f"{thing.amount} is in the books."

    def do_cancel(self, thing: ReceiptRow, form: QueryDict) -> str:
        """Given up."""
        cancel_receipt(receipt_id=thing.id, reason=form.get("text", ""), actor=self.actor)
        return "The receipt is cancelled. Its number may be recorded again."


class EvidencePage(Page):
    """The kept file itself, never run by the browser."""

    permission: ClassVar[str] = PERMISSION

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As it was handed in."""
        try:
            name, content = receipt_evidence(parse_public_id("rcp", self.kwargs["key"]))
        except ValueError as error:
            raise Http404 from error
        response = HttpResponse(content, content_type=TYPES[name.rpartition(".")[2]])
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


class ReceiptForm(forms.Form):
    """What was handed over, with the proof of it."""

    provider_account = forms.ChoiceField(label="Taken at")
    method = forms.ChoiceField(
        choices=[(one, one.replace("_", " ").capitalize()) for one in METHODS]
    )
    number = forms.CharField(label="Number of the receipt, cheque or slip", max_length=60)
    amount = forms.DecimalField(min_value=0)
    received_date = forms.DateField(
        label="Received on", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    account_reference = forms.CharField(
        label="Reference of the payment",
        max_length=100,
        required=False,
        help_text="That payment is settled if it asks for exactly this amount.",
    )
    payer_name = forms.CharField(label="Payer", max_length=100, required=False)
    note = forms.CharField(max_length=300, required=False)
    evidence = forms.FileField(help_text="A photograph or scan: PDF, PNG or JPEG, up to 5 MB.")


class RecordPage(FormPage):
    """Records a receipt for another person to approve."""

    permission: ClassVar[str] = RECORD
    title: ClassVar[str] = "Record a receipt"
    nav: ClassVar[str] = QUEUE
    submit: ClassVar[str] = "Record the receipt"
    intro: ClassVar[str] = "Nothing is booked until another person has looked at the evidence."
    form_class = ReceiptForm

    def make_form(self) -> forms.Form:
        """With the accounts where money is taken by hand."""
        form = super().make_form()
        form.fields["provider_account"].choices = cash_accounts()  # type: ignore[attr-defined]  # a choice field
        return form

    def initial(self) -> dict[str, Any]:
        """Today."""
        return {"received_date": clock.today(current_tenant().zone)}

    def crumbs(self) -> Sequence[Link]:
        """Back to the queue."""
        return (Link("Receipts by hand", reverse(QUEUE)),)

    def perform(self, data: dict[str, Any]) -> HttpResponseBase:
        """Record it."""
        file = data.pop("evidence")
        currency = current_tenant().functional_currency
        amount = Money.from_major(data.pop("amount"), currency)
        id = record_receipt(
            draft=ReceiptDraft(amount=amount, **data),
            evidence_name=file.name,
            evidence=file.read(),
            actor=self.actor,
        )
        page = reverse(PAGE, args=[public_id("rcp", id)])
        return self.done("Recorded. Another person approves it.", page)


def _queued(row: ReceiptRow) -> QueueRow:
    key = public_id("rcp", row.id)
    return QueueRow(
        key=key,
        url=reverse(PAGE, args=[key]),
        total=row.amount,
        cells=[
            Note(Ref(row.number), row.method.replace("_", " ")),
            Note(row.account_reference or "nobody named", row.payer_name),
            row.recorded_by.partition(":")[2],
            row.recorded_at,
            row.amount,
        ],
    )


def _waiting(_request: HttpRequest) -> int | None:
    return len(receipts_to_approve()) or None


register_view("payments/receipts", ReceiptQueue, name="payments_receipts")
register_view("payments/receipts/new", RecordPage, name="payments_receipt_new")
register_view("payments/receipts/<str:key>", ReceiptPage, name="payments_receipt")
register_view(
    "payments/receipts/<str:key>/evidence", EvidencePage, name="payments_receipt_evidence"
)
register_page("Money in", "Receipts by hand", "receipt_long", QUEUE, PERMISSION,
              badge=_waiting, order=27)  # fmt: skip
