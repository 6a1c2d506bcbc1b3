"""Forms: a new endpoint, changing one, another secret, delivering again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.shell import shell
from apps.console.values import Link
from apps.platform import clock
from apps.platform.ids import parse_public_id, public_id
from apps.webhooks.admin.endpoints import LIST, MANAGE
from apps.webhooks.domain import (
    PATTERNS_MAX,
    DeliveryFilter,
    DeliveryState,
    EndpointDraft,
    EndpointRow,
    EndpointState,
    SecretReceipt,
)
from apps.webhooks.models import Endpoint
from apps.webhooks.selectors import endpoint
from apps.webhooks.services import change_endpoint, create_endpoint, rotate_secret, start_replay

HOURS = {
    "1": "The last hour",
    "24": "The last day",
    "168": "The last week",
    "720": "The last 30 days",
}
OVERLAPS = {
    "24": "A day: both secrets sign meanwhile",
    "168": "A week: both secrets sign meanwhile",
    "0": "None: the former one has leaked",
}


class EndpointForm(forms.Form):
    """What a tenant says of an endpoint."""

    url = forms.CharField(
        label="Address", max_length=2000, help_text="https, reachable from the internet."
    )
    patterns = forms.CharField(
        label="Events",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Separated by spaces or lines, such as payments.* or *. At most {PATTERNS_MAX}.",
    )
    description = forms.CharField(max_length=200, required=False)
    rate_per_minute = forms.IntegerField(
        label="At most so many a minute", min_value=1, max_value=6000, initial=600
    )


class SecretForm(forms.Form):
    """How long the former secret works."""

    overlap = forms.ChoiceField(label="Overlap", choices=list(OVERLAPS.items()))


class ReplayForm(forms.Form):
    """What is to be delivered again."""

    endpoint = forms.ChoiceField(required=False)
    period = forms.ChoiceField(label="Queued in", choices=list(HOURS.items()), initial="24")
    state = forms.ChoiceField(
        required=False,
        choices=[
            ("given_up", "What was given up"), ("delivered", "What was delivered"), ("", "Both"),
        ],
        initial="given_up",
    )  # fmt: skip
    event_type = forms.CharField(
        label="Event", max_length=120, required=False, help_text="Such as payments.payout_paid."
    )
    missed = forms.BooleanField(
        label="Also events the endpoint was never told, because it was disabled, say",
        required=False,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Endpoint.objects.filter(state__in=[EndpointState.ACTIVE, EndpointState.PAUSED])
        named = [(str(one.id), one.url) for one in rows]
        self.fields["endpoint"].choices = [("", "Every endpoint"), *named]  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        """What was missed was missed by somebody."""
        data = super().clean() or {}
        if data.get("missed") and not data.get("endpoint"):
            self.add_error("endpoint", "Choose the endpoint that missed events.")
        return data


class _EndpointFormPage(FormPage):
    """A form below the list of endpoints; one that makes a secret shows it once."""

    permission: ClassVar[str] = MANAGE
    nav: ClassVar[str] = LIST

    def crumbs(self) -> Sequence[Link]:
        """Back to the endpoints."""
        return (Link("Webhook endpoints", reverse(LIST)),)

    def thing(self) -> EndpointRow:
        """The endpoint the address names."""
        try:
            row = endpoint(parse_public_id("whe", self.kwargs["key"]))
        except ValueError as error:
            raise Http404 from error
        if row is None or row.state == EndpointState.REMOVED:
            raise Http404
        return row

    def secret(self, receipt: SecretReceipt) -> HttpResponse:
        """The only time that anybody sees it."""
        return TemplateResponse(
            self.request,
            "webhooks/secret.html",
            {
                **shell(self.request, self.site, self.nav),
                "title": "Signing secret",
                "crumbs": self.crumbs(),
                "page": self,
                "secret": receipt.secret,
                "former_until": receipt.former_until,
                "go_on": endpoint_url(receipt.endpoint_id),
            },
        )


class NewEndpointPage(_EndpointFormPage):
    """Registers an address."""

    title: ClassVar[str] = "Add an endpoint"
    submit: ClassVar[str] = "Add the endpoint"
    intro: ClassVar[str] = (
        "It is told of what happens from now on, signed with a secret of its own."
    )
    form_class = EndpointForm

    def perform(self, data: dict[str, Any]) -> HttpResponse:
        """Make it, and show its secret."""
        return self.secret(create_endpoint(draft=_draft(data), actor=self.actor))


class ChangeEndpointPage(_EndpointFormPage):
    """Changes one."""

    title: ClassVar[str] = "Change an endpoint"
    intro: ClassVar[str] = "What waits is sent to the new address."
    form_class = EndpointForm

    def initial(self) -> dict[str, Any]:
        """What it says now."""
        row = self.thing()
        return {
            "url": row.url,
            "patterns": "\n".join(row.patterns),
            "description": row.description,
            "rate_per_minute": row.rate_per_minute,
        }

    def perform(self, data: dict[str, Any]) -> str:
        """Save it."""
        change_endpoint(endpoint_id=self.thing().id, draft=_draft(data), actor=self.actor)
        return "The endpoint is changed."

    def next_url(self) -> str:
        """To the endpoint."""
        return endpoint_url(self.thing().id)


class SecretPage(_EndpointFormPage):
    """Gives an endpoint another secret."""

    title: ClassVar[str] = "Rotate the secret"
    submit: ClassVar[str] = "Make a new secret"
    intro: ClassVar[str] = "The new secret is shown once. Give it to the receiver in the overlap."
    form_class = SecretForm

    def perform(self, data: dict[str, Any]) -> HttpResponse:
        """Make it, and show it."""
        overlap = timedelta(hours=int(data["overlap"]))
        receipt = rotate_secret(endpoint_id=self.thing().id, overlap=overlap, actor=self.actor)
        return self.secret(receipt)


class ReplayPage(_EndpointFormPage):
    """Starts a job that delivers again."""

    permission: ClassVar[str] = "webhooks.replay"
    title: ClassVar[str] = "Deliver again"
    submit: ClassVar[str] = "Deliver again"
    intro: ClassVar[str] = "Each message keeps its id: a receiver that has it already can tell."
    form_class = ReplayForm

    def perform(self, data: dict[str, Any]) -> HttpResponse:
        """Start it, and show how far it is."""
        where = DeliveryFilter(
            endpoint_id=UUID(data["endpoint"]) if data["endpoint"] else None,
            state=DeliveryState(data["state"]) if data["state"] else None,
            event_type=data["event_type"],
            since=clock.now() - timedelta(hours=int(data["period"])),
        )
        job_id = start_replay(where=where, actor=self.actor, are_missed_included=data["missed"])
        return HttpResponseRedirect(reverse("console:job", args=[job_id]))


def endpoint_url(endpoint_id: UUID) -> str:
    """The endpoint's own page."""
    return reverse("console:webhooks_endpoint", args=[public_id("whe", endpoint_id)])


def _draft(data: dict[str, Any]) -> EndpointDraft:
    patterns = tuple(dict.fromkeys(data["patterns"].replace(",", " ").split()))
    return EndpointDraft(**{**data, "patterns": patterns})


register_view("webhooks/new-endpoint", NewEndpointPage, name="webhooks_endpoint_new")
register_view(
    "webhooks/endpoints/<str:key>/change", ChangeEndpointPage, name="webhooks_endpoint_change"
)
register_view("webhooks/endpoints/<str:key>/secret", SecretPage, name="webhooks_secret")
register_view("webhooks/replay", ReplayPage, name="webhooks_replay")
