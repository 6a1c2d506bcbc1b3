"""Step-up: a code typed a moment ago, remembered in the session it was typed in."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY

from apps.identity.errors import StepUpRequired
from apps.identity.models import User
from apps.identity.people import actor_of
from apps.identity.services import require_step_up, verify_code

SESSION_STEP_UP = "house_step_up"


def recent(request: HttpRequest) -> datetime | None:
    """When the signed-in person last gave a code, if that still counts; pass it to use cases."""
    found = request.session.get(SESSION_STEP_UP)
    if not isinstance(found, dict) or found.get("user") != str(request.user.pk):
        return None
    given_at = datetime.fromisoformat(found["at"])
    try:
        require_step_up(step_up_at=given_at)
    except StepUpRequired:
        return None
    return given_at


def verify(request: HttpRequest, code: str) -> datetime:
    """Check the code and remember it, or let ``WrongCode`` or ``TooManyAttempts`` through."""
    user = request.user
    if not isinstance(user, User):
        raise StepUpRequired
    receipt = verify_code(user_id=user.id, code=code, actor=actor_of(user))
    remember(request, receipt.device_id, receipt.verified_at)
    return receipt.verified_at


def remember(request: HttpRequest, device_id: str, verified_at: datetime) -> None:
    """Mark the session as held by somebody who just proved their second factor."""
    request.session.cycle_key()
    request.session[DEVICE_ID_SESSION_KEY] = device_id
    request.session[SESSION_STEP_UP] = {
        "user": str(request.user.pk),
        "at": verified_at.isoformat(),
    }
