"""Delivering again: one, or all that a filter names, as a job."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import first_id_at, public_id
from apps.platform.jobs import JobProgress, start_job
from apps.platform.messaging import InboundEvent
from apps.platform.models import OutboxMessage
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake
from apps.webhooks.domain import (
    DeliveryFilter,
    DeliveryState,
    EndpointState,
)
from apps.webhooks.errors import EndpointNotActive, StillUnderWay, UnknownDelivery
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.selectors.deliveries import deliveries_of
from apps.webhooks.services.endpoints import DELIVER_TASK
from apps.webhooks.services.locking import locked_endpoint
from apps.webhooks.services.queueing import queue_for

REPLAY = "webhooks.replay"
BATCH = 200
_REPLAYABLE = (DeliveryState.DELIVERED, DeliveryState.GIVEN_UP)
_LISTENING = (EndpointState.ACTIVE, EndpointState.PAUSED)


@use_case("webhooks.replay_delivery")
def replay_delivery(*, delivery_id: UUID, actor: Actor) -> None:
    """Send a message again, with the same id; one that waits for its next try is sent now.

    The schedule of tries begins anew. ``StillUnderWay`` while a request is out,
    ``EndpointNotActive`` when the endpoint is disabled or removed.
    """
    endpoint_id = Delivery.objects.filter(id=delivery_id).values_list("endpoint_id", flat=True)
    endpoint = Endpoint.objects.select_for_update().filter(id__in=endpoint_id).first()
    delivery = Delivery.objects.select_for_update().filter(id=delivery_id).first()
    if endpoint is None or delivery is None:
        raise UnknownDelivery
    if endpoint.state not in _LISTENING:
        raise EndpointNotActive(state=endpoint.state)
    if delivery.state == DeliveryState.SENDING:
        raise StillUnderWay(state=delivery.state)
    Delivery.objects.filter(id=delivery.id).update(**_anew(clock.now()))
    wake(DELIVER_TASK)
    audit.note(public_id("whd", delivery.id), was=delivery.state)


@use_case("webhooks.start_replay")
def start_replay(*, where: DeliveryFilter, actor: Actor, are_missed_included: bool = False) -> UUID:
    """Start a job that sends again what the filter names; returns the job's id.

    Without a state: what was delivered and what was given up. With ``are_missed_included`` also
    the events in that time which the endpoint would have been told and was not, because it was
    disabled, say, or did not exist yet; that needs ``endpoint_id``. Each message keeps its id.
    """
    if where.endpoint_id is not None:
        endpoint = locked_endpoint(where.endpoint_id)
        if endpoint.state not in _LISTENING:
            raise EndpointNotActive(state=endpoint.state)
    facts = {name: _text(value) for name, value in asdict(where).items() if value}
    now = clock.now()
    job_id = start_job(
        kind=REPLAY,
        title="Deliver webhooks again",
        actor=actor,
        total=_chosen(where, now).count(),
        arguments={
            "where": facts,
            "asked_at": now.isoformat(),
            "missed": are_missed_included and where.endpoint_id is not None,
        },
    )
    wake("platform.run_jobs")
    audit.note(public_id("job", job_id), **facts)
    return job_id


def replay_all(progress: JobProgress) -> None:
    """The job: deliveries in the order of their ids, then events that were missed.

    A step and its ``advance`` commit together, so a worker that dies repeats nothing.
    """
    where, asked_at = _read(progress.arguments)
    while progress.checkpoint.get("phase", "known") == "known":
        with transaction.atomic():
            _step_known(progress, _chosen(where, asked_at))
    while progress.arguments["missed"] and progress.checkpoint.get("phase") == "missed":
        with transaction.atomic():
            _step_missed(progress, where, asked_at)


def _step_known(progress: JobProgress, chosen: Any) -> None:
    after = progress.checkpoint.get("after")
    rows = chosen.filter(id__gt=UUID(after)) if after else chosen
    batch = list(rows.order_by("id").values_list("id", flat=True)[:BATCH])
    done = progress.done + len(batch)
    if not batch:
        progress.advance(done, checkpoint={"phase": "missed"})
        return
    again = Delivery.objects.filter(id__in=batch, state__in=_REPLAYABLE)
    again.update(**_anew(clock.now()))
    wake(DELIVER_TASK)
    progress.advance(done, f"{done} queued", {"phase": "known", "after": str(batch[-1])})


def _step_missed(progress: JobProgress, where: DeliveryFilter, asked_at: datetime) -> None:
    rows = OutboxMessage.objects.filter(recorded_at__lt=min(where.until or asked_at, asked_at))
    if where.since:
        rows = rows.filter(id__gte=first_id_at(where.since), recorded_at__gte=where.since)
    if after := progress.checkpoint.get("after"):
        rows = rows.filter(id__gt=UUID(after))
    batch = list(rows.order_by("id")[:BATCH])
    endpoints = Endpoint.objects.filter(id__in=[where.endpoint_id], state__in=_LISTENING)
    queued = sum(queue_for(_heard(row), endpoints.all()) for row in batch)
    done = progress.done + queued
    following = {"phase": "missed", "after": str(batch[-1].id)} if batch else {"phase": "over"}
    progress.advance(done, f"{done} queued", following)


def _heard(row: OutboxMessage) -> InboundEvent:
    """The outbox's row as the stream would have told it."""
    return InboundEvent(
        id=str(row.id), type=f"{row.name}.v{row.version}", subject=row.aggregate,
        time=row.recorded_at, data=row.payload, traceparent=row.traceparent,
        correlation=row.correlation, sequence=row.sequence,
    )  # fmt: skip


def _chosen(where: DeliveryFilter, asked_at: datetime) -> Any:
    """What was asked for, as of the moment it was asked for."""
    rows = deliveries_of(where).filter(
        created_at__lte=asked_at, endpoint__state__in=_LISTENING, state__in=_REPLAYABLE
    )
    return rows.filter(finished_at__lte=asked_at)


def _anew(now: datetime) -> dict[str, Any]:
    return {
        "state": DeliveryState.PENDING,
        "tries": 0,
        "next_try_at": now,
        "finished_at": None,
    }


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read(arguments: Any) -> tuple[DeliveryFilter, datetime]:
    given = arguments["where"]
    where = DeliveryFilter(
        endpoint_id=UUID(given["endpoint_id"]) if "endpoint_id" in given else None,
        state=DeliveryState(given["state"]) if "state" in given else None,
        event_type=given.get("event_type", ""),
        since=datetime.fromisoformat(given["since"]) if "since" in given else None,
        until=datetime.fromisoformat(given["until"]) if "until" in given else None,
    )
    return where, datetime.fromisoformat(arguments["asked_at"])
