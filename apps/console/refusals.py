"""Refusals as a person reads them: what is wrong, what to do, and whom to ask."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from apps.identity.domain import PERMISSIONS
from apps.identity.models import Role
from apps.platform.errors import DomainError, Kind

STATUS_OF = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


def sentence(error: DomainError) -> str:
    """The broken rule, then what to do about it."""
    return " ".join(part for part in (error.title, error.advice) if part)


def refusal(
    request: HttpRequest,
    status: int,
    title: str,
    advice: str,
    *,
    icon: str = "info",
    facts: tuple[str, ...] = (),
) -> HttpResponse:
    """A page that says what happened and what to do. It asks the database for nothing."""
    context: dict[str, Any] = {"title": title, "advice": advice, "icon": icon, "facts": facts}
    context["home"] = _home()
    page = render_to_string("console/refusal.html", context, request)
    return HttpResponse(page, status=status)


def bare_refusal(status: int, title: str, advice: str, request_id: str) -> HttpResponse:
    """The same page when even the tenant may be unknown: nothing but these words is needed."""
    context = {
        "title": title,
        "advice": advice,
        "icon": "error",
        "request_id": request_id,
        "home": _home(),
    }
    return HttpResponse(render_to_string("console/refusal.html", context), status=status)


def forbidden(request: HttpRequest, permission: str) -> HttpResponse:
    """The person's roles do not allow this; say which roles would."""
    roles = roles_granting(permission)
    what = PERMISSIONS.get(permission, permission)
    named = ", ".join(roles) if roles else "no role yet"
    return refusal(
        request,
        HTTPStatus.FORBIDDEN,
        "Your roles do not allow this",
        "Ask an administrator of your organisation for a role that does.",
        icon="lock",
        facts=(f"What it needs: {what.lower()} ({permission}).", f"Roles that have it: {named}."),
    )


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A whole page for a domain error that left nothing to show."""
    return refusal(request, STATUS_OF[error.kind], error.title, error.advice, icon="error")


def roles_granting(permission: str) -> list[str]:
    """Names of the present tenant's roles that grant ``permission``."""
    try:
        return list(
            Role.objects.filter(permissions__contains=[permission]).values_list("name", flat=True)
        )
    except DatabaseError:
        return []


def _home() -> str:
    """The first page of the site this host serves."""
    try:
        return reverse("console:index")
    except NoReverseMatch:
        return reverse("platform:index")
