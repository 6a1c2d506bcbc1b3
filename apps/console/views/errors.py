"""Refusals that no page of ours has a chance to say."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from apps.console.refusals import bare_refusal, refusal
from apps.platform import context


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere."""
    return refusal(
        request,
        HTTPStatus.FORBIDDEN,
        "This form has expired",
        "Nothing was changed. Go back, reload the page and send it again.",
        icon="history",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is nothing at this address, or not for this person."""
    return refusal(
        request,
        HTTPStatus.NOT_FOUND,
        "There is nothing at this address",
        "It may belong to another organisation, or the address was cut short. "
        "Find the thing by its reference with Ctrl K.",
        icon="search_off",
    )


def no_permission(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something refused without saying what it needs."""
    return refusal(
        request,
        HTTPStatus.FORBIDDEN,
        "Your roles do not allow this",
        "Ask an administrator of your organisation for a role that does.",
        icon="lock",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request makes no sense."""
    return refusal(
        request,
        HTTPStatus.BAD_REQUEST,
        "This request could not be read",
        "Go back, reload the page and try again.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours. The page asks nothing of the database: it may be what broke."""
    return bare_refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong on our side",
        "What you were doing may not have happened. Look before you try again.",
        context.request_id.get(),
    )
