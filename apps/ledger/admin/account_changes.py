"""Forms that open an account, describe it anew, or change what it may hold."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.ledger.admin.accounts import MANAGE, account_url
from apps.ledger.admin.amounts import minor_of
from apps.ledger.domain import AccountClass, AccountStatus
from apps.ledger.models import Account
from apps.ledger.selectors import AccountRow, account_balance
from apps.ledger.selectors.charts import draft_of
from apps.ledger.services import (
    change_account_limits,
    change_account_status,
    describe_account,
    open_account,
)

CODE = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"


class LimitsForm(forms.Form):
    """The least and the most it may hold, in whole units of its currency."""

    floor = forms.DecimalField(
        label="Never below",
        required=False,
        help_text="Below zero it is an overdraft. Empty: no limit.",
    )
    ceiling = forms.DecimalField(label="Never above", required=False, help_text="Empty: no limit.")
    reason = forms.CharField(label="Reason", max_length=200)
    #: Set by the page: what the amounts are in.
    currency = ""

    def clean_floor(self) -> int | None:
        """In minor units."""
        return self._minor("floor")

    def clean_ceiling(self) -> int | None:
        """In minor units."""
        return self._minor("ceiling")

    def _minor(self, name: str) -> int | None:
        given: Decimal | None = self.cleaned_data[name]
        return None if given is None else minor_of(given, self.currency)


class StatusForm(forms.Form):
    """What it takes from now on, and why."""

    status = forms.ChoiceField(
        label="It takes",
        widget=forms.RadioSelect,
        choices=[
            (AccountStatus.OPEN.value, "Debits and credits (open)"),
            (AccountStatus.FROZEN_DEBIT.value, "Credits only (debits frozen)"),
            (AccountStatus.FROZEN_CREDIT.value, "Debits only (credits frozen)"),
            (AccountStatus.FROZEN.value, "Nothing for now (frozen)"),
            (AccountStatus.CLOSED.value, "Nothing any more (closed); it must be empty"),
        ],
    )
    reason = forms.CharField(label="Reason", max_length=200)


class AccountForm(forms.Form):
    """What an account is called, where it stands, what it answers."""

    name = forms.CharField(label="Name", max_length=200)
    parent = forms.CharField(
        label="Below", required=False, max_length=64, help_text="A header of the same class."
    )
    dimensions = forms.CharField(
        label="Dimensions",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A line for each: branch = nairobi.",
    )

    def clean_dimensions(self) -> dict[str, str]:
        """The lines as names and values."""
        pairs = [
            line.split("=", 1) for line in self.cleaned_data["dimensions"].splitlines() if line
        ]
        if any(len(pair) < 2 for pair in pairs):  # noqa: PLR2004  a name and a value
            raise ValidationError("Write each as name = value.")
        return {name.strip(): value.strip() for name, value in pairs}


class OpenAccountForm(forms.Form):
    """A new account."""

    code = forms.RegexField(CODE, label="Code", max_length=64)
    name = forms.CharField(label="Name", max_length=200)
    account_class = forms.ChoiceField(
        label="Class", choices=[(one.value, one.value.capitalize()) for one in AccountClass]
    )
    currency = forms.CharField(label="Currency or unit", max_length=12)
    parent = forms.CharField(label="Below", required=False, max_length=64)
    is_header = forms.BooleanField(
        label="It is a header: it only sums what is below it", required=False
    )


class AccountFormPage(FormPage):
    """A form about one account."""

    permission = MANAGE
    nav = "ledger_account_changelist"

    @property
    def account(self) -> AccountRow:
        """The account of the address."""
        return account_balance(self.kwargs["key"])

    def page_title(self) -> str:
        """What is changed."""
        return f"{self.title} {self.kwargs['key']}"

    def crumbs(self) -> Sequence[Link]:
        """Back to the account."""
        return (Link(self.kwargs["key"], account_url(self.kwargs["key"])),)

    def next_url(self) -> str:
        """Back to the account."""
        return account_url(self.kwargs["key"])


class LimitsPage(AccountFormPage):
    """Changing what an account may hold."""

    title = "Limits of"
    submit = "Change the limits"
    form_class = LimitsForm

    def initial(self) -> dict[str, Any]:
        """The present ones."""
        account = self.account
        return {
            "floor": account.floor and account.floor.major,
            "ceiling": account.ceiling and account.ceiling.major,
        }

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        account = self.account
        change_account_limits(
            code=account.account,
            floor_minor=data["floor"],
            ceiling_minor=data["ceiling"],
            reason=data["reason"],
            actor=self.actor,
        )
        return f"The limits of {account.account} are changed."

    def make_form(self) -> forms.Form:
        """One that knows the account's currency."""
        form = super().make_form()
        form.currency = self.account.currency  # type: ignore[attr-defined]  # of LimitsForm
        return form


class StatusPage(AccountFormPage):
    """Freezing, thawing, closing or reopening an account."""

    title = "Status of"
    submit = "Change the status"
    form_class = StatusForm

    def initial(self) -> dict[str, Any]:
        """The present one."""
        return {"status": self.account.status}

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        change_account_status(
            code=self.kwargs["key"],
            status=AccountStatus(data["status"]),
            reason=data["reason"],
            actor=self.actor,
        )
        return f"{self.kwargs['key']} is {data['status'].replace('_', ' ')} now."


class DescribePage(AccountFormPage):
    """Changing an account's name, place and dimensions."""

    title = "Describe"
    submit = "Change the account"
    form_class = AccountForm

    def initial(self) -> dict[str, Any]:
        """The present ones."""
        draft = draft_of(
            Account.objects.select_related("parent", "balance").get(code=self.account.account)
        )
        lines = [f"{name} = {value}" for name, value in draft.dimensions.items()]
        return {"name": draft.name, "parent": draft.parent, "dimensions": "\n".join(lines)}

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        describe_account(code=self.kwargs["key"], actor=self.actor, **data)
        return f"{self.kwargs['key']} is described anew."


class OpenAccountPage(FormPage):
    """Opening one account."""

    permission = MANAGE
    nav = "ledger_chart"
    title = "Open an account"
    submit = "Open the account"
    form_class = OpenAccountForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the chart."""
        return (Link("Chart", self.url_of("ledger_chart")),)

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        open_account(**data, actor=self.actor)
        return f"{data['code']} is open."

    def next_url(self) -> str:
        """To the new account."""
        return account_url(self.request.POST["code"])


register_view("ledger/accounts/<str:key>/limits", LimitsPage, name="ledger_account_limits")
register_view("ledger/accounts/<str:key>/status", StatusPage, name="ledger_account_status")
register_view("ledger/accounts/<str:key>/describe", DescribePage, name="ledger_account_describe")
register_view("ledger/chart/open", OpenAccountPage, name="ledger_account_open")
