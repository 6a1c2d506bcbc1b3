"""The life of a tenant."""

from enum import StrEnum


class TenantState(StrEnum):
    """Only a ready tenant is served; the others are refused before anything of theirs is read."""

    PROVISIONING = "provisioning"
    READY = "ready"
    SUSPENDED = "suspended"
    CLOSED = "closed"


#: Which state may follow which. Nothing follows closed: its books are kept, and kept shut.
FOLLOWING: dict[TenantState, frozenset[TenantState]] = {
    TenantState.PROVISIONING: frozenset({TenantState.READY, TenantState.CLOSED}),
    TenantState.READY: frozenset({TenantState.SUSPENDED, TenantState.CLOSED}),
    TenantState.SUSPENDED: frozenset({TenantState.READY, TenantState.CLOSED}),
    TenantState.CLOSED: frozenset(),
}


class TenantMode(StrEnum):
    """A test tenant never reaches a live provider."""

    TEST = "test"
    LIVE = "live"
