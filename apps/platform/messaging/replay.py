"""Publishing again what was published before: for a stream that was lost or a reader that was.

The outbox outlives the stream. Events keep their ids, so whoever has seen one drops it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from apps.platform.messaging import outbox
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.errors import BrokerUnavailable
from apps.platform.messaging.relay import publish_wave
from apps.platform.messaging.tenants import Place
from apps.platform.models import OutboxMessage

_PAGE = 500


def replay_outbox(broker: Broker, place: Place, since: datetime) -> int:
    """Publish again every published event of the place recorded since then; return how many.

    In order of recording, and within an aggregate in order of its sequence. Unpublished events are
    the relay's. Stops with ``BrokerUnavailable`` when JetStream does not confirm; running it again
    does no harm.
    """
    count = 0
    with place.enter():
        for page in _pages(since):
            for wave in outbox.waves(page):
                confirmed = publish_wave(broker, wave, place)
                count += len(confirmed)
                if len(confirmed) < len(wave):
                    raise BrokerUnavailable(reason=f"stopped after {count} events")
    return count


def _pages(since: datetime) -> Iterator[list[OutboxMessage]]:
    published = OutboxMessage.objects.filter(published_at__isnull=False, recorded_at__gte=since)
    rows = published.order_by("recorded_at", "sequence", "id")
    last: OutboxMessage | None = None
    while True:
        rest = rows if last is None else rows.filter(_after(last))
        page = list(rest[:_PAGE])
        if not page:
            return
        yield page
        last = page[-1]


def _after(last: OutboxMessage) -> Q:
    """Behind ``last`` in the order of the pages."""
    same_time = Q(recorded_at=last.recorded_at)
    return (
        Q(recorded_at__gt=last.recorded_at)
        | (same_time & Q(sequence__gt=last.sequence))
        | (same_time & Q(sequence=last.sequence, id__gt=last.id))
    )
