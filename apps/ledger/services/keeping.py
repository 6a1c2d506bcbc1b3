"""Keeping what was refused, so that the same request gets the same answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection

from apps.ledger.services.posting import Instruction
from apps.ledger.services.refusals import is_final
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.idempotency import WireEncoder
from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant_id

# A key that has an entry by now needs no refusal: the entry answers.
_KEEP = """
    INSERT INTO ledger_refusal (
        tenant, refused_at, id, idempotency_key, fingerprint, kind, description, value_date,
        source_event, code, facts, actor, actor_id)
    SELECT %s::uuid, %s::timestamptz, r.*
      FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[], %s::date[],
                  %s::text[], %s::text[], %s::text[]::jsonb[], %s::text[], %s::uuid[])
           r(id, idempotency_key, fingerprint, kind, description, value_date, source_event, code,
             facts, actor, actor_id)
     WHERE NOT EXISTS (SELECT 1 FROM ledger_journal_entry e
                        WHERE e.idempotency_key = r.idempotency_key)
    ON CONFLICT DO NOTHING
"""


def keep_refusals(refused: Sequence[tuple[Instruction, DomainError]], actor: Actor) -> None:
    """Write down the final ones among them, in the caller's transaction.

    A request that two callers make at the same instant may be refused to one and be posted for the
    other, when money comes in between; from then on the entry is the answer to both.
    """
    rows = [
        (
            new_id(),
            one.idempotency_key,
            one.fingerprint,
            one.draft.kind,
            one.draft.description,
            one.draft.value_date,
            one.draft.source_event,
            refusal.code,
            json.dumps(refusal.facts, cls=WireEncoder),
            str(one.actor or actor),
            (one.actor or actor).id,
        )
        for one, refusal in refused
        if is_final(refusal) and not refusal.is_replay
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [current_tenant_id(), clock.now(), *columns])
