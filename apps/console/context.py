"""What every page may show, whoever asks for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.console.shell import house
from apps.platform.errors import NoTenant


def console(request: HttpRequest) -> dict[str, Any]:
    """Template variables of the shell; none where no tenant is known, as on some error pages."""
    try:
        return house(request)
    except NoTenant:
        return {}
