"""The platform's own console: organisations, their states, and what may be done with them.

Nothing here reads a tenant's books.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from apps.console.admin.activity import words
from apps.console.cards import Card, Kpi, ListCard
from apps.console.lists import ReadOnlyAdmin
from apps.console.pages import Action, FormPage, Header, Moment, ObjectPage
from apps.console.pages.actions import text_of
from apps.console.pages.objects import Banner, found_or_404
from apps.console.registry import register_card, register_page, register_search, register_view
from apps.console.search import Hit, exact_then_prefix
from apps.console.site import platform_site
from apps.console.values import Fact, Link, Note, Ref, Row, Status, Table, Value
from apps.platform.currencies import CURRENCIES
from apps.platform.models import AuditRecord
from apps.tenancy.domain import TenantMode, TenantState
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.selectors import tenants_behind
from apps.tenancy.services import (
    brand_tenant,
    close_tenant,
    provision_tenant,
    resume_tenant,
    suspend_tenant,
)

PERMISSION = "tenancy.manage"
LIST = "platform:tenancy_tenant_changelist"
HISTORY_MAX = 20
CARD_ROWS = 8


class TenantAdmin(ReadOnlyAdmin):
    """Every organisation."""

    permission = PERMISSION
    title = "Organisations"
    object_url_name = "platform:tenant"
    search_fields: ClassVar[Any] = ["^slug", "^name"]
    search_help = "Name or short name"
    empty_title = "No organisation yet"
    empty_advice = "Make the first one: its books are ready in less than a second."
    list_display: ClassVar[Any] = ["organisation", "shown_state", "mode_pill", "currency", "zone"]
    list_filter: ClassVar[Any] = ["state", "mode"]
    links: ClassVar[Any] = (("New organisation", "platform:new_tenant", PERMISSION),)
    ordering: ClassVar[Any] = ["slug"]

    @admin.display(description="Organisation", ordering="name")
    def organisation(self, tenant: Tenant) -> Value:
        """Its name and short name."""
        return Note(tenant.name, tenant.slug)

    @admin.display(description="State", ordering="state")
    def shown_state(self, tenant: Tenant) -> Value:
        """Served or not."""
        return Status(tenant.state)

    @admin.display(description="Mode", ordering="mode")
    def mode_pill(self, tenant: Tenant) -> Value:
        """Real money or not."""
        return mode_status(tenant)

    @admin.display(description="Currency", ordering="functional_currency")
    def currency(self, tenant: Tenant) -> Value:
        """What its results are measured in."""
        return str(tenant.functional_currency)


class TenantPage(ObjectPage):
    """One organisation."""

    permission = PERMISSION
    nav = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Organisations", reverse(LIST)),)

    def find(self, key: str) -> Tenant:
        """By short name."""
        tenant: Tenant = found_or_404(Tenant.objects.all(), slug=key)
        return tenant

    def header(self, thing: Tenant) -> Header:
        """Which it is."""
        return Header(
            kind="Organisation", reference=thing.slug, status=Status(thing.state), note=thing.name
        )

    def banner(self, thing: Tenant) -> Banner | None:
        """Why it is not served, if it is not."""
        if thing.state == TenantState.READY:
            return None
        return Banner(
            title=f"Nobody can use this organisation: it is {thing.state}.",
            text=thing.suspended_reason,
            tone="warn",
            icon="pause_circle",
        )

    def facts(self, thing: Tenant) -> Sequence[Fact]:
        """What it is made of."""
        return [
            Fact("Name", thing.name),
            Fact("Mode", mode_status(thing)),
            Fact("Functional currency", thing.functional_currency),
            Fact("Time zone", thing.zone),
            Fact("Schema", Ref(thing.schema_name)),
            Fact("Colour", Ref(thing.brand_color)),
            Fact("Made", thing.created_at),
            Fact("State since", thing.state_changed_at),
        ]

    def lines(self, thing: Tenant) -> Sequence[Table]:
        """Its host names."""
        domains = Domain.objects.filter(tenant=thing).order_by("-is_primary", "domain")
        rows = [Row([Ref(one.domain), "Main" if one.is_primary else ""]) for one in domains]
        return [Table("Host names", ["Host", "Use"], rows, empty="No host name leads here.")]

    def actions(self, thing: Tenant) -> Sequence[Action]:
        """What its state allows."""
        if thing.state == TenantState.CLOSED:
            return [Action(name="closed", label="", why_not="It has been closed for good.")]
        suspend = Action(name="suspend", label=f"Suspend {thing.name}", asks="Reason")
        resume = Action(name="resume", label=f"Serve {thing.name} again", look="main")
        close = Action(
            name="close",
            label="Close for good",
            look="danger",
            asks="Reason",
            confirm=f"Close {thing.name} for good? Its books stay, but nobody can open them here.",
        )
        return [resume if thing.state == TenantState.SUSPENDED else suspend, close]

    def timeline(self, thing: Tenant) -> Sequence[Moment]:
        """What was done with it, from the platform's own audit trail."""
        records = AuditRecord.objects.filter(subject=thing.slug).order_by("-recorded_at")
        return [
            Moment(
                at=one.recorded_at,
                who=one.actor_name,
                what=words(one.use_case).lower(),
                note=str(one.facts.get("reason", "")),
            )
            for one in records[:HISTORY_MAX]
        ]

    def do_suspend(self, thing: Tenant, form: QueryDict) -> str:
        """Stop serving."""
        suspend_tenant(slug=thing.slug, reason=text_of(form), actor=self.actor)
        return f"{thing.name} is suspended."

    def do_resume(self, thing: Tenant, form: QueryDict) -> str:
        """Serve again."""
        resume_tenant(slug=thing.slug, actor=self.actor)
        return f"{thing.name} is served again."

    def do_close(self, thing: Tenant, form: QueryDict) -> str:
        """For good."""
        close_tenant(slug=thing.slug, reason=text_of(form), actor=self.actor)
        return f"{thing.name} is closed."


