"""A session belongs to the tenant it was opened in, and to somebody who proved all they must."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.identity.models import User
from apps.identity.services import has_second_factor, needs_second_factor
from apps.platform.tenant import current_tenant, current_tenant_id

SESSION_TENANT = "house_tenant"
#: Where a person may go before the second factor: to give it or to set it up (and away).
OPEN_BEFORE_SECOND_FACTOR = ("verify", "enrol")
GetResponse = Callable[[HttpRequest], HttpResponse]
security = structlog.get_logger("house.security")


class SessionOfTenant:
    """Write the tenant into each session at sign-in; end a session met in another tenant.

    Nothing else has to remember to write the mark: any session that leaves a request with somebody
    signed in was signed in during this request, in this tenant, because one that arrived without
    the right mark was emptied first.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Empty a foreign session before anybody reads it; mark a new one after the view."""
        here = str(current_tenant_id())
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self._refuse_foreign(request, here)
        response = self.get_response(request)
        if request.session.modified and self._is_in_use(request):
            request.session[SESSION_TENANT] = here
        return response

    @staticmethod
    def _refuse_foreign(request: HttpRequest, here: str) -> None:
        marked = request.session.get(SESSION_TENANT)
        if marked == here or not SessionOfTenant._is_in_use(request):
            return
        security.warning("session.foreign", session_tenant=marked or "none")
        request.session.flush()

    @staticmethod
    def _is_in_use(request: HttpRequest) -> bool:
        """True if the session holds anything at all: even a stranger's belongs to one tenant."""
        return bool(list(request.session.keys()))


class SecondFactor:
    """Between the password and the console stands the second factor, for whoever has or needs one.

    Enrolled people give a code; people whose roles let money out and who have none set one up.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Send the person to the page that is missing, keeping where they wanted to go."""
        page = self._missing(request)
        if page is None:
            return self.get_response(request)
        return HttpResponseRedirect(f"{page}?{urlencode({'next': request.get_full_path()})}")

    def _missing(self, request: HttpRequest) -> str | None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if SESSION_KEY not in request.session:
            return None
        user = request.user
        if not isinstance(user, User) or getattr(user, "otp_device", None) is not None:
            return None
        if self._is_open(request):
            return None
        if has_second_factor(user_id=user.id):
            return account_page("verify")
        return account_page("enrol") if needs_second_factor(user=user) else None

    @staticmethod
    def _is_open(request: HttpRequest) -> bool:
        pages = {account_page(name) for name in OPEN_BEFORE_SECOND_FACTOR}
        return request.path in pages | {reverse(f"{site_name()}:logout")}


def site_name() -> str:
    """Which of the two consoles the present tenant has: the namespace of its addresses."""
    return "platform" if current_tenant().is_platform else "console"


def account_page(name: str) -> str:
    """The address of one of identity's own pages, within the console it is served in."""
    return reverse(f"{site_name()}:account:{name}")
