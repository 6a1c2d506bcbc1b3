"""Conversions: the list, and one with its legs and the rates behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404
from django.urls import reverse

from apps.console.lists import PeriodFilter, ReadOnlyAdmin
from apps.console.pages import Header, ObjectPage
from apps.console.registry import register_page, register_search, register_view
from apps.console.search import Hit
from apps.console.site import console_site
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.ledger.admin.fx.rates import VIEW
from apps.ledger.admin.fx.words import derivation_table, rate_value, short_rate
from apps.ledger.domain import Side
from apps.ledger.models import FxConversion
from apps.ledger.selectors import journal_entry
from apps.ledger.selectors.fx import ConversionRow, conversion, quote
from apps.platform.ids import parse_public_id, public_id
from apps.platform.money import Money

LIST = "console:ledger_fxconversion_changelist"
PAGE = "console:ledger_fx_conversion"


class ConversionAdmin(ReadOnlyAdmin):
    """Every conversion, the newest first."""

    permission = VIEW
    title = "Conversions"
    object_url_name = PAGE
    empty_title = "Nothing has been converted"
    empty_advice = "Conversions come from other parts of the house, and over the API."
    list_display: ClassVar[Any] = ["reference", "sold", "bought", "mid_rate", "fee", "converted_at"]
    list_filter: ClassVar[Any] = [
        "sell_currency",
        "buy_currency",
        ("converted_at", PeriodFilter),
    ]
    ordering: ClassVar[Any] = ["-converted_at", "-id"]

    def object_key(self, thing: FxConversion) -> str:
        """Its public id."""
        return public_id("fxc", thing.id)

    @admin.display(description="Conversion")
    def reference(self, row: FxConversion) -> Value:
        """What it is for, below its public id."""
        return Note(Ref(public_id("fxc", row.id)), row.description)

    @admin.display(description="Sold")
    def sold(self, row: FxConversion) -> Money:
        """What was given."""
        return Money(row.sell_minor, row.sell_currency)

    @admin.display(description="Bought")
    def bought(self, row: FxConversion) -> Money:
        """What was taken."""
        return Money(row.buy_minor, row.buy_currency)

    @admin.display(description="Middle rate")
    def mid_rate(self, row: FxConversion) -> Value:
        """Before the spread."""
        return short_rate(row.mid)

    @admin.display(description="Spread")
    def fee(self, row: FxConversion) -> Money:
        """Part of what was sold."""
        return Money(row.spread_minor, row.sell_currency)


class ConversionPage(ObjectPage):
    """One conversion: both sides, its entry, and the rates it was priced with."""

    permission = VIEW
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Conversions", reverse(LIST)),)

    def find(self, key: str) -> ConversionRow:
        """By its public id."""
        try:
            return conversion(parse_public_id("fxc", key))
        except ValueError as error:
            raise Http404 from error

    def subject(self, thing: ConversionRow) -> str:
        """The public id."""
        return public_id("fxc", thing.id)

    def header(self, thing: ConversionRow) -> Header:
        """What arrived."""
        return Header(
            kind="Conversion",
            reference=self.subject(thing),
            status=Status("posted"),
            amount=thing.terms.buy,
            note=thing.description,
        )

    def facts(self, thing: ConversionRow) -> Sequence[Fact]:
        """Both sides, the price and the result."""
        entry = public_id("je", thing.entry_id)
        return [
            Fact("Sold", thing.terms.sell),
            Fact("From", _account(thing.sell_account)),
            Fact("Bought", thing.terms.buy),
            Fact("To", _account(thing.buy_account)),
            Fact("Middle rate", rate_value(thing.mid)),
            Fact("Spread", Note(thing.terms.spread, f"{thing.spread_bps / 100:g} %")),
            Fact("Worth", thing.value),
            Fact("Realised result", thing.realised),
            Fact("Value date", thing.value_date),
            Fact("Converted by", thing.converted_by.partition(":")[2]),
            Fact("Quote", Ref(public_id("fxq", thing.quote_id))),
            Fact("Journal entry", Link(entry, reverse("console:ledger_entry", args=[entry]))),
        ]

    def lines(self, thing: ConversionRow) -> Sequence[Table]:
        """The legs, and where the rate comes from."""
        legs = [
            Row(
                [
                    leg.account,
                    leg.account_name,
                    leg.amount if leg.side is Side.DEBIT else None,
                    leg.amount if leg.side is Side.CREDIT else None,
                ],
                url=reverse("console:ledger_account", args=[leg.account]),
            )
            for leg in journal_entry(thing.entry_id).postings
        ]
        return [
            Table("Postings", ["Account", "Name", "Debit", "Credit"], legs),
            derivation_table("Where the middle rate comes from", quote(thing.quote_id).derivation),
        ]


def _account(code: str) -> Link:
    return Link(code, reverse("console:ledger_account", args=[code]))


def find_conversions(text: str, limit: int) -> list[Hit]:
    """A conversion by its public id, in full."""
    try:
        rows = FxConversion.objects.filter(id=parse_public_id("fxc", text))[:limit]
    except ValueError:
        return []
    return [
        Hit(text, row.description, reverse(PAGE, args=[text]), "currency_exchange") for row in rows
    ]


console_site.register(FxConversion, ConversionAdmin)
register_view("ledger/fx/conversions/<str:key>", ConversionPage, name="ledger_fx_conversion")
register_page("Ledger", "Conversions", "swap_horiz", LIST, VIEW, order=42)
register_search("Conversions", find_conversions, permission=VIEW, prefixes=("fxc_",))
