"""Entry points of the workers for identity."""

from __future__ import annotations

from apps.identity.services import forget_expired_tokens
from apps.platform.actors import SYSTEM
from apps.tenancy.workers import every_tenant


@every_tenant("identity.forget_expired_tokens")
def forget_tokens() -> int:
    """Delete each tenant's access tokens that have ended."""
    return forget_expired_tokens(actor=SYSTEM)
