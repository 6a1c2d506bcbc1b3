"""Suspending, resuming and closing a tenant, and how it looks."""

from __future__ import annotations

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case
from apps.tenancy.contexts import on_platform
from apps.tenancy.domain import FOLLOWING, TenantState
from apps.tenancy.errors import BadTransition, TenantNotFound
from apps.tenancy.models import Tenant


@use_case("tenancy.suspend_tenant")
def suspend_tenant(*, slug: str, reason: str, actor: Actor) -> None:
    """Stop serving the tenant from the next request, task and event on; nothing of it is lost.

    Repeating changes nothing but the reason.
    """
    _change(slug, TenantState.SUSPENDED, reason)


@use_case("tenancy.resume_tenant")
def resume_tenant(*, slug: str, actor: Actor) -> None:
    """Serve a suspended tenant again. Repeating changes nothing."""
    _change(slug, TenantState.READY, "")


@use_case("tenancy.close_tenant")
def close_tenant(*, slug: str, reason: str, actor: Actor) -> None:
    """Stop serving the tenant for good. Its books stay where they are and are not deleted."""
    _change(slug, TenantState.CLOSED, reason)


@use_case("tenancy.brand_tenant")
def brand_tenant(*, slug: str, color: str, symbol: str, actor: Actor) -> None:
    """Set the colour (#rrggbb) and the symbol by which people know whose console they are in."""
    with on_platform():
        row = _locked(slug)
        Tenant.objects.filter(id=row.id).update(brand_color=color, brand_symbol=symbol)
    audit.note(slug, color=color, symbol=symbol)


def _change(slug: str, after: TenantState, reason: str) -> None:
    with on_platform():
        row = _locked(slug)
        before = TenantState(row.state)
        if before != after and after not in FOLLOWING[before]:
            raise BadTransition(before=before, after=after)
        if before == after:
            audit.nothing_happened()
        Tenant.objects.filter(id=row.id).update(
            state=after,
            suspended_reason=reason,
            state_changed_at=row.state_changed_at if before == after else clock.now(),
        )
    audit.note(slug, before=before, after=after, reason=reason)


def _locked(slug: str) -> Tenant:
    row = Tenant.objects.select_for_update().filter(slug=slug).first()
    if row is None:
        raise TenantNotFound
    return row
