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

from django.db import connection

from apps.ledger.domain import EntryDraft
from apps.ledger.domain.periods import LATE, Late, kind_matches
from apps.ledger.selectors.periods import calendar
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.tenant import current_tenant

_FIRST_OPEN = """
    SELECT d.number, c.first_open
      FROM unnest(%s::date[], %s::text[], %s::uuid[])
           WITH ORDINALITY d(value_date, kind, actor_id, number)
     CROSS JOIN LATERAL ledger_closed_period_v1(d.value_date, d.kind, d.actor_id, %s) c
"""


def on_open_days(drafts: Sequence[EntryDraft], actors: Sequence[Actor]) -> list[EntryDraft]:
    """The same drafts; those that are late and may be sent on count on the first open day.

    Such a draft keeps its true day in its metadata and as ``effective_at``, with the reason code
    ``late`` if it had none. A late draft that may not be sent on is left for the guard to refuse.
    """
    result = list(drafts)
    today = clock.today(current_tenant().zone)
    past = [n for n, draft in enumerate(drafts) if draft.value_date < today]
    past = [n for n in past if drafts[n].late is not Late.REFUSE]
    if past and any(drafts[n].late is Late.RULE for n in past):
        kinds = calendar().late_kinds
        past = [
            n
            for n in past
            if drafts[n].late is Late.NEXT_OPEN or kind_matches(drafts[n].kind, kinds)
        ]
    if not past:
        return result
    for number, first_open in _closed([drafts[n] for n in past], [actors[n] for n in past]):
        place = past[number - 1]
        result[place] = _sent_on(drafts[place], first_open)
    return result


def _closed(drafts: Sequence[EntryDraft], actors: Sequence[Actor]) -> list[tuple[int, date]]:
    days, kinds = [draft.value_date for draft in drafts], [draft.kind for draft in drafts]
    ids = [actor.id for actor in actors]
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE ledger_journal_entry IN ROW EXCLUSIVE MODE")
        cursor.execute(_FIRST_OPEN, [days, kinds, ids, clock.now()])
        return list(cursor.fetchall())


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
