"""The circuit breaker: counting what calls came to, and holding requests back.

One breaker for each account and operation, shared by all workers through Redis; each step is one
script there, so it is one step for everybody. Redis being away holds nothing back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from apps.payments.connectors.base import Result
from apps.payments.domain import breaking
from apps.payments.domain.states import Operation, Outcome
from apps.payments.selectors.breakers import breaker_key, breaker_store
from apps.platform import clock

logger = structlog.get_logger("house.payments")

#: Answers with the instant to wait for; "0" lets the call through. A trial that never came back
#: (its worker died) is given up after a pause.
_ASK = """
local now = tonumber(ARGV[1])
local until_ = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if until_ == 0 then return '0' end
if until_ > now then return tostring(until_) end
local asked = tonumber(redis.call('HGET', KEYS[1], 'asked') or '0')
local trials = tonumber(redis.call('HGET', KEYS[1], 'trials') or '0')
if now - asked > tonumber(ARGV[3]) then trials = 0 end
if trials >= tonumber(ARGV[2]) then return tostring(now + 2) end
redis.call('HSET', KEYS[1], 'trials', trials + 1, 'asked', now)
return '0'
"""
#: Answers 'opened', 'closed' or ''.
_TELL = """
local now, is_trouble = tonumber(ARGV[1]), ARGV[2] == '1'
local window, slice = tonumber(ARGV[3]), tonumber(ARGV[4])
local until_ = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if until_ > now then return '' end  -- it left before the pause began
if until_ > 0 then
  if is_trouble then
    local pause = math.min(tonumber(redis.call('HGET', KEYS[1], 'pause')) * 2, tonumber(ARGV[9]))
    redis.call('HSET', KEYS[1], 'until', now + pause, 'pause', pause, 'trials', 0, 'well', 0)
  elseif redis.call('HINCRBY', KEYS[1], 'well', 1) >= tonumber(ARGV[7]) then
    redis.call('DEL', KEYS[1])
    return 'closed'
  end
  redis.call('EXPIRE', KEYS[1], 86400)
  return ''
end
local this = math.floor(now / slice)
redis.call('HINCRBY', KEYS[1], 'c:' .. this, 1)
if is_trouble then redis.call('HINCRBY', KEYS[1], 't:' .. this, 1) end
redis.call('EXPIRE', KEYS[1], 2 * window)
local calls, troubles, kept = 0, 0, redis.call('HGETALL', KEYS[1])
for i = 1, #kept, 2 do
  local at = tonumber(string.sub(kept[i], 3))
  if at and at > math.floor((now - window) / slice) then
    if string.sub(kept[i], 1, 2) == 'c:' then calls = calls + tonumber(kept[i + 1]) end
    if string.sub(kept[i], 1, 2) == 't:' then troubles = troubles + tonumber(kept[i + 1]) end
  elseif at then
    redis.call('HDEL', KEYS[1], kept[i])
  end
end
if calls >= tonumber(ARGV[5]) and troubles >= calls * tonumber(ARGV[6]) then
  redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[8]), 'pause', ARGV[8],
             'trials', 0, 'well', 0)
  redis.call('EXPIRE', KEYS[1], 86400)
  return 'opened'
end
return ''
"""
Change = Literal["opened", "closed", ""]


def held_until(account: UUID, operation: Operation) -> datetime | None:
    """Until when a request must wait; nothing if it may leave now, which is then counted."""
    try:
        until = float(
            breaker_store().eval(
                _ASK,
                1,
                breaker_key(account, operation),
                clock.now().timestamp(),
                breaking.TRIALS,
                breaking.PAUSE_SECONDS,
            )
        )
    except RedisError as error:
        logger.warning("payments.breaker_away", error=repr(error))
        return None
    return datetime.fromtimestamp(until, UTC) if until else None


def count_call(account: UUID, operation: Operation, result: Result) -> Change:
    """Count one call; answers what that changed."""
    try:
        change: Change = breaker_store().eval(
            _TELL,
            1,
            breaker_key(account, operation),
            clock.now().timestamp(),
            int(_is_trouble(result)),
            breaking.WINDOW_SECONDS,
            breaking.SLICE_SECONDS,
            breaking.CALLS_LEAST,
            breaking.TROUBLE_SHARE,
            breaking.TRIALS,
            breaking.PAUSE_SECONDS,
            breaking.PAUSE_SECONDS_MAX,
        )
    except RedisError as error:
        logger.warning("payments.breaker_away", error=repr(error))
        return ""
    return change


def _is_trouble(result: Result) -> bool:
    if result.error is None:
        return result.outcome == Outcome.UNKNOWN
    standard = result.error.standard
    return standard.startswith("provider.") and standard not in breaking.WELL


def forget_calls(account: UUID, operation: Operation) -> None:
    """Close the breaker and begin to count anew. ``RedisError`` when Redis is away."""
    breaker_store().delete(breaker_key(account, operation))
