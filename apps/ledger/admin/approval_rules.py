"""The rules of approval in the console."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.urls import reverse
from django.utils.http import urlencode

from apps.console.pages import FormPage, ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Row, Status, Table, Value
from apps.identity.domain import ROLES
from apps.ledger.admin.amounts import minor_of
from apps.ledger.admin.journals import VIEW
from apps.ledger.domain import AccountClass
from apps.ledger.models import ApprovalRule
from apps.ledger.services import save_approval_rule
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

MANAGE = "ledger.manage_rules"
BOARD = "console:ledger_approval_rules"


class RulesPage(ReportPage):
    """Which manual journals take how many approvals."""

    permission: ClassVar[str] = VIEW
    title: ClassVar[str] = "Approval rules"
    nav: ClassVar[str] = BOARD
    template_name: ClassVar[str] = "ledger/approval_rules.html"
    intro: ClassVar[str] = (
        "Of the rules that speak of a journal, the one that asks for most approvals counts. Where"
        " none speaks, a manual journal takes one. Posting past a rule is refused."
    )

    def tables(self, parameters: dict[str, Any]) -> Sequence[Table]:
        """One row for each rule."""
        rows = [
            Row(
                [
                    rule.name,
                    rule.approvals,
                    rule.role or "Any approver",
                    ", ".join(rule.kinds) or "Every manual kind",
                    ", ".join(rule.account_classes) or "Any account",
                    _above(rule),
                    Status("active") if rule.is_active else Status("off", "Switched off"),
                ],
                url=f"{reverse('console:ledger_approval_rule')}?{urlencode({'name': rule.name})}",
            )
            for rule in ApprovalRule.objects.order_by("name")
        ]
        columns = ["Rule", "Approvals", "By role", "Kinds", "Touching", "Above", "State"]
        return [Table("Rules", columns, rows, empty="There is no rule yet.")]


class RuleForm(forms.Form):
    """A rule."""

    name = forms.CharField(max_length=100)
    approvals = forms.IntegerField(
        min_value=0, max_value=10, help_text="None waives the approval that is usual."
    )
    role = forms.ChoiceField(
        required=False, choices=[("", "Any approver"), *((one.code, one.name) for one in ROLES)]
    )
    kinds = forms.CharField(
        required=False,
        help_text="Separated by spaces, such as manual.adjustment or manual.*. Empty: every kind.",
    )
    account_classes = forms.MultipleChoiceField(
        label="Touching accounts of class",
        required=False,
        choices=[(one.value, one.value.capitalize()) for one in AccountClass],
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: any account.",
    )
    currency = forms.CharField(max_length=12, required=False, help_text="Empty: any currency.")
    above = forms.DecimalField(
        required=False, min_value=Decimal(0), help_text="Empty: whatever the amount."
    )
    is_active = forms.BooleanField(label="The rule is in force", required=False)

    def clean(self) -> dict[str, Any]:
        """An amount is in some currency."""
        data = super().clean() or {}
        if data.get("above") is not None and not data.get("currency"):
            self.add_error("currency", "Say in which currency the amount is.")
        elif data.get("above") is not None:
            try:
                data["above_minor"] = minor_of(data["above"], data["currency"])
            except forms.ValidationError as error:
                self.add_error("above", error)
        return data


class RulePage(FormPage):
    """Makes a rule, or changes the one of that name."""

    permission: ClassVar[str] = MANAGE
    title: ClassVar[str] = "Approval rule"
    nav: ClassVar[str] = BOARD
    submit: ClassVar[str] = "Save the rule"
    intro: ClassVar[str] = "A rule counts for what is submitted from now on."
    form_class = RuleForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the rules."""
        return (Link("Approval rules", reverse(BOARD)),)

    def initial(self) -> dict[str, Any]:
        """What the rule says now."""
        rule = ApprovalRule.objects.filter(name=self.request.GET.get("name", "")).first()
        if rule is None:
            currency = current_tenant().functional_currency
            return {"approvals": 1, "is_active": True, "currency": currency}
        above = rule.above_minor
        return {
            "name": rule.name,
            "approvals": rule.approvals,
            "role": rule.role,
            "kinds": " ".join(rule.kinds),
            "account_classes": rule.account_classes,
            "currency": rule.currency,
            "above": Money(above, rule.currency).major if above is not None else None,
            "is_active": rule.is_active,
        }

    def perform(self, data: dict[str, Any]) -> str:
        """Save it."""
        del data["above"]
        data["kinds"] = data["kinds"].split()
        save_approval_rule(**data, actor=self.actor)
        return f"The rule {data['name']} is saved."

    def next_url(self) -> str:
        """To the rules."""
        return reverse(BOARD)


def _above(rule: ApprovalRule) -> Value:
    if rule.above_minor is None:
        return f"Any amount in {rule.currency}" if rule.currency else "Any amount"
    return Money(rule.above_minor, rule.currency)


register_view("ledger/approval-rules/", RulesPage, name="ledger_approval_rules")
register_view("ledger/approval-rules/rule", RulePage, name="ledger_approval_rule")
register_page("Settings", "Approval rules", "rule", BOARD, VIEW, order=40)
