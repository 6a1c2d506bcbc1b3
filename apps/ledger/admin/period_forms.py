"""The forms of the calendar: a new fiscal year, and an exception."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.identity.selectors import people
from apps.ledger.admin.periods import BOARD, CLOSE, id_of
from apps.ledger.domain.periods import PeriodLength
from apps.ledger.selectors.periods import calendar, periods
from apps.ledger.services import open_fiscal_year, request_exception
from apps.platform import clock
from apps.platform.tenant import current_tenant


class YearForm(forms.Form):
    """Which year, and how it is cut."""

    starts = forms.DateField(
        label="First day",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text="The first day of a month. Years follow one another without a gap.",
    )
    length = forms.ChoiceField(
        label="Periods",
        choices=[(PeriodLength.MONTH, "Twelve months"), (PeriodLength.QUARTER, "Four quarters")],
    )


class NewYearPage(FormPage):
    """Opens a fiscal year."""

    permission: ClassVar[str] = CLOSE
    title: ClassVar[str] = "Open a fiscal year"
    nav: ClassVar[str] = BOARD
    submit: ClassVar[str] = "Open the year"
    intro: ClassVar[str] = "Its periods begin open. Posting is as before until one is closed."
    form_class = YearForm

    def initial(self) -> dict[str, Any]:
        """The year after the last one."""
        rows = periods()
        if rows:
            return {"starts": rows[0].ends + timedelta(days=1)}
        today = clock.today(current_tenant().zone)
        return {"starts": today.replace(month=calendar().first_month, day=1)}

    def crumbs(self) -> Sequence[Link]:
        """Back to the board."""
        return (Link("Periods", reverse(BOARD)),)

    def perform(self, data: dict[str, Any]) -> str:
        """Open it."""
        open_fiscal_year(
            starts=data["starts"], length=PeriodLength(data["length"]), actor=self.actor
        )
        return "The fiscal year is open."

    def next_url(self) -> str:
        """To the board."""
        return reverse(BOARD)


class ExceptionForm(forms.Form):
    """Who may post what, until when, and why."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    expires_at = forms.DateTimeField(
        label="Until",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Local time, at most 31 days from now.",
    )
    kinds = forms.CharField(
        label="Kinds",
        required=False,
        help_text="Separated by spaces, such as manual.* or payments.capture. Empty: every kind.",
    )
    users = forms.MultipleChoiceField(
        label="People", required=False, help_text="None chosen: everyone."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["users"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  as declared above
        field.choices = [(str(one.id), one.full_name) for one in people() if one.is_active]


class ExceptionPage(FormPage):
    """Asks a second person for an exception."""

    permission: ClassVar[str] = CLOSE
    title: ClassVar[str] = "Ask for an exception"
    nav: ClassVar[str] = BOARD
    submit: ClassVar[str] = "Ask for approval"
    intro: ClassVar[str] = "Nothing may be posted before another person has approved it."
    form_class = ExceptionForm

    def initial(self) -> dict[str, Any]:
        """Until this time tomorrow."""
        tomorrow = clock.now() + timedelta(days=1)
        return {"expires_at": tomorrow.astimezone(_zone()).replace(tzinfo=None)}

    def crumbs(self) -> Sequence[Link]:
        """Back to the period."""
        return (Link("Periods", reverse(BOARD)), Link("The period", self.next_url()))

    def perform(self, data: dict[str, Any]) -> str:
        """Ask."""
        request_exception(
            period_id=id_of("per", self.kwargs["key"]),
            reason=data["reason"],
            expires_at=data["expires_at"].replace(tzinfo=_zone()),
            kinds=data["kinds"].split(),
            user_ids=data["users"],
            actor=self.actor,
        )
        return "A second person has to approve the exception now."

    def next_url(self) -> str:
        """To the period."""
        return reverse("console:ledger_period", args=[self.kwargs["key"]])


def _zone() -> ZoneInfo:
    return ZoneInfo(current_tenant().zone)


register_view("ledger/periods/new-year", NewYearPage, name="ledger_year_new")
register_view("ledger/periods/<str:key>/exception", ExceptionPage, name="ledger_exception_new")
