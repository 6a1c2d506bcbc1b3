"""A bell for the relay: who has committed an event rings it, and nobody relies on it.

It hangs on Redis, not on PostgreSQL: a NOTIFY in the transaction that posts holds a lock of the
whole server over its commit and halves what can be posted. It is rung after the commit, by a thread
beside, as often as it can be heard and not more: a busy process rings some hundred times a second
however much it commits. A ring that is lost costs the relay's usual pause, no event.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event as Signal

import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from apps.platform.messaging import topology
from apps.platform.tenant import current_tenant

logger = structlog.get_logger("house.bell")

#: Between two rings of one process. What is committed meanwhile is told together.
PAUSE_SECONDS = 0.003
TROUBLE_SECONDS = 5.0
_TIMEOUT_SECONDS = 1.0


def wake_relay() -> None:
    """Once the present transaction is committed, tell relays whose outbox to look into."""
    transaction.on_commit(partial(_ring, current_tenant().slug))


def _ring(slug: str) -> None:
    _ringer.ring(slug)


class _Ringer:
    """Rings for this process, from a thread that is started when it is first needed."""

    def __init__(self) -> None:
        self._slugs: set[str] = set()
        self._is_due = Signal()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self, slug: str) -> None:
        """Return at once."""
        self._slugs.add(slug)
        self._is_due.set()
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        redis = _redis()
        while True:
            self._is_due.wait()
            self._is_due.clear()
            slugs, self._slugs = self._slugs, set()
            try:
                redis.publish(_channel(), " ".join(slugs))
            except RedisError as error:
                logger.warning("bell.silent", error=repr(error))
                time.sleep(TROUBLE_SECONDS)
            time.sleep(PAUSE_SECONDS)


_ringer = _Ringer()


def _start_anew() -> None:
    """A child process has none of its parent's threads."""
    global _ringer  # noqa: PLW0603  one for each process
    _ringer = _Ringer()


os.register_at_fork(after_in_child=_start_anew)


class Bell:
    """Hears the rings of all processes. Without Redis it is a pause."""

    def __init__(self) -> None:
        self._redis = _redis()
        self._rings: PubSub | None = None
        self._retry_at = 0.0

    def wait(self, seconds: float, stop: Signal) -> set[str]:
        """Whose outboxes have something new; nobody's once ``seconds`` have passed in silence."""
        rings = self._listen()
        if rings is None:
            stop.wait(seconds)
            return set()
        heard: set[str] = set()
        try:
            told = rings.get_message(ignore_subscribe_messages=True, timeout=seconds)
            while told is not None:
                heard.update(told["data"].decode().split())
                told = rings.get_message(ignore_subscribe_messages=True, timeout=0)
        except (RedisError, OSError) as error:
            self._lose(error)
        return heard

    def close(self) -> None:
        """Listen no more."""
        with suppress(RedisError, OSError):
            if self._rings is not None:
                self._rings.close()
            self._redis.close()

    def _listen(self) -> PubSub | None:
        if self._rings is None and time.monotonic() >= self._retry_at:
            rings = self._redis.pubsub()  # type: ignore[no-untyped-call]  # the library's
            try:
                rings.subscribe(_channel())
            except (RedisError, OSError) as error:
                self._lose(error)
            else:
                self._rings = rings
        return self._rings

    def _lose(self, error: Exception) -> None:
        logger.warning("bell.unheard", error=repr(error))
        self._rings = None
        self._retry_at = time.monotonic() + TROUBLE_SECONDS


@contextmanager
def listening() -> Iterator[Bell]:
    """A bell, closed afterwards."""
    bell = Bell()
    try:
        yield bell
    finally:
        bell.close()


def _redis() -> Redis:
    return Redis.from_url(
        settings.ENV.redis_url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
    )


def _channel() -> str:
    """Redis has channels for all its databases together; the prefix keeps houses apart."""
    return topology.prefixed("outbox")
