"""Exchange rates: the list, a manual one, and the central bank's file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import FormPage
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Link, Note, Ref, Value
from apps.ledger.admin.fx.words import SOURCES, rate_value, validity
from apps.ledger.domain.fx import DEVIATION_BPS_MAX, RateDraft
from apps.ledger.domain.fx.rates import RATE_DECIMALS, RATE_DIGITS
from apps.ledger.models import FxRate
from apps.ledger.services import fetch_ecb_rates, import_ecb_rates, record_rate
from apps.platform import clock
from apps.platform.tenant import current_tenant

VIEW, CHANGE = "ledger.view", "ledger.fx"
LIST = "console:ledger_fxrate_changelist"
ADD, IMPORT = "console:ledger_fx_record_rate", "console:ledger_fx_rate_import"
QUEUE = "console:ledger_fx_proposals"
DAYS_MAX = 366


class RateAdmin(ReadOnlyAdmin):
    """Every recorded rate, the one that began last first."""

    permission = VIEW
    title = "Exchange rates"
    intro = (
        "One unit of the first currency in units of the second. A missing rate is never assumed."
    )
    links = (
        ("Add a rate", ADD, CHANGE),
        ("Import rates", IMPORT, CHANGE),
        ("Rates to approve", QUEUE, "ledger.fx_approve"),
    )
    search_fields: ClassVar[Any] = ["=base", "=quote"]
    search_help = "A currency's code"
    empty_title = "No rate is recorded"
    empty_advice = "Import the European Central Bank's file, or add a rate by hand."
    list_display: ClassVar[Any] = ["pair", "value", "state", "valid_from", "valid_until", "origin"]
    list_filter: ClassVar[Any] = ["source", ("valid_from", PeriodFilter)]
    ordering: ClassVar[Any] = ["-valid_from", "-id"]

    @admin.display(description="Pair", ordering="base")
    def pair(self, row: FxRate) -> Value:
        """Base and quote."""
        return Ref(f"{row.base}/{row.quote}")

    @admin.display(description="Rate")
    def value(self, row: FxRate) -> Value:
        """As people write it."""
        return rate_value(row.rate)

    @admin.display(description="State")
    def state(self, row: FxRate) -> Value:
        """Whether it counts now."""
        return validity(row.valid_from, row.valid_until)

    @admin.display(description="Source", ordering="source")
    def origin(self, row: FxRate) -> Value:
        """Where it comes from, and who brought it."""
        return Note(row.provider or SOURCES[row.source], row.recorded_by.partition(":")[2])


class RateForm(forms.Form):
    """A pair, its rate and how long it counts."""

    base = forms.CharField(
        label="One unit of", max_length=12, help_text="A currency's code, such as USD."
    )
    quote = forms.CharField(label="In units of", max_length=12)
    rate = forms.DecimalField(
        label="Rate", max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS, min_value=0
    )
    valid_from = forms.DateTimeField(
        label="Counts from",
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text="In your organisation's time zone. Left empty: from now on.",
    )
    days = forms.IntegerField(
        label="For how many days",
        min_value=1,
        max_value=DAYS_MAX,
        initial=1,
        help_text="After that it is stale, and whatever needs it is refused.",
    )

    def clean_base(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["base"]).strip().upper()

    def clean_quote(self) -> str:
        """In capitals."""
        return str(self.cleaned_data["quote"]).strip().upper()


class AddRatePage(FormPage):
    """A rate by hand."""

    title: ClassVar[str] = "Add a rate"
    permission: ClassVar[str] = CHANGE
    nav: ClassVar[str] = LIST
    form_class = RateForm
    submit: ClassVar[str] = "Record the rate"
    intro: ClassVar[str] = (
        f"More than {DEVIATION_BPS_MAX / 100:g} % away from the rate in force, or the first of its "
        "pair, it waits until a second person approves it."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Exchange rates", reverse(LIST)),)

    def initial(self) -> dict[str, Any]:
        """Into the currency the tenant measures its results in."""
        return {"quote": current_tenant().functional_currency, "days": 1}

    def perform(self, data: dict[str, Any]) -> str:
        """Record it, or propose it."""
        begins = _begins(data["valid_from"])
        recorded = record_rate(
            draft=RateDraft(
                base=data["base"],
                quote=data["quote"],
                rate=data["rate"],
                valid_from=begins,
                valid_until=begins + timedelta(days=data["days"]),
            ),
            actor=self.actor,
        )
        pair = f"{data['base']}/{data['quote']}"
        if recorded.rate_id is None:
            return f"{pair} waits for a second person: it is far from the rate in force, or new."
        return f"{pair} is recorded."

    def next_url(self) -> str:
        """To the list."""
        return reverse(LIST)


class RatesFileForm(forms.Form):
    """A file, or nothing to fetch it."""

    file = forms.FileField(
        label="File",
        required=False,
        help_text="eurofxref-daily.xml, eurofxref.csv or eurofxref.zip. Left empty: fetch today's.",
    )


class ImportRatesPage(FormPage):
    """The European Central Bank's reference rates, from a file or fetched now."""

    title: ClassVar[str] = "Import rates"
    permission: ClassVar[str] = CHANGE
    nav: ClassVar[str] = LIST
    form_class = RatesFileForm
    submit: ClassVar[str] = "Import"
    intro: ClassVar[str] = (
        "Reference rates of the European Central Bank. Importing a file twice adds nothing. After "
        "the first import the daily file is fetched by itself."
    )

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Exchange rates", reverse(LIST)),)

    def perform(self, data: dict[str, Any]) -> str:
        """Import it."""
        if data["file"]:
            new = import_ecb_rates(content=data["file"].read(), actor=self.actor)
        else:
            new = fetch_ecb_rates(actor=self.actor)
        return f"{new} rate{' is' if new == 1 else 's are'} new."

    def next_url(self) -> str:
        """To the list."""
        return reverse(LIST)


def _begins(given: datetime | None) -> datetime:
    """The instant that was meant: what a person types is local time."""
    if given is None:
        return clock.now()
    return given.replace(tzinfo=ZoneInfo(current_tenant().zone))


console_site.register(FxRate, RateAdmin)
register_view("ledger/fx/rates/add", AddRatePage, name="ledger_fx_record_rate")
register_view("ledger/fx/rates/import", ImportRatesPage, name="ledger_fx_rate_import")
register_page("Ledger", "Exchange rates", "currency_exchange", LIST, VIEW, order=40)
