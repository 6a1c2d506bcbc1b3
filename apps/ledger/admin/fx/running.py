"""Starting a revaluation: the day, and what takes part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.ledger.admin.fx.rates import CHANGE
from apps.ledger.admin.fx.revaluations import LIST, PAGE
from apps.ledger.domain import AccountClass
from apps.ledger.domain.fx import MONETARY
from apps.ledger.services import draft_revaluation
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant


class RunForm(forms.Form):
    """A day, classes, and accounts to leave out."""

    as_of = forms.DateField(
        label="At the end of",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="Usually the last day of a period. It is taken back with the next day's date.",
    )
    classes = forms.MultipleChoiceField(
        label="Accounts that hold money or claims on it",
        choices=[(one.value, f"{one.value.capitalize()} accounts") for one in MONETARY],
        initial=[one.value for one in MONETARY],
        widget=forms.CheckboxSelectMultiple,
    )
    excluded = forms.CharField(
        label="Accounts to leave out",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Codes, one a line; what stands below a code is left out with it. "
        "For items that keep their historic value, such as advance payments.",
    )


class RunPage(FormPage):
    """A dry run: figures to look at and to have approved. Nothing is posted."""

    title: ClassVar[str] = "Run a revaluation"
    permission: ClassVar[str] = CHANGE
    nav: ClassVar[str] = LIST
    form_class = RunForm
    submit: ClassVar[str] = "Work out the figures"
    intro: ClassVar[str] = (
        "A dry run for one day: nothing is posted until a second person has approved the figures."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Revaluations", reverse(LIST)),)

    def initial(self) -> dict[str, Any]:
        """The last day of the month before."""
        today: date = clock.today(current_tenant().zone)
        return {"as_of": today.replace(day=1) - timedelta(days=1)}

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Keep the dry run and go to it."""
        run_id = draft_revaluation(
            as_of=data["as_of"],
            classes=[AccountClass(one) for one in data["classes"]],
            excluded=data["excluded"].split(),
            actor=self.actor,
        )
        said = "The figures are worked out. A second person can approve them."
        return self.done(said, reverse(PAGE, args=[public_id("rev", run_id)]))


register_view("ledger/fx/run-revaluation", RunPage, name="ledger_fx_revaluation_run")
