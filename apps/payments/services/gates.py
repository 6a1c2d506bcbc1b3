"""What a request has to pass before it leaves: the provider's pace, then its circuit breaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from apps.payments.domain.states import Operation
from apps.payments.models import Attempt, ProviderAccount
from apps.payments.services.breakers import held_until
from apps.platform import clock
from apps.platform.tenant import current_tenant_id

logger = structlog.get_logger("house.payments")
_LEAST_PAUSE = timedelta(milliseconds=200)
_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a request does not leave now, and when to look again."""

    until: datetime
    why: str


def hold_of(attempt: Attempt) -> Hold | None:
    """What holds the attempt back; nothing when it may leave, which is then counted.

    The pace comes first: a request that is only too early must not use up the breaker's trial.
    """
    account = attempt.provider_account
    until = _paced_until(account)
    if until is not None:
        return Hold(until, f"{account.config['sends_per_second']} requests a second are allowed.")
    until = held_until(account.id, Operation(attempt.operation))
    if until is not None:
        return Hold(until, "The provider is in trouble; requests wait until it has recovered.")
    return None


def _paced_until(account: ProviderAccount) -> datetime | None:
    rate = account.config.get("sends_per_second")
    if not isinstance(rate, int):
        return None
    item, who = RateLimitItemPerSecond(rate), f"{current_tenant_id()}:{account.id}"
    try:
        if _limiter().hit(item, who):
            return None
        frees_at = _limiter().get_window_stats(item, who).reset_time
    except RedisError as error:
        logger.warning("payments.pace_unknown", error=repr(error))
        return None
    return max(datetime.fromtimestamp(frees_at, UTC), clock.now() + _LEAST_PAUSE)


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    """Connects when it is first used."""
    return SlidingWindowCounterRateLimiter(
        RedisStorage(
            settings.ENV.redis_url,
            key_prefix="payments:pace",
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to the client
        )
    )
