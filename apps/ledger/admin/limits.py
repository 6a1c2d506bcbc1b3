"""Velocity limits in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import QueryDict
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, FormPage, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Ref, Row, Status, Table, Value
from apps.ledger.admin.amounts import currency_of, minor_of
from apps.ledger.domain import AccountClass, Side
from apps.ledger.domain.limits import Measure, TimeWindow
from apps.ledger.models import VelocityLimit
from apps.ledger.selectors.limits import limit_row, velocity_usages
from apps.ledger.services import VelocityLimitDraft, end_velocity_limit, set_velocity_limit
from apps.platform.models.rows import choices
from apps.platform.money import Money

SEE, SET = "ledger.view", "ledger.set_limits"
LIMITS = "console:ledger_velocitylimit_changelist"
CODE = r"^[a-z0-9][a-z0-9-]*$"


def how_much(count: int, measure: str, currency: str) -> Value:
    """A quantity of a limit, as people read it."""
    return Money(count, currency) if measure == Measure.AMOUNT else f"{count} entries"


def state_of(ended_at: object) -> Status:
    return Status("ended", tone="calm") if ended_at else Status("running", tone="good")


def ending_of(ended_at: object, what: str) -> Sequence[Action]:
    if ended_at:
        return []
    return [
        Action(
            name="end",
            label=f"End this {what}",
            look="danger",
            permission=SET,
            asks="Reason",
            confirm=f"The {what} ends at once and cannot be taken up again; set another instead.",
        )
    ]


class VelocityLimitAdmin(ReadOnlyAdmin):
    """Every velocity limit."""

    permission = SEE
    title = "Velocity limits"
    object_url_name = "console:ledger_velocity_limit"
    search_fields: ClassVar[Any] = ["^code"]
    search_help = "Code"
    empty_title = "No limit on how fast money moves"
    empty_advice = "Set one for an account, or for every account of a class."
    list_display: ClassVar[Any] = ["limit", "stands_for", "side_word", "allows", "state"]
    list_filter: ClassVar[Any] = ["time_window", "measure", "currency"]
    list_select_related: ClassVar[Any] = ["account"]
    links: ClassVar[Any] = (("Set a limit", "console:ledger_set_velocity_limit", SET),)
    ordering: ClassVar[Any] = ["code"]

    def object_key(self, thing: VelocityLimit) -> str:
        """Its code."""
        return thing.code

    @admin.display(description="Limit", ordering="code")
    def limit(self, row: VelocityLimit) -> Value:
        """Its code."""
        return Ref(row.code)

    @admin.display(description="Stands for")
    def stands_for(self, row: VelocityLimit) -> Value:
        """An account or a class."""
        return row.account.code if row.account else f"each {row.account_class} account"

    @admin.display(description="Side", ordering="side")
    def side_word(self, row: VelocityLimit) -> Value:
        """Debits or credits."""
        return str(limit_row(row).side).capitalize()

    @admin.display(description="Allows")
    def allows(self, row: VelocityLimit) -> Value:
        """How much, and how often."""
        most = how_much(row.most, row.measure, row.currency)
        return f"{most} each {row.time_window}"

    @admin.display(description="State", ordering="ended_at")
    def state(self, row: VelocityLimit) -> Value:
        """Running or ended."""
        return state_of(row.ended_at)


class VelocityLimitPage(ObjectPage):
    """One limit, and what was used of it."""

    permission = SEE
    nav = LIMITS

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Velocity limits", reverse(LIMITS)),)

    def find(self, key: str) -> VelocityLimit:
        """By its code."""
        row: VelocityLimit = found_or_404(VelocityLimit.objects.select_related("account"), code=key)
        return row

    def subject(self, thing: VelocityLimit) -> str:
        """The audit trail knows it by its code."""
        return thing.code

    def header(self, thing: VelocityLimit) -> Header:
        """What it allows."""
        return Header(
            kind="Velocity limit",
            reference=thing.code,
            status=state_of(thing.ended_at),
            note=thing.reason,
        )

    def facts(self, thing: VelocityLimit) -> Sequence[Fact]:
        """Its terms, which never change."""
        row = limit_row(thing)
        return [
            Fact("Stands for", _stands_for(row.account, row.account_class)),
            Fact("Side", str(row.side).capitalize()),
            Fact("Allows", how_much(row.most, row.measure, row.currency)),
            Fact("In each", row.time_window.capitalize()),
            Fact("Entries of kind", row.entry_kind or "Any"),
            Fact("Began", row.started_at),
            Fact("Ended", row.ended_at),
        ]

    def lines(self, thing: VelocityLimit) -> Sequence[Table]:
        """What was used."""
        rows = [
            Row(
                [
                    use.account,
                    use.window_start,
                    how_much(use.used, thing.measure, thing.currency),
                    how_much(max(thing.most - use.used, 0), thing.measure, thing.currency),
                ],
                url=reverse("console:ledger_account", args=[use.account]),
                tone="warn" if use.used >= thing.most else None,
            )
            for use in velocity_usages(thing.code)
        ]
        columns = ["Account", "Window since", "Used", "Left"]
        return [Table("Used", columns, rows, empty="Nothing was posted that counts.")]

    def actions(self, thing: VelocityLimit) -> Sequence[Action]:
        """It may be ended."""
        return ending_of(thing.ended_at, "limit")

    def do_end(self, thing: VelocityLimit, form: QueryDict) -> str:
        """From now on nobody is held to it."""
        end_velocity_limit(code=thing.code, reason=text_of(form), actor=self.actor)
        return "The limit has ended."


def _stands_for(account: str, account_class: str) -> Value:
    if account:
        return Link(account, reverse("console:ledger_account", args=[account]))
    return f"Each {account_class} account"


class LimitForm(forms.Form):
    """The terms of a velocity limit."""

    code = forms.RegexField(CODE, max_length=60, help_text="Small letters, digits and dashes.")
    account = forms.CharField(
        max_length=64, required=False, help_text="Its code; or choose a class instead."
    )
    account_class = forms.ChoiceField(
        choices=[("", "—"), *choices(AccountClass)],
        required=False,
        help_text="Each account of the class is held to the limit on its own.",
    )
    currency = forms.CharField(
        max_length=12, required=False, help_text="Needed for a class; an account has its own."
    )
    side = forms.ChoiceField(choices=choices(Side))
    entry_kind = forms.CharField(
        max_length=50, required=False, label="Entries of kind", help_text="Empty: any."
    )
    measure = forms.ChoiceField(choices=choices(Measure), label="Counts")
    most = forms.DecimalField(
        min_value=0,
        label="At most",
        help_text="An amount such as 2500.00 in the currency, or a number of entries.",
    )
    time_window = forms.ChoiceField(choices=choices(TimeWindow), label="In each")
    reason = forms.CharField(max_length=200)

    def clean(self) -> dict[str, Any]:
        """What was typed as an amount becomes minor units."""
        data = super().clean() or {}
        if "most" not in data or "measure" not in data:
            return data
        try:
            data["most"] = _most(data)
        except forms.ValidationError as error:
            self.add_error("most", error)
        return data


def _most(data: dict[str, Any]) -> int:
    if data["measure"] == Measure.ENTRIES:
        if data["most"] != int(data["most"]):
            raise forms.ValidationError("Entries are counted whole.")
        return int(data["most"])
    currency = currency_of(data["account"]) if data.get("account") else data.get("currency")
    if not currency:
        raise forms.ValidationError("Name an account, or a currency: what is the amount in?")
    return minor_of(data["most"], currency)


class SetVelocityLimitPage(FormPage):
    """Begin a limit."""

    title: ClassVar[str] = "Set a velocity limit"
    permission: ClassVar[str] = SET
    nav: ClassVar[str] = LIMITS
    form_class = LimitForm
    submit: ClassVar[str] = "Set the limit"
    intro: ClassVar[str] = (
        "A limit holds from now on and counts what its present window already holds."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Velocity limits", reverse(LIMITS)),)

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        facts = {name: value for name, value in data.items() if name != "reason"}
        class_ = facts.pop("account_class")
        draft = VelocityLimitDraft(
            **facts
            | {
                "side": Side(facts["side"]),
                "measure": Measure(facts["measure"]),
                "time_window": TimeWindow(facts["time_window"]),
                "account_class": AccountClass(class_) if class_ else None,
            }
        )
        set_velocity_limit(draft=draft, reason=data["reason"], actor=self.actor)
        return f"The limit {draft.code} holds from now on."

    def next_url(self) -> str:
        """To the list."""
        return reverse(LIMITS)


console_site.register(VelocityLimit, VelocityLimitAdmin)
register_view("ledger/limits/set", SetVelocityLimitPage, name="ledger_set_velocity_limit")
register_view("ledger/limits/<str:key>", VelocityLimitPage, name="ledger_velocity_limit")
register_page("Ledger", "Velocity limits", "speed", LIMITS, SEE)
