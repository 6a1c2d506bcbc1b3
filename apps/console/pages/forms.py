"""The form page: fields, then one use case."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.console.pages.base import Page
from apps.platform.errors import DomainError


class FormPage(Page):
    """Asks for what a use case needs, calls it once, and shows its refusal as a sentence.

    ``perform`` answers what was done (a sentence, then the person goes to ``next_url``) or a
    response of its own. The form checks form, not business: that is up to the use case.
    """

    template_name: ClassVar[str] = "console/form.html"
    form_class: type[forms.Form]
    #: One sentence above the fields.
    intro: ClassVar[str] = ""
    #: What the button says; it names what happens.
    submit: ClassVar[str] = "Save"

    def initial(self) -> dict[str, Any]:
        """What the fields hold at first."""
        return {}

    def make_form(self) -> forms.Form:
        """The form, bound when it was sent."""
        if self.request.method == "POST":
            return self.form_class(self.request.POST, self.request.FILES)
        return self.form_class(initial=self.initial())

    def perform(self, data: dict[str, Any]) -> str | HttpResponseBase:
        """Call the use case with the cleaned ``data``."""
        raise NotImplementedError

    def next_url(self) -> str:
        """Where to go afterwards; by default back here."""
        return ""

    def cancel_url(self) -> str:
        """Where to go without doing it."""
        crumbs = self.crumbs()
        return crumbs[-1].url if crumbs else ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the empty form."""
        return self.show(form=self.make_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check the form, perform, and say what was done or refused."""
        form = self.make_form()
        if not form.is_valid():
            return self.show(status=422, form=form)
        try:
            answer = self.perform(form.cleaned_data)
        except DomainError as error:
            return self.not_done(error, form=form)
        return (
            answer if isinstance(answer, HttpResponseBase) else self.done(answer, self.next_url())
        )
