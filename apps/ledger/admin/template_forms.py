"""Writing a version of a template, and posting by one: a form made of its parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.http import HttpResponseBase
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Fact, Link, Row, Table
from apps.ledger.admin.templates import LIST, MANAGE, POST
from apps.ledger.domain import Side
from apps.ledger.domain.templates import Parameter, ParameterType
from apps.ledger.errors.templates import TemplateParametersRefused, TemplateUnsound
from apps.ledger.selectors.templates import VersionRow, template_version
from apps.ledger.services import (
    Preview,
    TemplateOrder,
    draft_template,
    post_from_template,
    preview_template,
)
from apps.platform.ids import new_id, public_id
from apps.platform.money import WHOLE_BPS, Money
from apps.platform.tenant import current_tenant

DOCUMENT_MAX = 200_000
#: What the form begins with: a sale with its commission, to be written over.
BEGINNING: dict[str, Any] = {
    "code": "marketplace-sale",
    "name": "Sale on the marketplace",
    "kind": "marketplace.sale",
    "description": "Sale {order}",
    "parameters": [
        {"name": "amount", "type": "money", "label": "Paid by the buyer"},
        {"name": "commission", "type": "basis_points", "label": "Commission"},
        {"name": "seller", "type": "account", "label": "Account of the seller"},
        {"name": "order", "type": "text", "label": "Order"},
    ],
    "legs": [
        {"side": "debit", "account": "1200", "amount": {"parameter": "amount"}},
        {
            "side": "credit",
            "account": "4000",
            "amount": {"basis_points": "$commission", "of": "amount"},
        },
        {"side": "credit", "account": "$seller", "amount": {"rest": True}},
    ],
    "examples": [
        {
            "name": "Ten shillings at 2.5 %",
            "parameters": {
                "amount": {"amount": 1000, "currency": "KES"},
                "commission": 250,
                "seller": "2100",
                "order": "A-1",
            },
            "legs": [
                {
                    "account": "1200",
                    "side": "debit",
                    "amount": {"amount": 1000, "currency": "KES"},
                },
                {"account": "4000", "side": "credit", "amount": {"amount": 25, "currency": "KES"}},
                {"account": "2100", "side": "credit", "amount": {"amount": 975, "currency": "KES"}},
            ],
        }
    ],
}


class DocumentForm(forms.Form):
    """The document, typed or from a file."""

    file = forms.FileField(required=False, help_text="JSON, as it is exported from a version.")
    document = forms.CharField(
        required=False,
        max_length=DOCUMENT_MAX,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "ch-mono"}),
        help_text="Parameters, legs and examples. Amounts are in minor units.",
    )

    def clean(self) -> dict[str, Any]:
        """The JSON of either; the file counts."""
        data = super().clean() or {}
        file = data.get("file")
        if file is not None and file.size > DOCUMENT_MAX:
            raise forms.ValidationError("The file is too large for a template.")
        text = file.read().decode("utf-8", "replace") if file else data.get("document", "")
        try:
            data["content"] = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}") from error
        return data


class WriteTemplatePage(FormPage):
    """Keeps the next version of a template as a draft."""

    permission: ClassVar[str] = MANAGE
    title: ClassVar[str] = "Write a template"
    nav: ClassVar[str] = LIST
    submit: ClassVar[str] = "Keep the draft"
    intro: ClassVar[str] = (
        "A version never changes: what you keep here is the next version of the template of that"
        " code. Somebody else activates it, once each example posts the legs it says."
    )
    form_class = DocumentForm

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Posting templates", reverse(LIST)),)

    def initial(self) -> dict[str, Any]:
        """The version it begins from, or an example."""
        named = self.request.GET.get("from", "")
        document = template_version(named).document if named else BEGINNING
        return {"document": json.dumps(document, indent=2, ensure_ascii=False)}

    def perform(self, data: dict[str, Any]) -> HttpResponseBase:
        """Keep it, or say everything that is wrong with it."""
        try:
            named = draft_template(document=data["content"], actor=self.actor)
        except TemplateUnsound as error:
            form = self.make_form()
            for problem in error.problems:
                form.add_error("document", problem)
            return self.show(status=422, form=form)
        url = reverse("console:ledger_template", args=[named])
        return self.done(f"{named} is kept. Try its examples, then have it activated.", url)


class PostByTemplatePage(FormPage):
    """Asks for the parameters, shows what they come to, and posts that."""

    permission: ClassVar[str] = POST
    title: ClassVar[str] = "Post by template"
    nav: ClassVar[str] = LIST
    submit: ClassVar[str] = "See what it posts"
    template_name: ClassVar[str] = "ledger/template_post.html"

    def version(self) -> VersionRow:
        """The active one."""
        if not hasattr(self, "_version"):
            self._version = template_version(self.kwargs["key"])
        return self._version

    def page_title(self) -> str:
        """What is posted."""
        return f"Post: {self.version().name}"

    def crumbs(self) -> Sequence[Link]:
        """Back to the version."""
        named = self.version().reference
        return (
            Link("Posting templates", reverse(LIST)),
            Link(named, reverse("console:ledger_template", args=[named])),
        )

    def make_form(self) -> forms.Form:
        """One field for each parameter, of its type."""
        body = self.version().body
        fields: dict[str, forms.Field] = {}
        for one in body.parameters:
            fields |= _fields(one)
        if not body.value_date:
            fields["value_date"] = _day("Value date", required=False)
            fields["value_date"].help_text = "Empty: today."
        fields["key"] = forms.CharField(widget=forms.HiddenInput, max_length=40)
        made = type("ParameterForm", (forms.Form,), fields)
        posted = self.request.method == "POST"
        form: forms.Form = made(
            self.request.POST if posted else None, initial={"key": str(new_id())}
        )
        return form

    def perform(self, data: dict[str, Any]) -> HttpResponseBase:
        """First the legs and the balances after them; then posting just what was seen."""
        row = self.version()
        order = TemplateOrder(
            code=row.code,
            version=row.number,
            parameters={one.name: _given(one, data) for one in row.body.parameters},
            value_date=data.get("value_date"),
        )
        try:
            if self.request.POST.get("seen") != order.fingerprint().hex():
                return self._previewed(order)
            receipt = post_from_template(
                order=order,
                idempotency_key=f"console:template:{row.code}:{data['key']}",
                actor=self.actor,
            )
        except TemplateParametersRefused as error:
            form = self.make_form()
            for problem in error.problems:
                name, _, text = problem.partition(": ")
                form.add_error(*((name, text) if name in form.fields else (None, problem)))
            return self.show(status=422, form=form)
        reference = public_id("je", receipt.entry_id)
        url = reverse("console:ledger_entry", args=[reference])
        return self.done(f"{reference} is posted by {row.reference}.", url)

    def _previewed(self, order: TemplateOrder) -> HttpResponseBase:
        preview = preview_template(order=order, actor=self.actor)
        return self.show(
            form=self.make_form(),
            tables=[_preview(preview)],
            facts=_facts(preview),
            seen=order.fingerprint().hex(),
        )


class _PercentField(forms.DecimalField):
    """Basis points typed as a percentage with at most two decimals."""

    def __init__(self, **kwargs: Any) -> None:
        whole = Decimal(WHOLE_BPS) / 100
        super().__init__(min_value=Decimal(0), max_value=whole, decimal_places=2, **kwargs)


def _fields(one: Parameter) -> dict[str, forms.Field]:
    label = one.label or one.name.replace("_", " ").capitalize()
    match one.type:
        case ParameterType.MONEY:
            currency = one.currency or current_tenant().functional_currency
            text = f"{label} ({one.currency})" if one.currency else label
            fields: dict[str, forms.Field] = {
                one.name: forms.DecimalField(label=text, min_value=Decimal(0))
            }
            if not one.currency:
                fields[_currency_name(one)] = forms.CharField(
                    label=f"Currency of {label.lower()}", max_length=12, initial=currency
                )
            return fields
        case ParameterType.BASIS_POINTS:
            return {one.name: _PercentField(label=f"{label} (%)")}
        case ParameterType.DATE:
            return {one.name: _day(label)}
        case ParameterType.ACCOUNT:
            return {one.name: forms.CharField(label=label, max_length=64, help_text="Its code.")}
        case ParameterType.TEXT:
            return {one.name: forms.CharField(label=label, max_length=100)}


def _currency_name(one: Parameter) -> str:
    """No parameter has a hyphen in its name."""
    return f"{one.name}-currency"


def _day(label: str, *, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=required, widget=widget)


def _given(one: Parameter, data: Mapping[str, Any]) -> Any:
    """As the domain reads it; what cannot be money is left for it to refuse in a sentence."""
    value = data[one.name]
    if one.type is ParameterType.MONEY:
        currency = one.currency or data[_currency_name(one)]
        try:
            return {"amount": Money.from_major(value, currency).minor, "currency": currency}
        except ValueError:
            return {"amount": str(value), "currency": currency}
    if one.type is ParameterType.BASIS_POINTS:
        return int(value * 100)
    return value.isoformat() if isinstance(value, date) else value


def _facts(preview: Preview) -> list[Fact]:
    return [
        Fact("Description", preview.draft.description),
        Fact("Kind", preview.draft.kind),
        Fact("Value date", preview.receipt.value_date),
    ]


def _preview(preview: Preview) -> Table:
    rows = [
        Row(
            [
                leg.account,
                leg.amount if leg.side is Side.DEBIT else None,
                leg.amount if leg.side is Side.CREDIT else None,
                leg.clearing_key,
                preview.receipt.balances.get(leg.account),
            ]
        )
        for leg in preview.draft.postings
    ]
    sums = [
        Row(["Both sides", one, one, "", None], is_total=True) for one in preview.draft.totals()
    ]
    columns = ["Account", "Debit", "Credit", "Clearing key", "Balance after"]
    return Table("What it posts", columns, [*rows, *sums])


register_view("ledger/templates/<str:key>/post", PostByTemplatePage, name="ledger_template_post")
register_view("ledger/template/new", WriteTemplatePage, name="ledger_template_new")
