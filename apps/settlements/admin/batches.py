"""The list of batches, and drafting one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.console.lists import PeriodFilter
from apps.console.pages import Page
from apps.console.registry import register_page, register_view
from apps.console.site import console_site
from apps.console.values import Ref, Status, Value
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.settlements.admin.lists import ListView, NamedListAdmin
from apps.settlements.models import Batch
from apps.settlements.selectors import paying_accounts
from apps.settlements.services import draft_payables_batch

LIST = "console:settlements_batches"
PAGE = "console:settlements_batch"


class BatchAdmin(NamedListAdmin):
    """Every batch, the newest first."""

    permission = "settlements.view"
    title = "Disbursement batches"
    list_url_name = LIST
    object_url_name = PAGE
    change_list_template = "settlements/batches.html"
    search_fields: ClassVar[Any] = ["=reference", "^maker_name"]
    search_help = "Reference or maker"
    empty_title = "No batch has been made"
    empty_advice = "Draft one: it gathers everything owed to restaurants and drivers."
    list_display: ClassVar[Any] = [
        "number",
        "status",
        "total",
        "payments",
        "through",
        "made_by",
        "made",
        "released",
    ]
    list_filter: ClassVar[Any] = ["state", ("created_at", PeriodFilter)]
    ordering: ClassVar[Any] = ["-created_at", "-id"]

    def object_key(self, thing: Batch) -> str:
        """Its public id."""
        return public_id("bat", thing.id)

    @admin.display(description="Batch", ordering="reference")
    def number(self, batch: Batch) -> Value:
        """Its reference."""
        return Ref(batch.reference)

    @admin.display(description="State", ordering="state")
    def status(self, batch: Batch) -> Value:
        """Where it stands."""
        return batch_status(batch.state)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, batch: Batch) -> Money:
        """What it pays."""
        return Money(batch.total_minor, batch.currency)

    @admin.display(description="Payments", ordering="line_count")
    def payments(self, batch: Batch) -> Value:
        """How many lines it has."""
        return batch.line_count

    @admin.display(description="Through", ordering="provider_account")
    def through(self, batch: Batch) -> Value:
        """The provider account it is paid from."""
        return batch.provider_account

    @admin.display(description="Made by", ordering="maker_name")
    def made_by(self, batch: Batch) -> Value:
        """Who drafted it."""
        return batch.maker_name

    @admin.display(description="Made", ordering="created_at")
    def made(self, batch: Batch) -> Value:
        """When."""
        return batch.created_at

    @admin.display(description="Released", ordering="released_at")
    def released(self, batch: Batch) -> Value:
        """When its money was reserved."""
        return batch.released_at


class DraftBatch(Page):
    """The button that gathers everything owed into a batch."""

    permission: ClassVar[str] = "settlements.draft"
    title: ClassVar[str] = "Draft a batch"
    nav: ClassVar[str] = LIST
    template_name: ClassVar[str] = "settlements/refused.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Drafting is a button of the list."""
        return HttpResponseRedirect(reverse(LIST))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Draft it and go to its page."""
        wanted = request.POST.get("provider_account", "")
        accounts = [one for one in paying_accounts() if wanted in ("", one[0])]
        if not accounts:
            raise Http404
        label, currency = accounts[0]
        try:
            batch_id = draft_payables_batch(
                provider_account=label, currency=currency, actor=self.actor
            )
        except DomainError as error:
            return self.not_done(error, back=reverse(LIST))
        url = reverse(PAGE, args=[public_id("bat", batch_id)])
        return self.done("The batch is drafted. Read it, then submit it for approval.", url)


def batch_status(state: str) -> Status:
    """A batch that is still open is calm; one that ended with exceptions wants a look."""
    tone = {"open": "calm", "in_approval": "warn", "closed_with_exceptions": "warn"}.get(state)
    return Status(state, tone=tone)  # type: ignore[arg-type]  # a literal of the map


console_site.register(Batch, BatchAdmin)
register_view("settlements/batches/", ListView, name="settlements_batches", model=Batch)
register_view("settlements/batches/draft", DraftBatch, name="settlements_draft")
register_page("Money out", "Disbursement batches", "outbox", LIST, "settlements.view", order=10)
