"""A tenant's events as they are recorded, for somebody who watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from apps.platform import clock
from apps.platform.models import OutboxMessage

#: A transaction may commit this long after it recorded its event; what was seen is not told twice.
COMMITS_WITHIN = timedelta(seconds=30)
PAGE = 500


class Feed:
    """Each event once, in the order of recording as far as commits allow."""

    def __init__(self, since: datetime, pattern: str = "*") -> None:
        self._since, self._pattern = since, pattern
        self._seen: dict[object, datetime] = {}

    def news(self) -> Iterator[OutboxMessage]:
        """What was recorded since the last call and fits the pattern (``payments.*``)."""
        rows = OutboxMessage.objects.filter(recorded_at__gte=self._since)
        fresh = rows.exclude(id__in=list(self._seen)).order_by("recorded_at", "id")
        for message in fresh[:PAGE]:
            self._seen[message.id] = message.recorded_at
            if fnmatchcase(message.name, self._pattern):
                yield message
        self._since = max(self._since, clock.now() - COMMITS_WITHIN)
        self._seen = {id: at for id, at in self._seen.items() if at >= self._since}
