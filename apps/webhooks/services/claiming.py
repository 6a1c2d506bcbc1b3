"""Handing out requests: who may be called now, how often, and by whom.

The endpoint's row lock is the turnstile. Whoever holds it counts what is under way and what the
pace allows, and commits deliveries as ``sending`` before a byte leaves. A worker that dies leaves
them so; when their lease is over the next one takes them, with the same message id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from apps.platform import clock
from apps.platform.errors import SealBroken
from apps.platform.ids import public_id
from apps.webhooks.domain import OPEN_DELIVERIES, DeliveryState, EndpointState, Outcome
from apps.webhooks.domain.schedule import REST_MAX, STREAK_TO_REST
from apps.webhooks.models import Attempt, Delivery, Endpoint
from apps.webhooks.services.calling import ANSWER_SECONDS, CONNECT_SECONDS, Parcel
from apps.webhooks.services.secrets import signing_secrets

#: Requests to one endpoint at once; while it fails, one.
IN_FLIGHT_MAX = 4
#: A worker that has not recorded an outcome by then is taken for dead.
LEASE = timedelta(seconds=3 * (CONNECT_SECONDS + ANSWER_SECONDS))
#: How much of a minute's pace an idle endpoint may be sent at once.
BURST = timedelta(seconds=5)
logger = structlog.get_logger("house.webhooks")


def has_due_deliveries() -> bool:
    """Whether an endpoint of the present tenant is to be called now."""
    return _callable(clock.now()).exists()


def claim(most: int) -> list[Parcel]:
    """Take deliveries to be sent at once, at most ``most``, from as many endpoints as are due.

    An endpoint whose secret cannot be opened waits until somebody has given us the key back.
    """
    parcels: list[Parcel] = []
    due = _callable(clock.now()).order_by(F("next_slot_at").asc(nulls_first=True))
    for endpoint_id in due.values_list("id", flat=True):
        if len(parcels) >= most:
            break
        try:
            parcels += _claim_of(endpoint_id, most - len(parcels))
        except SealBroken:
            logger.exception("webhook.secret_unreadable", endpoint=public_id("whe", endpoint_id))
            rested = Endpoint.objects.filter(id=endpoint_id)
            rested.update(resting_until=clock.now() + REST_MAX)
    return parcels


def _callable(now: datetime) -> QuerySet[Endpoint]:
    """Endpoints that may be called and have something due."""
    due = Delivery.objects.filter(
        endpoint=OuterRef("id"), state__in=OPEN_DELIVERIES, next_try_at__lte=now
    )
    is_rested = Q(resting_until=None) | Q(resting_until__lte=now)
    return Endpoint.objects.filter(is_rested, Exists(due), state=EndpointState.ACTIVE)


def _claim_of(endpoint_id: UUID, most: int) -> list[Parcel]:
    with transaction.atomic(durable=True):
        now = clock.now()
        endpoint = (
            Endpoint.objects.select_for_update(skip_locked=True)
            .filter(id=endpoint_id, state=EndpointState.ACTIVE)
            .first()
        )
        if endpoint is None:
            return []
        slots = min(most, _free(endpoint, now), _paced(endpoint, now))
        taken = _take(endpoint, now, slots) if slots > 0 else []
        if not taken:
            return []
        keys = signing_secrets(endpoint, now)
        attempts = [_attempt(delivery, now) for delivery in taken]
        Attempt.objects.bulk_create(attempts)
        _use_slots(endpoint, now, len(taken))
    return [
        Parcel(
            endpoint_id=endpoint.id,
            delivery_id=attempt.delivery_id,
            attempt_id=attempt.id,
            number=attempt.number,
            url=endpoint.url,
            message_id=public_id("msg", attempt.delivery.message_id),
            timestamp=int(now.timestamp()),
            body=attempt.delivery.message.body.encode(),
            secrets=keys,
        )
        for attempt in attempts
    ]


def _free(endpoint: Endpoint, now: datetime) -> int:
    """How many more requests may be under way."""
    most = 1 if endpoint.streak >= STREAK_TO_REST else IN_FLIGHT_MAX
    under_way = Delivery.objects.filter(
        endpoint=endpoint, state=DeliveryState.SENDING, next_try_at__gt=now
    )
    return most - under_way.count()


def _interval(endpoint: Endpoint) -> timedelta:
    return timedelta(minutes=1) / endpoint.rate_per_minute


def _paced(endpoint: Endpoint, now: datetime) -> int:
    """How many requests the pace allows now."""
    return (now - _slot(endpoint, now)) // _interval(endpoint) + 1


def _slot(endpoint: Endpoint, now: datetime) -> datetime:
    """When the next request was due at an even pace; idle time counts for no more than a burst."""
    return max(endpoint.next_slot_at or now - BURST, now - BURST)


def _use_slots(endpoint: Endpoint, now: datetime, used: int) -> None:
    endpoint.next_slot_at = _slot(endpoint, now) + used * _interval(endpoint)
    endpoint.save(update_fields=["next_slot_at"])


def _take(endpoint: Endpoint, now: datetime, most: int) -> list[Delivery]:
    due = (
        Delivery.objects.filter(endpoint=endpoint, state__in=OPEN_DELIVERIES, next_try_at__lte=now)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("message")
        .order_by("next_try_at", "id")
    )
    taken = list(due[:most])
    left_behind = [one.id for one in taken if one.state == DeliveryState.SENDING]
    if left_behind:
        Attempt.objects.filter(delivery_id__in=left_behind, outcome=Outcome.SENDING).update(
            outcome=Outcome.INTERRUPTED, problem="the worker died"
        )
    for delivery in taken:
        delivery.state, delivery.next_try_at = DeliveryState.SENDING, now + LEASE
        delivery.tries += 1
        delivery.attempts += 1
    Delivery.objects.bulk_update(taken, ["state", "next_try_at", "tries", "attempts"])
    return taken


def _attempt(delivery: Delivery, now: datetime) -> Attempt:
    return Attempt(delivery=delivery, number=delivery.attempts, started_at=now)
