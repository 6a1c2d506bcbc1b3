"""Where somebody is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.identity.models import PersonSession
from apps.identity.services.sessions import IDLE, WHOLE
from apps.platform import clock


@dataclass(frozen=True, slots=True)
class SessionReading:
    """An open session as its person may see it; times are instants."""

    id: UUID
    address: str
    browser: str
    began_at: datetime
    seen_at: datetime


def open_sessions(user_id: UUID) -> list[SessionReading]:
    """The sessions of a user that go on, the one seen last first."""
    now = clock.now()
    rows = PersonSession.objects.filter(
        user_id=user_id, ended_at=None, began_at__gt=now - WHOLE, seen_at__gt=now - IDLE
    )
    return [
        SessionReading(row.id, row.address or "", row.browser, row.began_at, row.seen_at)
        for row in rows
    ]
