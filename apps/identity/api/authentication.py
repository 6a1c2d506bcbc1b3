"""Service credentials."""

from __future__ import annotations

import structlog
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.identity.errors import CredentialRefused
from apps.identity.networks import client_address
from apps.identity.services import ServicePrincipal, principal_of
from apps.platform.tenant import current_tenant

security = structlog.get_logger("house.security")
SCHEME = "Bearer"


class ServiceAuthentication(BaseAuthentication):
    """API keys and access tokens of service clients, sent as ``Authorization: Bearer …``.

    The resolver has already moved to the tenant the credential names; here it is proved.
    """

    def authenticate(self, request: Request) -> tuple[ServicePrincipal, ServicePrincipal] | None:
        """Whoever holds the credential; a credential that proves nothing is refused with 401."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower() or current_tenant().is_platform:
            return None
        address = client_address(request)
        try:
            principal = principal_of(text=text.strip(), address=address)
        except CredentialRefused as error:
            security.warning("credential.refused", address=address)
            raise AuthenticationFailed(error.title, code=error.code) from error
        structlog.contextvars.bind_contextvars(client=principal.actor.name)
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return f'{SCHEME} realm="api"'
