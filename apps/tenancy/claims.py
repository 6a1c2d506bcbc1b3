"""What a request says about whose it is: credential, path, header and host, each by itself."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from apps.tenancy.domain import parse_credential
from apps.tenancy.errors import CredentialUnknown, TenantConflict, TenantNotFound
from apps.tenancy.models import Tenant
from apps.tenancy.selectors import tenant_by_host, tenant_by_id, tenant_by_slug

PATH_PREFIX = "/t/"
TOKEN_ENDPOINT = "/v1/oauth/token"  # noqa: S105  an address
HEADER = "X-Tenant"


@dataclass(frozen=True, slots=True)
class Claims:
    """Each voice as it was heard. ``host`` is None at the platform's own hosts."""

    credential: Tenant | None
    path: Tenant | None
    header: str
    host: Tenant | None

    def settled(self) -> Tenant | None:
        """The one tenant all voices agree on; None is the platform. ``TenantConflict`` if not one.

        A credential decides and the others may only confirm it. Without one, path and host name
        the tenant, and the session must confirm it later. The header never decides: it is text that
        anybody can send.
        """
        named = [tenant for tenant in (self.credential, self.path, self.host) if tenant]
        if len({tenant.id for tenant in named}) > 1:
            raise TenantConflict
        tenant = named[0] if named else None
        if self.header and self.header != (tenant.slug if tenant else ""):
            raise TenantConflict
        return tenant

    def voices(self) -> dict[str, str]:
        """For the security log."""
        return {
            "credential": self.credential.slug if self.credential else "",
            "path": self.path.slug if self.path else "",
            "header": self.header[:40],
            "host": self.host.slug if self.host else "",
        }


def heard(request: HttpRequest) -> Claims:
    """Read every voice. What names nobody here is refused at once."""
    return Claims(
        credential=_by_credential(request),
        path=_by_path(request.path_info),
        header=request.headers.get(HEADER, ""),
        host=_by_host(request),
    )


def platform_hosts() -> frozenset[str]:
    """Host names that are nobody's: the platform's console, and the API by credential."""
    base = settings.ENV.base_domain
    public = urlsplit(settings.ENV.public_url).hostname or base
    return frozenset({base, f"platform.{base}", public, "127.0.0.1"})


def _by_host(request: HttpRequest) -> Tenant | None:
    host = (urlsplit(f"//{request.get_host()}").hostname or "").lower()
    tenant = tenant_by_host(host)
    if tenant is None and host not in platform_hosts():
        raise TenantNotFound
    return tenant


def _by_path(path: str) -> Tenant | None:
    if not path.startswith(PATH_PREFIX):
        return None
    tenant = tenant_by_slug(path.removeprefix(PATH_PREFIX).partition("/")[0])
    if tenant is None:
        raise TenantNotFound
    return tenant


def _by_credential(request: HttpRequest) -> Tenant | None:
    named = _credential_tenant_id(request)
    if named is None:
        return None
    tenant = tenant_by_id(named)
    if tenant is None:
        raise CredentialUnknown
    return tenant


def _credential_tenant_id(request: HttpRequest) -> UUID | None:
    """The tenant that the text of a key, token or client id names; the secret is checked later."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    texts = []
    if scheme.lower() == "bearer":
        texts.append(rest.strip())
    if scheme.lower() == "basic":
        texts.append(basic_credentials(rest)[0])
    if request.path_info.endswith(TOKEN_ENDPOINT) and request.method == "POST":
        texts.append(request.POST.get("client_id", ""))
    found = {credential.tenant_id for text in texts if (credential := parse_credential(text))}
    if len(found) > 1:
        raise TenantConflict
    return found.pop() if found else None


def basic_credentials(text: str) -> tuple[str, str]:
    """User and password of ``Authorization: Basic``, each form-encoded (RFC 6749, 2.3.1)."""
    try:
        user, _, password = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(user), unquote(password)