class NewTenantForm(forms.Form):
    """What an organisation is made of."""

    name = forms.CharField(label="Name", max_length=100)
    slug = forms.CharField(
        label="Short name",
        max_length=40,
        help_text="2 to 40 lower-case letters, digits and hyphens. It names them in addresses.",
    )
    functional_currency = forms.ChoiceField(
        label="Functional currency",
        choices=[(code, f"{code} – {one.name}") for code, one in sorted(CURRENCIES.items())],
        initial="KES",
    )
    zone = forms.CharField(
        label="Time zone", initial="Africa/Nairobi", help_text="Such as Africa/Nairobi."
    )
    host = forms.CharField(label="Host name", help_text="Where their console is reached.")
    mode = forms.ChoiceField(
        label="Mode",
        choices=[("test", "Test: no live provider can be reached"), ("live", "Live: real money")],
    )
    color = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label="Colour",
        initial="#22665a",
        widget=forms.TextInput(attrs={"type": "color"}),
    )


class NewTenantPage(FormPage):
    """Make an organisation."""

    permission = PERMISSION
    nav = LIST
    title = "New organisation"
    form_class = NewTenantForm
    submit = "Make the organisation"

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Organisations", reverse(LIST)),)

    def perform(self, data: dict[str, Any]) -> str:
        """Two use cases: make it, then give it its colour."""
        host, color = data.pop("host"), data.pop("color")
        self.slug = data["slug"]
        data["mode"] = TenantMode(data["mode"])
        provision_tenant(**data, domains=[host], actor=self.actor)
        brand_tenant(slug=self.slug, color=color, symbol="account_balance", actor=self.actor)
        return f"{data['name']} is ready."

    def next_url(self) -> str:
        """The new organisation's page."""
        return self.url_of("tenant", self.slug)


def mode_status(tenant: Tenant) -> Status:
    """Test is amber, live is green."""
    live = tenant.mode == TenantMode.LIVE
    return Status(tenant.mode, "Live" if live else "Test", "good" if live else "warn")


def tenants_card(request: HttpRequest) -> Card:
    """How many are served."""
    ready = Tenant.objects.filter(state=TenantState.READY).count()
    rest = Tenant.objects.exclude(state=TenantState.READY).count()
    note = f"{rest} not served" if rest else "all of them"
    url = reverse(LIST)
    return Kpi(title="Organisations served", icon="domain", value=ready, note=note, url=url)


def behind_card(request: HttpRequest) -> Card:
    """How many lack a migration of this program."""
    late = tenants_behind()
    return Kpi(
        title="Behind in migrations",
        icon="upgrade",
        value=len(late),
        note=", ".join(late[:3]) or "every organisation is up to date",
        tone="bad" if late else None,
    )


def newest_card(request: HttpRequest) -> Card:
    """The newest organisations."""
    rows = [
        Row(
            [one.name, Status(one.state), mode_status(one), one.created_at],
            url=reverse("platform:tenant", args=[one.slug]),
        )
        for one in Tenant.objects.order_by("-created_at")[:CARD_ROWS]
    ]
    table = Table("", ["Organisation", "State", "Mode", "Made"], rows, empty="No organisation yet.")
    more = Link("All organisations", reverse(LIST))
    return ListCard(title="Newest organisations", icon="domain", table=table, more=more)


def find_tenants(text: str, limit: int) -> list[Hit]:
    """By short name or name."""
    rows = exact_then_prefix(Tenant.objects.all(), ["slug", "name"], text, limit)
    return [
        Hit(row.slug, row.name, reverse("platform:tenant", args=[row.slug]), "domain")
        for row in rows
    ]


platform_site.register(Tenant, TenantAdmin)
register_view("tenants/new", NewTenantPage, name="new_tenant", site="platform")
register_view("tenants/<slug:key>", TenantPage, name="tenant", site="platform")
register_page("", "Organisations", "domain", LIST, PERMISSION, order=10, site="platform")
register_card(tenants_card, permission=PERMISSION, order=1, site="platform")
register_card(behind_card, permission=PERMISSION, order=2, site="platform")
register_card(newest_card, permission=PERMISSION, order=10, site="platform")
register_search("Organisations", find_tenants, permission=PERMISSION, site="platform")
