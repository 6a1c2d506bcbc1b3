"""The chart of accounts in the console: the tree, files, templates, and what hangs beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage, Page
from apps.console.registry import register_page, register_view
from apps.console.values import Link, Ref, Row, Several, Status, Table
from apps.ledger.admin.accounts import MANAGE
from apps.ledger.domain.charts import Chart, chart_as_csv, chart_as_json, read_chart
from apps.ledger.models import Dimension
from apps.ledger.selectors.charts import (
    Verdict,
    chart,
    chart_template,
    chart_templates,
    chart_verdicts,
)
from apps.ledger.selectors.tree import categories, chart_tree
from apps.ledger.selectors.units import units
from apps.ledger.services import apply_chart

PERMISSION = "ledger.view"
CHILDREN_MAX = 100
FILE_BYTES_MAX = 4 * 1024 * 1024
TONES = {"open": "good", "change": "info", "same": "calm", "refuse": "bad"}
WORDS = {"open": "Open", "change": "Change", "same": "As it is", "refuse": "Refused"}


class ChartPage(Page):
    """The tree, with the sums of each header; everything can be folded with the arrow keys."""

    permission = PERMISSION
    title = "Chart of accounts"
    nav = "ledger_chart"
    template_name = "ledger/chart.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The tree, or the chart as a file."""
        kind = request.GET.get("export")
        if kind in ("csv", "json"):
            return _file(kind)
        return super().get(request, *args, **kwargs)

    def context(self) -> dict[str, Any]:
        """Its rows, and what hangs beside them."""
        search = self.request.GET.get("q", "").strip()[:100]
        return {
            "search": search,
            "rows": chart_tree(search=search, children_max=CHILDREN_MAX),
            "tables": [] if search else [_categories(), _dimensions(), _units()],
            "may_manage": self.may(MANAGE),
        }


class ImportForm(forms.Form):
    """A file, or the content that was looked at before, and why."""

    file = forms.FileField(label="File", required=False, help_text="CSV or JSON, as exported here.")
    content = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label="Reason", max_length=200)

    def clean(self) -> dict[str, Any]:
        """The text of either."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > FILE_BYTES_MAX:
                raise forms.ValidationError("The file is too large for a chart.")
            data["content"] = file.read().decode("utf-8", "replace")
        if not data.get("content"):
            raise forms.ValidationError("Choose a file.")
        return data


class ImportPage(FormPage):
    """First what would become of each row, then, once more, doing it."""

    permission = MANAGE
    title = "Import a chart"
    nav = "ledger_chart"
    intro = "Nothing changes until you have seen what would become of each row."
    submit = "Try it"
    form_class: type[forms.Form] = ImportForm
    template_name = "ledger/chart_import.html"

    def crumbs(self) -> Sequence[Link]:
        """Back to the chart."""
        return (Link("Chart", reverse("console:ledger_chart")),)

    def wanted(self, data: dict[str, Any]) -> tuple[str, Chart]:
        """The text that stands for the chart, and the chart."""
        return data["content"], read_chart(data["content"])

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Show the verdicts, or apply what was shown."""
        content, wanted = self.wanted(data)
        if self.request.POST.get("apply") == "yes":
            counts = apply_chart(chart=wanted, reason=data["reason"], actor=self.actor)
            return (
                f"{counts['open']} accounts are opened, {counts['change']} changed, "
                f"{counts['same']} left as they are."
            )
        verdicts = chart_verdicts(wanted)
        form = self.form_class(initial={**data, "content": content})
        return self.show(
            form=form,
            tables=[_verdicts(verdicts)],
            can_apply=bool(verdicts) and all(one.decision != "refuse" for one in verdicts),
        )

    def next_url(self) -> str:
        """To the chart."""
        return reverse("console:ledger_chart")


class TemplateForm(forms.Form):
    """One of the templates, and why."""

    template = forms.ChoiceField(label="Template", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", max_length=200, initial="To begin with")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = [  # type: ignore[attr-defined]  # of a choice field
            (one.code, f"{one.name}, version {one.version}: {one.about}")
            for one in chart_templates()
        ]


class TemplatePage(ImportPage):
    """The same with a template instead of a file."""

    title = "Begin with a template"
    intro = (
        "A template opens the accounts of its trade. What is there already is kept or completed."
    )
    form_class = TemplateForm

    def wanted(self, data: dict[str, Any]) -> tuple[str, Chart]:
        """The template's own chart."""
        return "", chart_template(data["template"]).chart


def _file(kind: str) -> HttpResponse:
    text, content_type = (
        (chart_as_csv(chart()), "text/csv; charset=utf-8")
        if kind == "csv"
        else (chart_as_json(chart()), "application/json")
    )
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="chart-of-accounts.{kind}"'
    return response


def _verdicts(verdicts: Sequence[Verdict]) -> Table:
    return Table(
        "What would become of each row",
        ["Row", "Account", "Name", "Verdict", "Why, or what changes"],
        [
            Row(
                [
                    one.row,
                    Ref(one.account.code),
                    one.account.name,
                    Status(one.decision, WORDS[one.decision], TONES[one.decision]),  # type: ignore[arg-type]  # tones
                    one.reason or _said(one),
                ],
                tone="bad" if one.decision == "refuse" else None,
            )
            for one in verdicts
        ],
        is_filterable=True,
    )


def _said(verdict: Verdict) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')}: {before or 'none'} → {after or 'none'}"
        for name, (before, after) in verdict.changes.items()
    )


def _categories() -> Table:
    return Table(
        "Categories",
        ["Category", "Name", "Accounts", "Together"],
        [
            Row([Ref(row.code), row.name, ", ".join(row.accounts), Several(row.balances)])
            for row in categories()
        ],
        empty="No category is declared. They group accounts across the tree, over the API.",
    )


def _dimensions() -> Table:
    return Table(
        "Dimensions",
        ["Dimension", "Name", "Values", "Required"],
        [
            Row([Ref(row.code), row.name, ", ".join(row.allowed) or "any", _where(row)])
            for row in Dimension.objects.all()
        ],
        empty="No dimension is declared. They ask postings which branch or product they are for.",
    )


def _where(row: Dimension) -> str:
    if not row.is_required:
        return "no"
    places = [*row.account_classes, *row.kinds]
    return f"for {', '.join(places)}" if places else "everywhere"


def _units() -> Table:
    return Table(
        "Units beside the currencies",
        ["Unit", "Name", "Decimals"],
        [Row([Ref(one.code), one.name, one.exponent]) for one in units()],
        empty="None. Points, minutes or messages can be counted in units of your own.",
    )


register_view("ledger/chart", ChartPage, name="ledger_chart")
register_view("ledger/chart/import", ImportPage, name="ledger_chart_import")
register_view("ledger/chart/template", TemplatePage, name="ledger_chart_template")
register_page(
    "Ledger", "Chart of accounts", "account_tree", "console:ledger_chart", PERMISSION, order=15
)
