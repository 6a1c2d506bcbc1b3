"""Entry points of the workers for identity."""

from __future__ import annotations

from apps.identity.services import forget_expired_tokens, forget_old_sign_ins
from apps.platform.actors import SYSTEM
from apps.tenancy.workers import every_tenant, until_done


@every_tenant("identity.forget_expired_tokens")
def forget_tokens() -> int:
    """Delete each tenant's access tokens that have ended."""
    return forget_expired_tokens(actor=SYSTEM)


@every_tenant("identity.forget_old_sign_ins", and_platform=True)
def forget_sign_ins() -> int:
    """Delete sessions that ended, and notes of sign-ins after their time."""
    return until_done(lambda: forget_old_sign_ins(actor=SYSTEM))
