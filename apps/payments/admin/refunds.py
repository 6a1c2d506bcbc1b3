"""Refunds in the console: asking for one, and the queue of those that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, FormPage, QueuePage, QueueRow
from apps.console.registry import register_page, register_view
from apps.console.values import Note, Ref
from apps.payments.domain.pay_ins import PayInRefundRow, PayInRow
from apps.payments.domain.refunds import RefundRow
from apps.payments.selectors import (
    asked_refunds,
    payment,
    waiting_refund_count,
    waiting_refunds,
)
from apps.payments.services import decide_pay_in_refund, decide_refund, request_refund
from apps.platform.ids import new_id, parse_public_id, public_id
from apps.platform.money import Money

VIEW, ASK, APPROVE = "payments.view", "payments.collect", "payments.approve"


class RefundQueue(QueuePage):
    """Refunds that were asked for, the oldest first. Whoever asked does not approve."""

    permission = VIEW
    title = "Refunds to approve"
    nav = "payments_refunds"
    columns: ClassVar[Sequence[str]] = ("Payment", "Amount", "Reason", "Asked by", "Asked")
    empty_title = "No refund is waiting"
    empty_advice = "Refunds are asked for on a payment's page or over the API."

    def rows(self) -> Sequence[QueueRow]:
        """Oldest first."""
        asked = [_return_row(pay_in, wish) for pay_in, wish in asked_refunds()]
        return [*asked, *(_row(refund) for refund in waiting_refunds())]

    def do_approve(self, key: str, form: QueryDict) -> str:
        """Agree; the money leaves."""
        self._decide(key, is_approved=True, note="")
        return "The refund is approved and on its way to the payer."

    def do_reject(self, key: str, form: QueryDict) -> str:
        """Refuse, with a reason."""
        self._decide(key, is_approved=False, note=form.get("text", ""))
        return "The refund is rejected; nothing leaves."

    def _decide(self, key: str, *, is_approved: bool, note: str) -> None:
        if key.startswith("pir_"):
            decide_pay_in_refund(
                refund_id=parse_public_id("pir", key),
                is_approved=is_approved,
                reason=note,
                actor=self.actor,
            )
            return
        decide_refund(
            refund_id=parse_public_id("rf", key),
            is_approved=is_approved,
            note=note,
            actor=self.actor,
        )


class RefundForm(forms.Form):
    """How much, and why."""

    amount = forms.DecimalField(
        max_digits=20, decimal_places=4, required=False, help_text="Empty: all that is left."
    )
    reason = forms.CharField(max_length=200)
    key = forms.CharField(widget=forms.HiddenInput, max_length=64)


class AskRefund(FormPage):
    """Asking to give part or all of a payment back."""

    permission = ASK
    title = "Refund"
    nav = "payments_refunds"
    form_class = RefundForm
    intro = (
        "A colleague decides before anything leaves. Those who were credited bear it in proportion."
    )
    submit = "Ask for the refund"

    def initial(self) -> dict[str, Any]:
        """A key of its own, so that sending the form twice asks once."""
        return {"key": new_id().hex}

    def perform(self, data: dict[str, Any]) -> str:
        """Ask."""
        intent_id = parse_public_id("pi", self.kwargs["key"])
        currency = payment(intent_id).intent.amount.currency
        given = data["amount"]
        request_refund(
            intent_id=intent_id,
            amount=Money.from_major(given, currency) if given else None,
            reason=data["reason"],
            idempotency_key=f"console:{data['key']}",
            actor=self.actor,
        )
        return "The refund waits for a colleague."

    def next_url(self) -> str:
        """Back to the payment."""
        return reverse("console:payments_intent", args=[self.kwargs["key"]])


def _row(refund: RefundRow) -> QueueRow:
    return QueueRow(
        key=public_id("rf", refund.id),
        cells=[
            Ref(refund.reference),
            refund.amount,
            refund.reason,
            refund.asked_by,
            refund.asked_at,
        ],
        url=reverse("console:payments_intent", args=[public_id("pi", refund.intent_id)]),
        total=refund.amount,
        actions=_decisions(
            refund.amount, "The money is taken from those who bear it and goes back to the payer."
        ),
    )


def _return_row(pay_in: PayInRow, wish: PayInRefundRow) -> QueueRow:
    """A pay-in that somebody wants to give back, whole."""
    return QueueRow(
        key=public_id("pir", wish.id),
        cells=[
            Note(Ref(pay_in.receipt), "A pay-in nobody asked for"),
            pay_in.amount,
            wish.reason,
            wish.asked_by.partition(":")[2],
            wish.asked_at,
        ],
        url=reverse("console:payments_pay_in", args=[public_id("pin", pay_in.id)]),
        total=pay_in.amount,
        actions=_decisions(pay_in.amount, "The provider undoes it: it goes back whence it came."),
    )


def _decisions(amount: Money, confirm: str) -> list[Action]:
    return [
        Action(
            name="approve",
            key="a",
            label=f"Approve {amount}",
            look="main",
            icon="check",
            permission=APPROVE,
            confirm=confirm,
        ),
        Action(
            name="reject",
            key="x",
            label="Reject",
            look="danger",
            icon="close",
            permission=APPROVE,
            asks="Reason",
        ),
    ]


def _waiting(_request: HttpRequest) -> int | None:
    return waiting_refund_count() + len(asked_refunds()) or None


register_view("payments/refunds", RefundQueue, name="payments_refunds")
register_view("payments/intents/<str:key>/refund", AskRefund, name="payments_ask_refund")
register_page(
    "Money in", "Refunds", "undo", "console:payments_refunds", VIEW, badge=_waiting, order=24
)
