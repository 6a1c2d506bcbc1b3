"""The chain: its head, receipts, the bundle for whoever verifies."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from apps.ledger.domain import ledger_verify as chain
from apps.ledger.errors import EntryNotFound, NothingSealed, NotSealedYet
from apps.ledger.models import JournalEntry, MetadataErasure, PostingBreaker, Seal, SealBatch
from apps.platform import clock
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant

_UNSEALED = """
    SELECT count(*), min(posted_at) FROM ledger_journal_entry e
     WHERE e.txid >= coalesce(
           (SELECT horizon FROM ledger_seal_batch ORDER BY number DESC LIMIT 1), '0')
       AND NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = e.id)
"""
_BUNDLE = """
    SELECT s.number, e.id, ledger_entry_payload_v1(e.id), s.hash,
           CASE WHEN e.metadata_salt IS NOT NULL THEN e.metadata::text END, e.metadata_salt::text,
           x.reason, x.erased_at
      FROM ledger_seal s JOIN ledger_journal_entry e ON e.id = s.entry_id
      LEFT JOIN ledger_metadata_erasure x ON x.entry_id = e.id
     WHERE s.number > %s AND s.number <= %s ORDER BY s.number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealStatus:
    """How far the books are sealed, signed and anchored."""

    sealed: int
    unsealed: int
    oldest_unsealed_at: datetime | None
    unsigned: int
    unanchored: int
    head: Mapping[str, str] | None
    head_batch: SealBatch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """That posting is stopped, since when, by whom and why; ``checks`` are the laws broken."""

    reason: str
    checks: Sequence[str]
    opened_by: str
    opened_at: datetime


def posting_stop() -> Stop | None:
    """The stop in force, or nothing: entries are posted."""
    row = PostingBreaker.objects.filter(closed_at=None).first()
    if row is None:
        return None
    return Stop(
        reason=row.reason,
        checks=tuple(row.checks),
        opened_by=row.opened_by,
        opened_at=row.opened_at,
    )


def seal_status() -> SealStatus:
    """Counted by the sealer's own cursor: the cost is that of what is not sealed yet."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEALED)
        unsealed, oldest = cursor.fetchone()
    batches = SealBatch.objects.order_by("-number")
    signed = batches.filter(signature__isnull=False).first()
    return SealStatus(
        sealed=Seal.objects.aggregate(last=Max("number"))["last"] or 0,
        unsealed=unsealed,
        oldest_unsealed_at=oldest,
        unsigned=batches.filter(anchored_at=None, signature=None).count(),
        unanchored=batches.filter(anchored_at=None).count(),
        head=signed_head(signed) if signed else None,
        head_batch=signed,
    )


def signed_head(batch: SealBatch) -> dict[str, str]:
    """A signed head as it is anchored, and as ``ledger_verify --head`` reads it."""
    return {
        "statement": batch.statement,
        "key": batch.key_id,
        "public_key": _text(batch.public_key),
        "signature": _text(batch.signature),
    }


def proof_of_number(number: int) -> dict[str, Any]:
    """The inclusion proof of the seal with this number. ``NothingSealed`` when there is none."""
    seal = Seal.objects.filter(number=number).first()
    if seal is None:
        raise NothingSealed
    return inclusion(seal, SealBatch.objects.get(first__lte=number, last__gte=number))


def receipt(entry_id: UUID) -> dict[str, Any]:
    """That an entry is below a signed root: whoever holds it needs nobody's word for it.

    ``EntryNotFound``, or ``NotSealedYet`` for the first minute of an entry. Metadata is in it by
    digest only. ``head`` is null until the batch is signed.
    """
    seal = Seal.objects.filter(entry_id=entry_id).first()
    if seal is None:
        if JournalEntry.objects.filter(id=entry_id).exists():
            raise NotSealedYet(entry_id=public_id("je", entry_id))
        raise EntryNotFound(entry_id=public_id("je", entry_id))
    batch = SealBatch.objects.get(first__lte=seal.number, last__gte=seal.number)
    erasure = erasure_of(entry_id)
    return {
        "format": chain.RECEIPT_FORMAT,
        "entry": public_id("je", entry_id),
        "seal": seal.number,
        "payload": payload_of(entry_id),
        "previous": bytes(seal.previous).hex(),
        "hash": bytes(seal.hash).hex(),
        "proof": inclusion(seal, batch),
        "head": signed_head(batch) if batch.signature else None,
        "anchor": batch.object_name,
        "metadata_erased": _erased(erasure.reason, erasure.erased_at) if erasure else None,
    }


def inclusion(seal: Seal, batch: SealBatch) -> dict[str, Any]:
    """The Merkle path from a seal to its batch's root, as of RFC 9162."""
    numbers = Seal.objects.filter(number__gte=batch.first, number__lte=batch.last)
    leaves = [bytes(link) for link in numbers.order_by("number").values_list("hash", flat=True)]
    index = seal.number - batch.first
    return {
        "batch": batch.number,
        "index": index,
        "size": len(leaves),
        "path": [step.hex() for step in chain.merkle_path(leaves, index)],
        "root": bytes(batch.root).hex(),
    }


def seal_of(entry_id: UUID) -> int | None:
    """The entry's number in the chain, once it is sealed."""
    return Seal.objects.filter(entry_id=entry_id).values_list("number", flat=True).first()


def erasure_of(entry_id: UUID) -> MetadataErasure | None:
    """That and why the entry's metadata was erased, if it was."""
    return MetadataErasure.objects.filter(entry_id=entry_id).first()


def payload_of(entry_id: UUID) -> str:
    """The entry's canonical text, made anew from its rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_entry_payload_v1(%s)", [entry_id])
        return str(cursor.fetchone()[0])


def bundle_head(last: int) -> str:
    """The first line of a bundle."""
    tenant = current_tenant()
    return _line(
        type="bundle",
        format=chain.BUNDLE_FORMAT,
        tenant=str(tenant.id),
        name=tenant.name,
        last=last,
        made_at=clock.now().isoformat(),
    )


def bundle_lines(*, after: int, until: int) -> Iterator[str]:
    """Every entry above ``after`` up to ``until``, each batch after its last entry."""
    ends = {
        batch.last: batch for batch in SealBatch.objects.filter(last__gt=after, last__lte=until)
    }
    with connection.cursor() as cursor:
        cursor.execute(_BUNDLE, [after, until])
        rows = cursor.fetchall()
    for number, id, payload, link, metadata, salt, reason, erased_at in rows:
        yield _line(
            type="entry",
            seal=number,
            entry=public_id("je", id),
            payload=payload,
            hash=bytes(link).hex(),
            **({"metadata": metadata, "salt": salt} if salt else {}),
            **({"erased": _erased(reason, erased_at)} if erased_at else {}),
        )
        if number in ends:
            yield _batch_line(ends[number])


def bundle_tail(last: int) -> str:
    """The last line of a bundle."""
    head = Seal.objects.get(number=last).hash
    return _line(type="end", last=last, head=bytes(head).hex())


def _batch_line(batch: SealBatch) -> str:
    return _line(
        type="batch",
        number=batch.number,
        first=batch.first,
        last=batch.last,
        root=bytes(batch.root).hex(),
        head=bytes(batch.head).hex(),
        **(signed_head(batch) if batch.signature else {}),
    )


def _erased(reason: str, at: datetime) -> Mapping[str, str]:
    return {"reason": reason, "at": at.isoformat()}


def _line(**facts: object) -> str:
    return f"{chain.canonical(facts)}\n"


def _text(raw: bytes | memoryview | None) -> str:
    return base64.b64encode(bytes(raw or b"")).decode()
