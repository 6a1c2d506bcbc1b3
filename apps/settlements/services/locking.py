"""Fetching a row to change it."""

from __future__ import annotations

from uuid import UUID

from apps.platform.ids import public_id
from apps.settlements.errors import NotFound
from apps.settlements.models import Batch, Break, Disbursement


def locked_batch(batch_id: UUID) -> Batch:
    """The batch, locked until the transaction ends, or ``NotFound``."""
    batch = Batch.objects.select_for_update().filter(id=batch_id).first()
    if batch is None:
        raise NotFound(what="batch", reference=public_id("bat", batch_id))
    return batch


def locked_disbursement(disbursement_id: UUID) -> Disbursement:
    """The disbursement and, before it, its batch, locked until the transaction ends.

    Everybody locks the batch first, so that two changes of one batch take turns and never wait for
    each other.
    """
    batch_id = Disbursement.objects.filter(id=disbursement_id).values_list("batch_id", flat=True)
    Batch.objects.select_for_update().filter(id__in=batch_id).first()
    row = (
        Disbursement.objects.select_for_update(of=("self",))
        .select_related("batch", "payee", "beneficiary")
        .filter(id=disbursement_id)
        .first()
    )
    if row is None:
        raise NotFound(what="disbursement", reference=public_id("dsb", disbursement_id))
    return row


def locked_break(break_id: UUID) -> Break:
    """The break, locked until the transaction ends, or ``NotFound``."""
    row = Break.objects.select_for_update().filter(id=break_id).first()
    if row is None:
        raise NotFound(what="break", reference=public_id("brk", break_id))
    return row
