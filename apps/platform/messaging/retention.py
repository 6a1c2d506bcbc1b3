"""Letting go of events that everybody has had time to read.

What is unpublished, or waits to be handled, stays whatever its age. A note in the inbox outlives
the event it is about: as long as a stream may deliver the event again, somebody has to know it.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.platform import clock, metrics
from apps.platform.ids import first_id_at
from apps.platform.messaging.topology import KEPT_SECONDS
from apps.platform.models import InboxMessage, OutboxMessage, Retention
from apps.platform.tenant import current_tenant_id

BATCH = 1000


def purge_published() -> int:
    """Remove the present tenant's oldest published events; returns how many. A bounded batch.

    Ids sort by time, so the primary key finds what is old. The mark moves first, in the same
    transaction: from then on nobody expects what is older, and the database lets it go.
    """
    since = clock.now() - timedelta(days=settings.ENV.events_kept_days)
    with transaction.atomic():
        old = OutboxMessage.objects.filter(
            id__lt=first_id_at(since), recorded_at__lt=since, published_at__isnull=False
        ).order_by("id")
        chosen = list(old.values_list("id", flat=True)[:BATCH])
        if not chosen:
            return 0
        batch = OutboxMessage.objects.filter(id__in=chosen)
        mark, _ = Retention.objects.select_for_update().get_or_create(
            tenant=current_tenant_id(), defaults={"events_since": since}
        )
        highest = batch.aggregate(highest=Max("sequence"))["highest"] or 0
        mark.events_since = max(mark.events_since, since)
        mark.highest_sequence = max(mark.highest_sequence, highest)
        mark.save(update_fields=["events_since", "highest_sequence"])
        gone, _ = batch.delete()
    metrics.ROWS_PURGED.labels(table="outbox").inc(gone)
    return gone


def purge_handled() -> int:
    """Remove the present tenant's oldest notes of handled events; returns how many. Bounded."""
    until = clock.now() - timedelta(days=settings.ENV.events_kept_days, seconds=KEPT_SECONDS)
    old = InboxMessage.objects.filter(id__lt=first_id_at(until), handled_at__lt=until)
    chosen = list(old.order_by("id").values_list("id", flat=True)[:BATCH])
    gone, _ = InboxMessage.objects.filter(id__in=chosen).delete()
    metrics.ROWS_PURGED.labels(table="inbox").inc(gone)
    return gone
