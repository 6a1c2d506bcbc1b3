"""Permissions, roles, scopes and receipts of identity."""

from apps.identity.domain.permissions import NEEDS_SECOND_FACTOR, PERMISSIONS, ROLES, RoleDraft
from apps.identity.domain.receipts import (
    ClientReceipt,
    CodeReceipt,
    KeyReceipt,
    SecondFactorDraft,
    SecondFactorReceipt,
    TokenReceipt,
)
from apps.identity.domain.scopes import SCOPES

__all__ = [
    "NEEDS_SECOND_FACTOR",
    "PERMISSIONS",
    "ROLES",
    "SCOPES",
    "ClientReceipt",
    "CodeReceipt",
    "KeyReceipt",
    "RoleDraft",
    "SecondFactorDraft",
    "SecondFactorReceipt",
    "TokenReceipt",
]
