"""Erasing personal data from books that cannot be changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from apps.ledger.errors import ExplanationMissing, NoMetadata
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant_id
from apps.platform.use_cases import use_case

REASON_MAX = 300


@use_case("ledger.erase_metadata")
def erase_metadata(*, entry_ids: Sequence[UUID], reason: str, actor: Actor) -> int:
    """Destroy the metadata of these entries and its salts, for good; answers of how many.

    What is left proves the rest: the salted digest stays under the seal and cannot be guessed back
    without the salt. Entries whose metadata was erased before, or that had none, are left alone;
    ``NoMetadata`` when that is all of them.
    """
    return _erase(entry_ids, reason, actor)


@use_case("ledger.erase_subject")
def erase_subject(*, name: str, value: str, reason: str, actor: Actor) -> int:
    """Erase the metadata of every entry that names this subject; answers of how many.

    An entry names it when its metadata holds ``name`` with exactly ``value``. Reads the whole
    journal once. ``NoMetadata`` when no entry does.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ledger_journal_entry"
            " WHERE metadata_salt IS NOT NULL"
            "   AND metadata @> jsonb_build_object(%s::text, %s::text)",
            [name, value],
        )
        found = [id for (id,) in cursor.fetchall()]
    return _erase(found, reason, actor)


def _erase(entry_ids: Sequence[UUID], reason: str, actor: Actor) -> int:
    if not reason.strip():
        raise ExplanationMissing
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_erase_metadata_v1(%s, %s::uuid[], %s, %s, %s, %s)",
            [
                current_tenant_id(),
                list(entry_ids),
                reason.strip()[:REASON_MAX],
                str(actor),
                actor.id,
                clock.now(),
            ],
        )
        erased = int(cursor.fetchone()[0])
    if not erased:
        raise NoMetadata
    subject = public_id("je", entry_ids[0]) if len(entry_ids) == 1 else ""
    audit.note(subject, entries=erased, reason=reason.strip()[:REASON_MAX])
    return erased
