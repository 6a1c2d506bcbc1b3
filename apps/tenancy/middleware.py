"""Whose request this is.

The credential decides; path, header and host may only confirm. Nothing falls back to the platform's
schema: an address of tenants that names no tenant is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, set_script_prefix, set_urlconf

from apps.platform.api.problems import problem_response
from apps.platform.errors import DomainError
from apps.platform.tenant import database
from apps.tenancy.claims import PATH_PREFIX, Claims, heard
from apps.tenancy.errors import (
    CredentialMissing,
    CredentialUnknown,
    TenantClosed,
    TenantConflict,
    TenantNotFound,
    TenantNotReady,
)
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import refuse_unready

#: Providers call back here on whatever host they were told, with a token that names the tenant;
#: payments reads it. No tenant is chosen before.
CALLBACKS = "/in/"
#: Below ``/v1`` only the documentation, and asking for a token, need no tenant.
_API = re.compile(r"/v1(/|$)")
_OPEN_API = re.compile(r"/v1/(openapi\.json|docs(/.*)?|oauth/token)$")
_STATUS: dict[type[DomainError], int] = {
    TenantConflict: 400,
    CredentialMissing: 401,
    CredentialUnknown: 401,
    TenantNotFound: 404,
    TenantClosed: 410,
    TenantNotReady: 503,
}
RETRY_AFTER_SECONDS = 60
GetResponse = Callable[[HttpRequest], HttpResponse]
security = structlog.get_logger("house.security")


class TenantResolver:
    """Find the request's tenant, refuse what does not agree, and look at its schema meanwhile."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve inside the tenant; afterwards the connection looks where it looked before.

        A streamed answer is still being read then, so it keeps the tenant until the next request.
        """
        before, prefix = database.tenant, get_script_prefix()
        database.set_schema_to_public()
        response: HttpResponse | None = None
        try:
            response = self._serve(request)
            return response
        finally:
            set_script_prefix(prefix)
            if response is None or not response.streaming:
                database.set_tenant(before)

    def _serve(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(CALLBACKS):
            return self._on_platform(request)
        claims: Claims | None = None
        try:
            claims = heard(request)
            tenant = claims.settled()
            if tenant is None:
                _refuse_nobody(request)
            else:
                refuse_unready(tenant)
        except tuple(_STATUS) as error:
            _note(error, request, claims)
            return _answer(request, error)
        if tenant is None:
            return self._on_platform(request)
        return self._inside(request, tenant, by_path=claims.path is not None)

    def _on_platform(self, request: HttpRequest) -> HttpResponse:
        request.tenant = None  # type: ignore[attr-defined]
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        set_urlconf(settings.PUBLIC_SCHEMA_URLCONF)
        structlog.contextvars.bind_contextvars(tenant="platform")
        return self.get_response(request)

    def _inside(self, request: HttpRequest, tenant: Tenant, *, by_path: bool) -> HttpResponse:
        request.tenant = tenant  # type: ignore[attr-defined]
        database.set_tenant(tenant)
        structlog.contextvars.bind_contextvars(tenant=tenant.slug)
        if not by_path:
            return self.get_response(request)
        prefix = f"{PATH_PREFIX}{tenant.slug}/"
        request.path_info = request.META["PATH_INFO"] = f"/{request.path_info[len(prefix) :]}"
        request.META["SCRIPT_NAME"] = prefix.rstrip("/")
        set_script_prefix(prefix)
        return _with_cookies_below(self.get_response(request), prefix)


def _refuse_nobody(request: HttpRequest) -> None:
    """The API is always somebody's."""
    if _API.match(request.path_info) and not _OPEN_API.match(request.path_info):
        raise CredentialMissing


def _note(error: DomainError, request: HttpRequest, claims: Claims | None) -> None:
    voices = claims.voices() if claims else {}
    facts = {"code": error.code, "path": request.path[:200], **voices}
    if isinstance(error, TenantConflict | CredentialUnknown):
        security.warning("tenant.refused", **facts)
    else:
        security.info("tenant.refused", **facts)


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A problem for programs, a page for people; neither touches any tenant's schema."""
    status = _STATUS[type(error)]
    path = re.sub(rf"^{PATH_PREFIX}[^/]+", "", request.path_info)
    if _API.match(path) or "application/json" in request.headers.get("Accept", ""):
        response = problem_response(error, status)
    else:
        response = render(None, "tenancy/refused.html", {"error": error}, status=status)
    if isinstance(error, CredentialMissing | CredentialUnknown):
        response["WWW-Authenticate"] = 'Bearer realm="api"'
    if isinstance(error, TenantNotReady):
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _with_cookies_below(response: HttpResponse, prefix: str) -> HttpResponse:
    """Several tenants on one host name keep their sessions apart by path.

    Cookies named ``__Host-`` cannot be kept to a path; there the session's own mark keeps tenants
    apart, and people of two tenants sign in anew.
    """
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        if name in response.cookies and not name.startswith("__Host-"):
            response.cookies[name]["path"] = prefix
    return response
