"""What webhooks tells the rest of the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDisabled:
    """An endpoint failed for too long, or said that it is gone: it is no longer called."""

    name: ClassVar[str] = "webhooks.endpoint_disabled"
    version: ClassVar[int] = 1

    endpoint_id: str
    url: str
    reason: str
