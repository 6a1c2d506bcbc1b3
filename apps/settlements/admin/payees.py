"""The list of payees."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Note, Ref, Status, Value
from apps.ledger.selectors import account_balance
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.settlements.admin.lists import ListView, NamedListAdmin
from apps.settlements.domain import DetailsState
from apps.settlements.models import Payee
from apps.settlements.selectors.payees import payee_row

LIST = "console:settlements_payees"


class PayeeAdmin(NamedListAdmin):
    """Everyone we owe, with what we owe them now."""

    permission = "settlements.view"
    title = "Payees"
    list_url_name = LIST
    object_url_name = "console:settlements_payee"
    links = (
        ("New payee", "console:settlements_payee_new", "settlements.draft"),
        ("Import payees", "console:settlements_payee_import", "settlements.draft"),
    )
    search_fields: ClassVar[Any] = ["=reference", "^name"]
    search_help = "Reference or name"
    empty_title = "Nobody is to be paid yet"
    empty_advice = "Payees come with the first order that names them, by hand, or by the file."
    list_display: ClassVar[Any] = ["who", "kind", "paid_to", "account", "owed", "created_at"]
    list_filter: ClassVar[Any] = ["kind"]
    ordering: ClassVar[Any] = ["reference"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their details."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("beneficiaries__decisions")

    @admin.display(description="Payee", ordering="name")
    def who(self, payee: Payee) -> Value:
        """Name and reference."""
        return Note(payee.name, Ref(payee.reference))

    def object_key(self, thing: Payee) -> str:
        """Its public id."""
        return public_id("payee", thing.id)

    @admin.display(description="Paid to")
    def paid_to(self, payee: Payee) -> Value:
        """Where the money goes, and whether it may."""
        row = payee_row(payee)
        if row.details_state is DetailsState.USABLE:
            note = "new details to verify" if row.has_undecided else ""
            return Note(row.details.masked, note)
        return Note(row.details.masked, Status(row.details_state, tone="warn"))

    @admin.display(description="Account", ordering="ledger_account")
    def account(self, payee: Payee) -> Value:
        """Their payable."""
        return Ref(payee.ledger_account)

    @admin.display(description="Owed")
    def owed(self, payee: Payee) -> Money:
        """What the ledger says we owe them."""
        return account_balance(payee.ledger_account).balance


console_site.register(Payee, PayeeAdmin)
register_view("settlements/payees/", ListView, name="settlements_payees", model=Payee)
register_page("Money out", "Payees", "group", LIST, "settlements.view", order=20)
