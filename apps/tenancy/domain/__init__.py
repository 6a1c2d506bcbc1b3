"""States and modes of a tenant, and how a credential names one."""

from apps.tenancy.domain.credentials import (
    Credential,
    CredentialKind,
    new_secret,
    parse_credential,
)
from apps.tenancy.domain.states import TenantMode, TenantState

__all__ = [
    "Credential",
    "CredentialKind",
    "TenantMode",
    "TenantState",
    "new_secret",
    "parse_credential",
]
