"""Letting go of deliveries that everybody has had time to look at."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.platform import clock, metrics
from apps.platform.ids import first_id_at
from apps.webhooks.domain import OPEN_DELIVERIES, EndpointState
from apps.webhooks.models import Delivery, EndpointSecret, Message
from apps.webhooks.services.endpoints import cancel_open

BATCH = 500


def purge_deliveries() -> int:
    """Remove the present tenant's oldest finished deliveries with their attempts; returns how many.

    Kept as long as events are (``EVENTS_KEPT_DAYS``). A bounded batch. Also ends what was queued
    in the very moment its endpoint was removed, and deletes secrets that have expired.
    """
    now = clock.now()
    EndpointSecret.objects.filter(expires_at__lte=now).delete()
    strays = Delivery.objects.filter(
        state__in=OPEN_DELIVERIES, endpoint__state=EndpointState.REMOVED
    )
    for endpoint_id in set(strays.values_list("endpoint_id", flat=True)):
        cancel_open(endpoint_id)
    since = now - timedelta(days=settings.ENV.events_kept_days)
    with transaction.atomic():
        old = Delivery.objects.filter(created_at__lt=since, finished_at__lt=since)
        chosen = list(old.order_by("created_at").values_list("id", flat=True)[:BATCH])
        Delivery.objects.filter(id__in=chosen).delete()
        theirs = Delivery.objects.filter(message=OuterRef("id"))
        orphans = Message.objects.filter(~Exists(theirs), id__lt=first_id_at(since))
        Message.objects.filter(id__in=list(orphans.values_list("id", flat=True)[:BATCH])).delete()
    metrics.ROWS_PURGED.labels(table="webhook_delivery").inc(len(chosen))
    return len(chosen)
