"""A session belongs to the tenant it was opened in."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from apps.platform.tenant import current_tenant_id

SESSION_TENANT = "house_tenant"


class SessionOfTenant:
    """Compare the tenant written into the session at sign-in with the tenant of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A session of another tenant is ended, and the request goes on as a stranger's."""
        if request.user.is_authenticated:
            if request.session.get(SESSION_TENANT) != str(current_tenant_id()):
                logout(request)
        return self.get_response(request)
