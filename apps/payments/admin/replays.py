"""Processing many callbacks again: choose, see how many, confirm, watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.console.pages import FormPage
from apps.console.registry import register_view
from apps.console.values import Link
from apps.payments.domain.callbacks import REPLAYABLE, CallbackFilter
from apps.payments.models import ProviderAccount
from apps.payments.selectors import replayable_count
from apps.payments.services import start_callback_replay
from apps.platform import clock

LIST = "console:payments_callback_changelist"
HOURS = {"1": "The last hour", "24": "The last day", "168": "The last week", "": "Ever"}


class ReplayForm(forms.Form):
    """Which callbacks."""

    state = forms.ChoiceField(
        required=False,
        choices=[("", "Dead and quarantined"), *[(one, one.capitalize()) for one in REPLAYABLE]],
    )
    provider_account = forms.ChoiceField(required=False)
    kind = forms.CharField(
        required=False, max_length=20, help_text="The address they came to, such as result."
    )
    period = forms.ChoiceField(label="Received in", required=False, choices=list(HOURS.items()))
    counted = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        labels = ProviderAccount.objects.order_by("label").values_list("label", flat=True)
        choices = [("", "Every account"), *[(one, one) for one in labels]]
        self.fields["provider_account"].choices = choices  # type: ignore[attr-defined]  # a choice field


class ReplayPage(FormPage):
    """The first time it counts, and the second time, for that number, it starts the job."""

    permission: ClassVar[str] = "payments.operate"
    nav: ClassVar[str] = LIST
    title: ClassVar[str] = "Process callbacks again"
    form_class = ReplayForm

    @property
    def intro(self) -> str:  # type: ignore[override]  # it says how many
        """How many were counted."""
        counted = self.request.GET.get("counted", "")
        if not counted.isdigit():
            return "The stored bytes are read again. Nothing is ever booked twice."
        return f"{counted} callbacks are processed again. Change the choice to count again."

    @property
    def submit(self) -> str:  # type: ignore[override]  # it says what happens
        """What the button does."""
        counted = self.request.GET.get("counted", "")
        return f"Process {counted} again" if counted.isdigit() and counted != "0" else "Count them"

    def initial(self) -> dict[str, Any]:
        """What was chosen and counted."""
        return {name: self.request.GET.get(name, "") for name in ReplayForm.base_fields}

    def crumbs(self) -> Sequence[Link]:
        """Back to the list."""
        return (Link("Callbacks", reverse(LIST)),)

    def perform(self, data: dict[str, Any]) -> HttpResponse:
        """Count, or start and show how far it is."""
        hours = data["period"]
        where = CallbackFilter(
            state=data["state"],
            provider_account=data["provider_account"],
            kind=data["kind"].strip(),
            since=clock.now() - timedelta(hours=int(hours)) if hours else None,
        )
        count = replayable_count(where)
        if not count or data["counted"] != count:
            chosen = {**{name: data[name] for name in ReplayForm.base_fields}, "counted": count}
            return HttpResponseRedirect(f"{self.request.path}?{urlencode(chosen)}")
        job_id = start_callback_replay(where=where, counted=count, actor=self.actor)
        return HttpResponseRedirect(reverse("console:job", args=[job_id]))


register_view("payments/callback-replay", ReplayPage, name="payments_callback_replay")
