"""Setting up a second factor, giving a code at sign-in, and giving one again for a grave step."""

from __future__ import annotations

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import mark_safe

from apps.identity import step_up
from apps.identity.errors import NoSecondFactor, SecondFactorExists
from apps.identity.forms import CodeForm
from apps.identity.middleware import account_page
from apps.identity.people import actor_of
from apps.identity.services import (
    confirm_second_factor,
    enrol_second_factor,
    has_second_factor,
    needs_second_factor,
)
from apps.identity.views.pages import page, person, sentence, signed_in, wanted
from apps.platform.errors import DomainError


@signed_in
def enrol(request: HttpRequest) -> HttpResponse:
    """Show the QR code; take the first code of the app; show the recovery codes once."""
    user = person(request)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            receipt = confirm_second_factor(
                user_id=user.id, code=form.cleaned_data["code"], actor=actor_of(user)
            )
        except NoSecondFactor:
            return HttpResponseRedirect(account_page("enrol"))
        except DomainError as error:
            form.add_error("code", sentence(error))
            return page(request, "enrol.html", "Second factor", status=422, form=form)
        step_up.remember(request, receipt.device_id, receipt.verified_at)
        return page(request, "recovery_codes.html", "Recovery codes", codes=receipt.recovery_codes)
    try:
        draft = enrol_second_factor(user_id=user.id, actor=actor_of(user))
    except SecondFactorExists as error:
        return page(request, "refused.html", "Second factor", status=409, refusal=error)
    picture = segno.make(draft.uri, error="m").svg_inline(scale=5, dark="#000", light="#fff")
    return page(
        request,
        "enrol.html",
        "Second factor",
        form=form,
        qr=mark_safe(picture),  # noqa: S308  drawn here, from our own URI
        secret=" ".join(draft.secret[i : i + 4] for i in range(0, len(draft.secret), 4)),
        is_required=needs_second_factor(user=user),
    )


@signed_in
def verify(request: HttpRequest) -> HttpResponse:
    """The second half of signing in."""
    return _ask(request, "verify.html", "Confirm it is you")


@signed_in
def confirm(request: HttpRequest) -> HttpResponse:
    """Step up: a fresh code before a step that lets money out of the house."""
    return _ask(request, "step_up.html", "Confirm this step")


def _ask(request: HttpRequest, template: str, title: str) -> HttpResponse:
    if not has_second_factor(user_id=person(request).id):
        return HttpResponseRedirect(account_page("enrol"))
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            step_up.verify(request, form.cleaned_data["code"])
        except DomainError as error:
            form.add_error("code", sentence(error))
            status = 422
        else:
            return HttpResponseRedirect(wanted(request))
    return page(request, template, title, status=status, form=form)
