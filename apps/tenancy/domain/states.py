"""The life of a tenant."""

from enum import StrEnum


class TenantState(StrEnum):
    """Only a ready tenant is served; the others are refused before anything of theirs is read."""

    PROVISIONING = "provisioning"
    READY = "ready"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class TenantMode(StrEnum):
    """A test tenant never reaches a live provider."""

    TEST = "test"
    LIVE = "live"
