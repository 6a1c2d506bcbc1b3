"""States and modes of a tenant, and how a credential names one."""

from apps.tenancy.domain.credentials import (
    Credential,
    CredentialKind,
    new_secret,
    parse_credential,
)
from apps.tenancy.domain.states import FOLLOWING, TenantMode, TenantState

__all__ = [
    "FOLLOWING",
    "Credential",
    "CredentialKind",
    "TenantMode",
    "TenantState",
    "new_secret",
    "parse_credential",
]
