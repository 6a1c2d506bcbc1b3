"""A worker's round: claim, send side by side, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from prometheus_client import Counter

from apps.platform import clock
from apps.platform.actors import SYSTEM
from apps.platform.ids import public_id
from apps.webhooks.domain import DeliveryState, EndpointState, Outcome
from apps.webhooks.domain.schedule import (
    FAILING_MAX,
    THROTTLING,
    rest_after,
    retry_after,
    wait_after,
)
from apps.webhooks.models import Attempt, Delivery, Endpoint
from apps.webhooks.services.calling import Parcel, Result, call
from apps.webhooks.services.claiming import claim
from apps.webhooks.services.endpoints import disable_endpoint

ATTEMPTS = Counter(
    "house_webhook_attempts", "Requests to webhook endpoints, by outcome.", ["outcome"]
)
#: Requests of one round at once, to any number of endpoints.
THREADS = 16
#: After this a round claims no more; the next sweep goes on.
ROUND_SECONDS = 5
#: How soon what has become due meanwhile is looked for while requests are under way.
LOOK_SECONDS = 0.2
logger = structlog.get_logger("house.webhooks")


def deliver_due(*, send: Callable[[Parcel], Result] = call) -> int:
    """Send the present tenant's due deliveries; returns how many requests were made.

    Requests go out side by side, a few to each endpoint: one that answers slowly holds up nobody
    else. Safe in many workers and to kill at any point: a claimed delivery whose outcome was not
    recorded is sent again, with the same id. The threads only speak HTTP; the database is ours.
    """
    stop_at = time.monotonic() + ROUND_SECONDS
    under_way: dict[Future[Result], Parcel] = {}
    made = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhooks") as pool:
        while True:
            free = THREADS - len(under_way)
            fresh = claim(free) if free and time.monotonic() < stop_at else []
            under_way |= {pool.submit(send, parcel): parcel for parcel in fresh}
            made += len(fresh)
            if not under_way:
                return made
            ended, _ = wait(under_way, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in ended:
                keep(under_way.pop(future), future.result())


def keep(parcel: Parcel, result: Result) -> None:
    """Record how a request ended, and what follows for its delivery and its endpoint."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().get(id=parcel.endpoint_id)
        delivery = Delivery.objects.select_for_update().get(id=parcel.delivery_id)
        Attempt.objects.filter(id=parcel.attempt_id).update(
            outcome=result.outcome,
            status=result.status,
            problem=result.problem[:100],
            elapsed_ms=result.elapsed_ms,
            response_headers=result.headers,
            response_head=result.head,
        )
        if delivery.attempts == parcel.number and delivery.state == DeliveryState.SENDING:
            _settle(delivery, result)
            _judge(endpoint, result)
    ATTEMPTS.labels(outcome=result.outcome).inc()
    logger.info(
        "webhook.attempted",
        delivery=public_id("whd", parcel.delivery_id),
        endpoint=public_id("whe", parcel.endpoint_id),
        outcome=result.outcome.value,
        status=result.status,
    )


def _settle(delivery: Delivery, result: Result) -> None:
    """The delivery is done, waits for its next try, or has had its last."""
    now = clock.now()
    delivery.last_status, delivery.last_problem = result.status, result.problem[:100]
    pause = wait_after(delivery.tries) if result.outcome != Outcome.GONE else None
    if result.outcome == Outcome.ACCEPTED:
        _finish(delivery, DeliveryState.DELIVERED, now)
    elif pause is None:
        _finish(delivery, DeliveryState.GIVEN_UP, now)
    else:
        delivery.state = DeliveryState.PENDING
        delivery.next_try_at = now + max(pause, _asked_for(result, now))
    delivery.save(
        update_fields=["state", "next_try_at", "finished_at", "last_status", "last_problem"]
    )


def _finish(delivery: Delivery, state: DeliveryState, now: datetime) -> None:
    delivery.state, delivery.next_try_at, delivery.finished_at = state, None, now


def _judge(endpoint: Endpoint, result: Result) -> None:
    """A success clears the endpoint's name; failures have it rest, and in the end disabled."""
    now = clock.now()
    if result.outcome == Outcome.ACCEPTED:
        if endpoint.streak:
            endpoint.streak, endpoint.failing_since, endpoint.resting_until = 0, None, None
            endpoint.save(update_fields=["streak", "failing_since", "resting_until"])
        return
    endpoint.streak += 1
    endpoint.failing_since = endpoint.failing_since or now
    rest = max(rest_after(endpoint.streak), _asked_for(result, now))
    endpoint.resting_until = now + rest if rest else None
    endpoint.save(update_fields=["streak", "failing_since", "resting_until"])
    if endpoint.state != EndpointState.ACTIVE:
        return
    if result.outcome == Outcome.GONE:
        disable_endpoint(endpoint=endpoint, reason="It answered 410: it is gone.", actor=SYSTEM)
    elif now - endpoint.failing_since >= FAILING_MAX:
        disable_endpoint(
            endpoint=endpoint, reason="Every try has failed for five days.", actor=SYSTEM
        )


def _asked_for(result: Result, now: datetime) -> timedelta:
    """What a receiver that asks us to slow down wants us to wait."""
    if result.status not in THROTTLING:
        return timedelta(0)
    return retry_after(result.headers.get("retry-after", ""), now)
