"""Taking an entry back in part, leg by leg."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.ledger.admin.periods import id_of
from apps.ledger.domain.reversals import ReasonCode, ReversalPart
from apps.ledger.selectors.reversals import open_legs
from apps.ledger.services import reverse_entry
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money


class ReversalForm(forms.Form):
    """Why, when, and how much of each leg that has something left."""

    reason = forms.CharField(max_length=200)
    reason_code = forms.ChoiceField(
        label="Kind of reason", choices=[(one.value, one.label) for one in ReasonCode]
    )
    value_date = forms.DateField(
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Empty: today. A closed day becomes the first open one.",
    )
    key = forms.CharField(widget=forms.HiddenInput)


class PartPage(FormPage):
    """Reverses what is typed beside each leg."""

    permission: ClassVar[str] = "ledger.reverse"
    title: ClassVar[str] = "Reverse in part"
    nav: ClassVar[str] = "console:ledger_journalentry_changelist"
    submit: ClassVar[str] = "Post the reversal"
    intro: ClassVar[str] = "Debits and credits taken back must be equal in each currency."

    def make_form(self) -> forms.Form:
        """One amount for each leg, at first what remains of it."""
        posted = self.request.method == "POST"
        form = ReversalForm(self.request.POST if posted else None, initial={"key": str(new_id())})
        for leg in open_legs(id_of("je", self.kwargs["key"])):
            if not leg.remaining:
                continue
            form.fields[f"leg{leg.leg}"] = forms.DecimalField(
                label=f"{leg.account}, {leg.side}: {leg.remaining} remains",
                required=False,
                min_value=Decimal(0),
                max_value=leg.remaining.major,
                initial=leg.remaining.major,
            )
        return form

    def crumbs(self) -> Sequence[Link]:
        """Back to the entry."""
        return (Link("The entry", self.next_url()),)

    def perform(self, data: dict[str, Any]) -> str:
        """Post it, once for each form that was opened."""
        entry_id = id_of("je", self.kwargs["key"])
        legs = {
            leg.leg: Money.from_major(data[f"leg{leg.leg}"], leg.amount.currency).minor
            for leg in open_legs(entry_id)
            if data.get(f"leg{leg.leg}")
        }
        receipt = reverse_entry(
            entry_id=entry_id,
            reason=data["reason"],
            reason_code=ReasonCode(data["reason_code"]),
            value_date=data["value_date"],
            part=ReversalPart(legs=legs),
            idempotency_key=f"console:{public_id('je', entry_id)}:part:{data['key'][:40]}",
            actor=self.actor,
        )
        return f"A part is reversed by {public_id('je', receipt.entry_id)}."

    def next_url(self) -> str:
        """To the entry."""
        return reverse("console:ledger_entry", args=[self.kwargs["key"]])


register_view("ledger/entries/<str:key>/part", PartPage, name="ledger_entry_part")
