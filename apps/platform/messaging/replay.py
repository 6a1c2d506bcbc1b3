"""Publishing again what was published before: for a stream that was lost or a reader that was.

The outbox outlives the stream. Events keep their ids, so whoever has seen one drops it.
"""

from __future__ import annotations

from datetime import datetime

from apps.platform.messaging import outbox
from apps.platform.messaging.broker import Broker
from apps.platform.messaging.errors import BrokerUnavailable
from apps.platform.messaging.relay import publish_wave
from apps.platform.messaging.tenants import Place


def replay_outbox(broker: Broker, place: Place, since: datetime) -> int:
    """Publish again every published event of the place recorded since then; return how many.

    In order of recording, and within an aggregate in order of its sequence. Unpublished events are
    the relay's. Stops with ``BrokerUnavailable`` when JetStream does not confirm; running it again
    does no harm.
    """
    count = 0
    for page in outbox.published(place, since):
        for wave in outbox.waves(page):
            confirmed = publish_wave(broker, wave, place)
            count += len(confirmed)
            if len(confirmed) < len(wave):
                raise BrokerUnavailable(reason=f"stopped after {count} events")
    return count
