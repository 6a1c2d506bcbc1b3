"""Counting failures at a door, in Redis, so that guessing soon has to wait.

When Redis cannot be asked, the door stays shut: proving who one is must not become easier by
breaking the counter.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.core.cache import cache
from redis.exceptions import RedisError

from apps.identity.errors import TooManyAttempts


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """At most ``limit`` failures of one caller within ``window_seconds``."""

    name: str
    limit: int
    window_seconds: int

    def check(self, *who: str) -> None:
        """Raise ``TooManyAttempts`` when the caller has used up its failures."""
        try:
            failures = cache.get(self._key(who), 0)
        except RedisError as error:
            raise TooManyAttempts(retry_after_seconds=self.window_seconds) from error
        if failures >= self.limit:
            raise TooManyAttempts(retry_after_seconds=self.window_seconds)

    def failed(self, *who: str) -> None:
        """Count one more; the window begins with the first."""
        try:
            cache.add(self._key(who), 0, self.window_seconds)
            cache.incr(self._key(who))
        except (RedisError, ValueError):  # ValueError: the window ended in between
            return

    def _key(self, who: tuple[str, ...]) -> str:
        return f"failures:{self.name}:{sha256(chr(0).join(who).encode()).hexdigest()}"
