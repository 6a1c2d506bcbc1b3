"""An endpoint's secrets: made, rotated, opened for signing."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.secrets.sealing import seal, unseal
from apps.platform.use_cases import use_case
from apps.webhooks.domain import SecretReceipt
from apps.webhooks.domain.signing import new_secret
from apps.webhooks.errors import RotationUnderWay
from apps.webhooks.models import Endpoint, EndpointSecret
from apps.webhooks.services.locking import locked_endpoint

#: How long the former secret still signs beside the new one, unless told otherwise.
OVERLAP = timedelta(hours=24)
OVERLAP_MAX = timedelta(days=30)


@use_case("webhooks.rotate_secret")
def rotate_secret(
    *, endpoint_id: UUID, actor: Actor, overlap: timedelta = OVERLAP
) -> SecretReceipt:
    """Give the endpoint a new secret, which is in the receipt and can never be read again.

    For ``overlap`` (at most 30 days) messages carry signatures by both. Meanwhile another rotation
    is refused with ``RotationUnderWay``, unless it comes without an overlap: then every former
    secret ends at once, which is what a leak asks for. Asking twice makes two secrets.
    """
    endpoint = locked_endpoint(endpoint_id)
    now = clock.now()
    endpoint.secrets.filter(expires_at__lte=now).delete()
    former = endpoint.secrets.exclude(expires_at=None).values_list("expires_at", flat=True).first()
    if former is not None and overlap:
        raise RotationUnderWay(former_until=former.isoformat())
    until = now + min(overlap, OVERLAP_MAX) if overlap else None
    if until is None:
        endpoint.secrets.all().delete()
    else:
        endpoint.secrets.filter(expires_at=None).update(expires_at=until)
    secret = give_secret(endpoint, now)
    audit.note(public_id("whe", endpoint.id), former_until=until)
    return SecretReceipt(endpoint.id, secret, until)


def give_secret(endpoint: Endpoint, now: datetime) -> str:
    """Make the endpoint's current secret, sealed into its row, and return it."""
    secret = new_secret()
    EndpointSecret.objects.create(
        endpoint=endpoint, sealed=seal(_purpose(endpoint.id), secret), created_at=now
    )
    return secret


def signing_secrets(endpoint: Endpoint, now: datetime) -> tuple[str, ...]:
    """Those that sign now, the newest first."""
    working = endpoint.secrets.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return tuple(unseal(_purpose(endpoint.id), one.sealed) for one in working)


def _purpose(endpoint_id: UUID) -> str:
    return f"webhooks.secret:{endpoint_id}"
