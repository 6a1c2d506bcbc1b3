"""What every page of the console may show."""

from __future__ import annotations

from django.http import HttpRequest


def console(request: HttpRequest) -> dict[str, object]:
    """Template variables of the shell."""
    return {}
