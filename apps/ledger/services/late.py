"""Late entries: what counts in a closed period by its day is sent on to the first open one.

Runs before posting. An entry of today or later cannot be late, since a period is closed only after
it has ended; so the usual entry costs no look at the calendar. What is looked up is looked up with
the journal held against closing until the transaction ends: the day found open is still open when
the entry is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from apps.ledger.domain import EntryDraft
from apps.ledger.domain.periods import LATE, LATE_KINDS, Late
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.tenant import current_tenant, database

_FIRST_OPEN = """
    SELECT number, first_open
      FROM ledger_late_days_v1(%s::date[], %s::text[], %s::uuid[], %s::boolean[], %s::text[], %s)
"""


def on_open_days(drafts: Sequence[EntryDraft], actors: Sequence[Actor]) -> list[EntryDraft]:
    """The same drafts; those that are late and may be sent on count on the first open day.

    Such a draft keeps its true day in its metadata and as ``effective_at``, with the reason code
    ``late`` if it had none. A late draft that may not be sent on is left for the guard to refuse.
    """
    result = list(drafts)
    today = clock.today(current_tenant().zone)
    past = [
        n
        for n, draft in enumerate(drafts)
        if draft.value_date < today and draft.late is not Late.REFUSE
    ]
    if not past:
        return result
    for number, first_open in _closed([drafts[n] for n in past], [actors[n] for n in past]):
        place = past[number - 1]
        result[place] = _sent_on(drafts[place], first_open)
    return result


def _closed(drafts: Sequence[EntryDraft], actors: Sequence[Actor]) -> list[tuple[int, date]]:
    """Places of those that are late and may be sent on, counted from 1, and where to."""
    about = zip(
        *(
            (draft.value_date, draft.kind, actor.id, draft.late is Late.NEXT_OPEN)
            for draft, actor in zip(drafts, actors, strict=True)
        ),
        strict=True,
    )
    columns = [list(column) for column in about]
    return list(
        database.execute_prepared(_FIRST_OPEN, [*columns, list(LATE_KINDS), clock.now()]).fetchall()
    )


def _sent_on(draft: EntryDraft, first_open: date) -> EntryDraft:
    true_day = draft.value_date
    noon = datetime.combine(true_day, time(12), ZoneInfo(current_tenant().zone))
    return replace(
        draft,
        value_date=first_open,
        effective_at=draft.effective_at or noon,
        metadata={**draft.metadata, LATE: {"value_date": true_day.isoformat()}},
        reason=draft.reason or LATE,
    )
