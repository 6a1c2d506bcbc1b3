"""Endpoints: made, changed, paused, activated, removed."""

from __future__ import annotations

from uuid import UUID

from apps.platform import audit, clock, ssrf
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case
from apps.tenancy.workers import wake
from apps.webhooks.domain import (
    OPEN_DELIVERIES,
    PATTERNS_MAX,
    DeliveryState,
    EndpointDraft,
    EndpointState,
    SecretReceipt,
    is_pattern,
)
from apps.webhooks.errors import BadPattern, EndpointNotActive, NoPatterns, TooManyEndpoints
from apps.webhooks.events import EndpointDisabled
from apps.webhooks.models import Delivery, Endpoint
from apps.webhooks.services.calling import wall
from apps.webhooks.services.locking import locked_endpoint
from apps.webhooks.services.secrets import give_secret

ENDPOINTS_MAX = 50
DELIVER_TASK = "webhooks.deliver"
REASON_MAX = 200


@use_case("webhooks.create_endpoint")
def create_endpoint(*, draft: EndpointDraft, actor: Actor) -> SecretReceipt:
    """Register an address. Its secret is in the receipt and can never be read again.

    It hears of what happens from now on. Asking twice makes two endpoints. Refused with
    ``AddressRefused`` when we would not call that address for a stranger, ``BadPattern``,
    ``NoPatterns``, ``TooManyEndpoints``.
    """
    _check(draft)
    take_turns("webhooks.endpoints")
    if Endpoint.objects.exclude(state=EndpointState.REMOVED).count() >= ENDPOINTS_MAX:
        raise TooManyEndpoints(most=ENDPOINTS_MAX)
    now = clock.now()
    endpoint = Endpoint.objects.create(
        url=draft.url,
        description=draft.description,
        patterns=list(draft.patterns),
        rate_per_minute=draft.rate_per_minute,
        created_at=now,
        created_by=str(actor),
    )
    audit.note(public_id("whe", endpoint.id), patterns=endpoint.patterns)
    return SecretReceipt(endpoint.id, give_secret(endpoint, now))


@use_case("webhooks.change_endpoint")
def change_endpoint(*, endpoint_id: UUID, draft: EndpointDraft, actor: Actor) -> None:
    """Set address, patterns, description and pace. What waits goes to the new address."""
    _check(draft)
    endpoint = locked_endpoint(endpoint_id)
    endpoint.url, endpoint.description = draft.url, draft.description
    endpoint.patterns, endpoint.rate_per_minute = list(draft.patterns), draft.rate_per_minute
    endpoint.save(update_fields=["url", "description", "patterns", "rate_per_minute"])
    audit.note(public_id("whe", endpoint.id), patterns=endpoint.patterns)


@use_case("webhooks.pause_endpoint")
def pause_endpoint(*, endpoint_id: UUID, actor: Actor) -> None:
    """Stop calling it; what happens meanwhile waits. Repeating changes nothing.

    ``EndpointNotActive`` when it is disabled.
    """
    endpoint = locked_endpoint(endpoint_id)
    if endpoint.state == EndpointState.PAUSED:
        audit.nothing_happened()
        return
    if endpoint.state != EndpointState.ACTIVE:
        raise EndpointNotActive(state=endpoint.state)
    endpoint.state = EndpointState.PAUSED
    endpoint.save(update_fields=["state"])
    audit.note(public_id("whe", endpoint.id))


@use_case("webhooks.activate_endpoint")
def activate_endpoint(*, endpoint_id: UUID, actor: Actor) -> None:
    """Call it again, with what waits first. Repeating changes nothing."""
    endpoint = locked_endpoint(endpoint_id)
    if endpoint.state == EndpointState.ACTIVE:
        audit.nothing_happened()
        return
    endpoint.state, endpoint.state_reason = EndpointState.ACTIVE, ""
    endpoint.failing_since, endpoint.resting_until, endpoint.streak = None, None, 0
    endpoint.save(
        update_fields=["state", "state_reason", "failing_since", "resting_until", "streak"]
    )
    audit.note(public_id("whe", endpoint.id))
    wake(DELIVER_TASK)


@use_case("webhooks.remove_endpoint")
def remove_endpoint(*, endpoint_id: UUID, actor: Actor) -> None:
    """End it for good: its secrets are deleted, what waits is cancelled, its past stays."""
    endpoint = locked_endpoint(endpoint_id)
    endpoint.state, endpoint.state_reason = EndpointState.REMOVED, ""
    endpoint.save(update_fields=["state", "state_reason"])
    endpoint.secrets.all().delete()
    cancelled = cancel_open(endpoint.id)
    audit.note(public_id("whe", endpoint.id), cancelled=cancelled)


def cancel_open(endpoint_id: UUID) -> int:
    """Cancel what waits for an endpoint that is no more; returns how many."""
    waiting = Delivery.objects.filter(endpoint_id=endpoint_id, state__in=OPEN_DELIVERIES)
    return waiting.update(state=DeliveryState.CANCELLED, next_try_at=None, finished_at=clock.now())


@use_case("webhooks.disable_endpoint")
def disable_endpoint(*, endpoint: Endpoint, reason: str, actor: Actor) -> None:
    """Stop calling an endpoint that does not work, and say so. The caller holds its row lock."""
    endpoint.state, endpoint.state_reason = EndpointState.DISABLED, reason[:REASON_MAX]
    endpoint.save(update_fields=["state", "state_reason"])
    name = public_id("whe", endpoint.id)
    record(
        EndpointDisabled(endpoint_id=name, url=endpoint.url, reason=endpoint.state_reason),
        aggregate=name,
    )
    audit.note(name, reason=endpoint.state_reason)


def _check(draft: EndpointDraft) -> None:
    if not 0 < len(draft.patterns) <= PATTERNS_MAX:
        raise NoPatterns
    for pattern in draft.patterns:
        if not is_pattern(pattern):
            raise BadPattern(pattern=pattern)
    ssrf.check(draft.url, wall=wall())
