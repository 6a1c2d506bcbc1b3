"""Routing in the console: the rules in versions, proposing the next, and the route explainer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.pages import Action, FormPage, QueuePage, QueueRow, ReportPage
from apps.console.registry import register_page, register_view
from apps.console.values import Fact, Link, Note, Row, Status, Table, Value
from apps.payments.domain.routing import METHODS, ROUTED, RoutingState, Verdict, Wish
from apps.payments.domain.states import Operation
from apps.payments.selectors import RoutingRow, explain_route, routing_versions
from apps.payments.services import decide_routing, propose_routing
from apps.platform.money import Money

VIEW, PROPOSE, APPROVE = "payments.view", "payments.operate", "payments.approve"
ROUTING, EXPLAINER = "console:payments_routing", "console:payments_route"
_TONES = {Verdict.CHOSEN: "good", Verdict.SPARE: "calm", Verdict.WAITS: "warn"}


class RoutingPage(QueuePage):
    """Every version of the rules. Whoever proposed one does not approve it."""

    permission = VIEW
    title = "Routing"
    nav = "payments_routing"
    columns: ClassVar[Sequence[str]] = ("Version", "State", "Rules, in order", "Changes", "Decided")
    empty_title = "No routing rules"
    empty_advice = "Every payment goes through the first account, by label, that can carry it out."

    def rows(self) -> Sequence[QueueRow]:
        """The newest first."""
        return [_row(version) for version in routing_versions()]

    def empty_link(self) -> Link:
        """To the first version."""
        return Link("Propose rules", reverse("console:payments_propose_routing"))

    def do_approve(self, key: str, form: QueryDict) -> str:
        """Make it the active one."""
        decide_routing(version=int(key), is_approved=True, said="", actor=self.actor)
        return f"Version {key} is active: the next payment goes by it."

    def do_reject(self, key: str, form: QueryDict) -> str:
        """With a reason."""
        said = form.get("text", "")
        decide_routing(version=int(key), is_approved=False, said=said, actor=self.actor)
        return f"Version {key} is rejected; the active one stays."


def _row(version: RoutingRow) -> QueueRow:
    return QueueRow(
        key=str(version.version),
        cells=[
            Note(f"{version.version}", version.proposed_at),
            Note(Status(version.state), _next(version)),
            _in_words(version.rules),
            Note(version.note, f"by {_name(version.proposed_by)}"),
            Note(_name(version.decided_by), version.said) if version.decided_by else None,
        ],
        actions=_actions() if version.state == RoutingState.PROPOSED else (),
    )


def _next(version: RoutingRow) -> Value:
    if version.state != RoutingState.ACTIVE:
        return ""
    return Link("Write the next version", reverse("console:payments_propose_routing"))


def _name(actor: str) -> str:
    return actor.partition(":")[2] or actor


def _in_words(rules: Sequence[Mapping[str, Any]]) -> str:
    said = []
    for nth, rule in enumerate(rules, 1):
        to = ", then ".join(
            one["account"] for one in sorted(rule["targets"], key=lambda t: t.get("priority", 1))
        )
        said.append(f"{nth}. {rule['name']} ({_conditions(rule)}): {to}")
    return "; ".join(said) or "Any account that can, by label"


def _conditions(rule: Mapping[str, Any]) -> str:
    """All that must hold: whoever decides on a rule sees when it applies."""
    kinds = ("operations", "currencies", "methods", "countries")
    said = [" or ".join(rule[kind]) for kind in kinds if rule.get(kind)]
    bounds = (("from", "least_minor"), ("up to", "most_minor"))
    said += [f"{word} {rule[bound]:,} minor units" for word, bound in bounds if rule.get(bound)]
    said += [f"{name} is {value}" for name, value in (rule.get("metadata") or {}).items()]
    return ", ".join(said) or "every payment"


def _actions() -> list[Action]:
    return [
        Action(
            name="approve", key="a", label="Make active", look="main", icon="check",
            permission=APPROVE, confirm="The next payment goes by these rules.",
        ),
        Action(
            name="reject", key="r", label="Reject", icon="close", permission=PROPOSE,
            asks="Reason",
        ),
    ]  # fmt: skip


class _Pretty(json.JSONEncoder):
    """Rules as people read and write them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"indent": 2, "sort_keys": False})


class RulesForm(forms.Form):
    """All rules, and what this version changes."""

    rules = forms.JSONField(
        encoder=_Pretty,
        widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "false"}),
        help_text="A list in order: the first rule whose conditions are met decides. Conditions: "
        "operations, currencies, methods, countries, least_minor, most_minor, metadata. "
        "Targets: account, priority (lowest first), weight (shares equals out). "
        "falls_back false: wait for the first priority.",
        required=False,
    )
    note = forms.CharField(label="What it changes", max_length=300)


