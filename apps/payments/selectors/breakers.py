"""Reading circuit breakers. Their counts are in Redis, shared by all workers.

Nothing about money hangs on them: emptied, they are closed and begin to count again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.payments.domain.breaking import (
    SLICE_SECONDS,
    WINDOW_SECONDS,
    BreakerReading,
    BreakerState,
)
from apps.payments.domain.states import Operation
from apps.platform import clock
from apps.platform.tenant import current_tenant_id

_TIMEOUT_SECONDS = 1.0


@cache
def breaker_store() -> Redis:
    """Where breakers are kept. Connects when it is first used."""
    return Redis.from_url(
        settings.ENV.redis_url,
        decode_responses=True,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),  # the client would wait seconds, with a request in hand
    )


def breaker_key(account: UUID, operation: Operation) -> str:
    """Where the breaker of an account and operation is kept."""
    return f"payments:breaker:{current_tenant_id()}:{account}:{operation}"


def breaker_reading(account: UUID, operation: Operation) -> BreakerReading:
    """What the breaker says. ``redis.RedisError`` when Redis is away."""
    kept: Mapping[str, str] = breaker_store().hgetall(breaker_key(account, operation))  # type: ignore[assignment]  # not the asynchronous client
    now = clock.now().timestamp()
    first = int(now - WINDOW_SECONDS) // SLICE_SECONDS
    counted = {"c": 0, "t": 0}
    for name, value in kept.items():
        what, _, slice_ = name.partition(":")
        if what in counted and int(slice_) > first:
            counted[what] += int(value)
    until = float(kept.get("until", 0))
    if not until:
        return BreakerReading(BreakerState.CLOSED, counted["c"], counted["t"])
    state = BreakerState.OPEN if until > now else BreakerState.TRYING
    at = datetime.fromtimestamp(until, UTC)
    return BreakerReading(state, counted["c"], counted["t"], at)
