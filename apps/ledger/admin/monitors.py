"""Balance monitors in the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, FormPage, Header, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import found_or_404
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.ledger.admin.amounts import currency_of, minor_of
from apps.ledger.admin.limits import CODE, SEE, SET, ending_of, state_of
from apps.ledger.domain.limits import BalanceKind, Comparison
from apps.ledger.models import BalanceMonitor
from apps.ledger.selectors.limits import crossings, monitor_row
from apps.ledger.services import BalanceMonitorDraft, end_balance_monitor, watch_balance
from apps.platform.models.rows import choices

MONITORS = "console:ledger_balancemonitor_changelist"


class BalanceMonitorAdmin(ReadOnlyAdmin):
    """Every balance monitor."""

    permission = SEE
    title = "Balance monitors"
    object_url_name = "console:ledger_balance_monitor"
    search_fields: ClassVar[Any] = ["^code"]
    search_help = "Code"
    empty_title = "No balance is watched"
    empty_advice = "Watch one: each crossing of its threshold becomes an event."
    list_display: ClassVar[Any] = ["monitor", "watched", "says", "now", "state"]
    list_filter: ClassVar[Any] = ["is_crossed", "comparison"]
    list_select_related: ClassVar[Any] = ["account"]
    links: ClassVar[Any] = (("Watch a balance", "console:ledger_watch_balance", SET),)
    ordering: ClassVar[Any] = ["code"]

    def object_key(self, thing: BalanceMonitor) -> str:
        """Its code."""
        return thing.code

    @admin.display(description="Monitor", ordering="code")
    def monitor(self, row: BalanceMonitor) -> Value:
        """Its code."""
        return Ref(row.code)

    @admin.display(description="Account")
    def watched(self, row: BalanceMonitor) -> Value:
        """Whose balance."""
        return Note(row.account.code, row.account.name)

    @admin.display(description="Says when")
    def says(self, row: BalanceMonitor) -> Value:
        """Its threshold."""
        return f"{row.balance_kind} {row.comparison} {monitor_row(row).threshold}"

    @admin.display(description="Now", ordering="is_crossed")
    def now(self, row: BalanceMonitor) -> Value:
        """Crossed or quiet."""
        return Status("crossed", tone="warn") if row.is_crossed else Status("quiet", tone="good")

    @admin.display(description="State", ordering="ended_at")
    def state(self, row: BalanceMonitor) -> Value:
        """Running or ended."""
        return state_of(row.ended_at)


class BalanceMonitorPage(ObjectPage):
    """One monitor, and what it saw."""

    permission = SEE
    nav = MONITORS

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Balance monitors", reverse(MONITORS)),)

    def find(self, key: str) -> BalanceMonitor:
        """By its code."""
        row: BalanceMonitor = found_or_404(
            BalanceMonitor.objects.select_related("account"), code=key
        )
        return row

    def subject(self, thing: BalanceMonitor) -> str:
        """The audit trail knows it by its code."""
        return thing.code

    def header(self, thing: BalanceMonitor) -> Header:
        """What it watches."""
        return Header(
            kind="Balance monitor",
            reference=thing.code,
            status=state_of(thing.ended_at),
            amount=monitor_row(thing).threshold,
            note=thing.reason,
        )

    def facts(self, thing: BalanceMonitor) -> Sequence[Fact]:
        """Its terms, and whether the threshold is crossed."""
        row = monitor_row(thing)
        return [
            Fact(
                "Account", Link(row.account, reverse("console:ledger_account", args=[row.account]))
            ),
            Fact("Balance", row.balance_kind.capitalize()),
            Fact("Says when", row.comparison.capitalize()),
            Fact("Threshold", row.threshold),
            Fact("Crossed now", "Yes" if row.is_crossed else "No"),
            Fact("Began", row.started_at),
            Fact("Ended", row.ended_at),
        ]

    def lines(self, thing: BalanceMonitor) -> Sequence[Table]:
        """What it saw."""
        rows = [
            Row([Status("crossed" if seen.is_crossed else "back"), seen.balance, seen.crossed_at])
            for seen in crossings(thing.code)
        ]
        return [Table("Crossings", ["What", "Balance", "When"], rows)]

    def actions(self, thing: BalanceMonitor) -> Sequence[Action]:
        """It may be ended."""
        return ending_of(thing.ended_at, "monitor")

    def do_end(self, thing: BalanceMonitor, form: QueryDict) -> str:
        """Nobody is told any more."""
        end_balance_monitor(code=thing.code, reason=text_of(form), actor=self.actor)
        return "The monitor has ended."


class MonitorForm(forms.Form):
    """What to watch."""

    code = forms.RegexField(CODE, max_length=60, help_text="Small letters, digits and dashes.")
    account = forms.CharField(max_length=64, help_text="Its code.")
    balance_kind = forms.ChoiceField(choices=choices(BalanceKind), label="Balance")
    comparison = forms.ChoiceField(choices=choices(Comparison), label="Say when it is")
    threshold = forms.DecimalField(help_text="In the account's currency, such as 2500.00.")
    reason = forms.CharField(max_length=200)

    def clean(self) -> dict[str, Any]:
        """The threshold in minor units of what the account counts in."""
        data = super().clean() or {}
        if {"account", "threshold"} <= data.keys():
            try:
                currency = currency_of(data["account"])
                data["threshold_minor"] = minor_of(data.pop("threshold"), currency)
            except forms.ValidationError as error:
                self.add_error("threshold", error)
        return data


class WatchBalancePage(FormPage):
    """Begin to watch a balance."""

    title: ClassVar[str] = "Watch a balance"
    permission: ClassVar[str] = SET
    nav: ClassVar[str] = MONITORS
    form_class = MonitorForm
    submit: ClassVar[str] = "Watch it"
    intro: ClassVar[str] = "Each crossing of the threshold, and each return, becomes an event."

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Balance monitors", reverse(MONITORS)),)

    def perform(self, data: dict[str, Any]) -> str:
        """One use case."""
        facts = {name: value for name, value in data.items() if name != "reason"}
        draft = BalanceMonitorDraft(
            **facts
            | {
                "comparison": Comparison(data["comparison"]),
                "balance_kind": BalanceKind(data["balance_kind"]),
            }
        )
        watch_balance(draft=draft, reason=data["reason"], actor=self.actor)
        return f"{data['account']} is watched from now on."

    def next_url(self) -> str:
        """To the list."""
        return reverse(MONITORS)


def _crossed_now(_request: object) -> int | None:
    """The badge: how many thresholds are crossed."""
    return BalanceMonitor.objects.filter(Q(ended_at=None), is_crossed=True).count() or None


console_site.register(BalanceMonitor, BalanceMonitorAdmin)
register_view("ledger/monitors/watch", WatchBalancePage, name="ledger_watch_balance")
register_view("ledger/monitors/<str:key>", BalanceMonitorPage, name="ledger_balance_monitor")
register_page(
    "Ledger", "Balance monitors", "notifications_active", MONITORS, SEE, badge=_crossed_now
)