class ProposeRouting(FormPage):
    """Writing the next version."""

    permission = PROPOSE
    title = "Propose routing"
    nav = "payments_routing"
    form_class = RulesForm
    intro = "A colleague decides before any payment goes by it. Try it in the explainer afterwards."
    submit = "Propose these rules"

    def initial(self) -> dict[str, Any]:
        """The rules in force."""
        active = [row for row in routing_versions() if row.state == RoutingState.ACTIVE]
        return {"rules": active[0].rules if active else []}

    def perform(self, data: dict[str, Any]) -> str:
        """Propose."""
        version = propose_routing(rules=data["rules"] or [], note=data["note"], actor=self.actor)
        return f"Version {version} waits for a colleague."

    def next_url(self) -> str:
        """To the versions."""
        return reverse(ROUTING)


class WishForm(forms.Form):
    """A payment that might be asked for."""

    operation = forms.ChoiceField(choices=[(one.value, one.value.capitalize()) for one in ROUTED])
    amount = forms.DecimalField(max_digits=18, decimal_places=4, min_value=0)
    currency = forms.RegexField(r"^[A-Z]{3}$", max_length=3)
    method = forms.ChoiceField(choices=[(one, one.replace("_", " ")) for one in METHODS])
    country = forms.RegexField(r"^[A-Z]{2}$", max_length=2, required=False)
    metadata = forms.CharField(
        label="Metadata, as name=value, name=value", max_length=300, required=False
    )

    def clean(self) -> dict[str, Any]:
        """The amount, in whole minor units of a currency there is."""
        given = super().clean() or {}
        try:
            given["money"] = Money.from_major(given.get("amount", 0), given.get("currency", ""))
        except (ValueError, KeyError):
            self.add_error("amount", "This is no amount of that currency.")
        return given


class RouteExplainer(ReportPage):
    """What would happen to a payment now, and why."""

    permission = VIEW
    title = "Route explainer"
    nav = "payments_route"
    form_class: ClassVar[type[forms.Form] | None] = WishForm
    intro = "By the rules in force and how accounts stand at this moment. Nothing is sent."
    export_kinds: ClassVar[Sequence[str]] = ()

    def initial(self) -> dict[str, Any]:
        """A small collection from a phone."""
        return {
            "operation": "purchase", "amount": "1500", "currency": "KES", "method": "phone",
            "country": "KE", "metadata": "",
        }  # fmt: skip

    def shown(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The verdicts, once for headline and tables."""
        found = explain_route(_wish(parameters))
        rule = found.rule or "none: any account that can, by label"
        return {
            "headline": [
                Fact("Goes through", found.account or "no account"),
                Fact("Rule", rule),
                Fact("Version", f"Version {found.version}" if found.version else "no rules"),
            ],
            "tables": [
                Table(
                    "Accounts, in the order of the rule",
                    ["Account", "Verdict", "Why", "Fee by tariff"],
                    [Row([one.account, _verdict(one.verdict), one.why, one.fee])
                     for one in found.considered],
                ),
                Table(
                    "Rules before it that did not apply",
                    ["Rule", "Why not"],
                    [Row([name, why]) for name, why in found.passed_over],
                    empty="None came before.",
                ),
            ],
        }  # fmt: skip


def _wish(given: Mapping[str, Any]) -> Wish:
    pairs = [pair.partition("=") for pair in given["metadata"].split(",") if pair.strip()]
    return Wish(
        operation=Operation(given["operation"]),
        amount=given["money"],
        method=given["method"],
        key="",
        country=given["country"],
        about={name.strip(): value.strip() for name, _, value in pairs},
    )


def _verdict(verdict: Verdict) -> Value:
    return Status(verdict, tone=_TONES.get(verdict, "bad"))  # type: ignore[arg-type]


def _waiting(_request: HttpRequest) -> int | None:
    return sum(row.state == RoutingState.PROPOSED for row in routing_versions()) or None


register_view("payments/routing", RoutingPage, name="payments_routing")
register_view("payments/routing/propose", ProposeRouting, name="payments_propose_routing")
register_view("payments/route", RouteExplainer, name="payments_route")
register_page("Money in", "Routing", "fork_right", ROUTING, VIEW, badge=_waiting, order=42)
register_page("Money in", "Route explainer", "help_center", EXPLAINER, VIEW, order=43)
