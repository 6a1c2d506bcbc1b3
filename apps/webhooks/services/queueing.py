"""Who is told what: one delivery for each event and endpoint that wants it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id, public_id
from apps.platform.messaging import InboundEvent
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake
from apps.webhooks.domain import EndpointState, wants
from apps.webhooks.errors import EndpointNotActive
from apps.webhooks.models import Delivery, Endpoint, Message
from apps.webhooks.services.endpoints import DELIVER_TASK
from apps.webhooks.services.locking import locked_endpoint

_LISTENING = (EndpointState.ACTIVE, EndpointState.PAUSED)
_HOUSE = "countinghouse."
TEST_TYPE = "webhooks.test.v1"


def is_wanted(event: InboundEvent) -> bool:
    """Whether an endpoint of the present tenant wants the event. One small query.

    The platform has no endpoints, nor tables for them.
    """
    if current_tenant().is_platform:
        return False
    listening = Endpoint.objects.filter(state__in=_LISTENING, created_at__lte=event.time)
    event_type = type_of(event)
    return any(wants(one, event_type) for one in listening.values_list("patterns", flat=True))


def queue_event(event: InboundEvent) -> int:
    """Queue the event for every endpoint that wants it; returns how many are new.

    For use in a transaction. Once for each event and endpoint, however often it is heard; an
    endpoint younger than the event is not told.
    """
    listening = Endpoint.objects.filter(state__in=_LISTENING, created_at__lte=event.time)
    return queue_for(event, listening)


def queue_for(event: InboundEvent, endpoints: Iterable[Endpoint]) -> int:
    """Queue the event for those of the given endpoints that want it and do not have it yet."""
    event_type = type_of(event)
    told = [endpoint for endpoint in endpoints if wants(endpoint.patterns, event_type)]
    if not told:
        return 0
    now = clock.now()
    message = Message(
        id=UUID(event.id),
        event_type=event_type,
        subject=event.subject,
        body=_body(event, event_type),
        occurred_at=event.time,
        created_at=now,
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)
    known = set(
        Delivery.objects.filter(message_id=message.id).values_list("endpoint_id", flat=True)
    )
    fresh = [_delivery(message, one) for one in told if one.id not in known]
    Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    if fresh:
        wake(DELIVER_TASK)
    return len(fresh)


@use_case("webhooks.send_test_event")
def send_test_event(*, endpoint_id: UUID, actor: Actor) -> UUID:
    """Queue a made-up event for one endpoint, whatever it listens to; returns the delivery's id.

    ``EndpointNotActive`` when nothing would be sent. Asking twice sends two.
    """
    endpoint = locked_endpoint(endpoint_id)
    if endpoint.state != EndpointState.ACTIVE:
        raise EndpointNotActive(state=endpoint.state)
    name, now = public_id("whe", endpoint.id), clock.now()
    event = InboundEvent(
        id=str(new_id()), type=TEST_TYPE, subject=name, time=now,
        data={"message": "This is a test. It says that your endpoint is reached."},
        traceparent="", correlation="",
    )  # fmt: skip
    message = Message.objects.create(
        id=UUID(event.id), event_type=TEST_TYPE, subject=name, body=_body(event, TEST_TYPE),
        is_test=True, occurred_at=now, created_at=now,
    )  # fmt: skip
    delivery = _delivery(message, endpoint)
    delivery.save()
    wake(DELIVER_TASK)
    audit.note(name, delivery=public_id("whd", delivery.id))
    return delivery.id


def type_of(event: InboundEvent) -> str:
    """The event's type as receivers know it: ``payments.payment_captured.v1``."""
    return event.type.removeprefix(_HOUSE)


def _body(event: InboundEvent, event_type: str) -> str:
    """``type``, ``timestamp`` and ``data`` as Standard Webhooks asks, and what orders them.

    ``sequence`` counts the events about ``subject``, so that a receiver can drop one that comes
    late: order is not promised.
    """
    body = {
        "type": event_type,
        "timestamp": event.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "tenant": current_tenant().slug,
        "subject": event.subject,
        "sequence": event.sequence,
        "data": event.data,
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, cls=DjangoJSONEncoder)


def _delivery(message: Message, endpoint: Endpoint) -> Delivery:
    return Delivery(
        message=message,
        endpoint=endpoint,
        event_type=message.event_type,
        next_try_at=message.created_at,
        created_at=message.created_at,
    )
