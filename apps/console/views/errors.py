"""Refusals a person sees."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere."""
    return HttpResponse(
        "This form has expired. Go back, reload the page and send it again.", status=403
    )
