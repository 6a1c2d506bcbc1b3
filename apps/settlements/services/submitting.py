"""Sealing a batch and asking for approval."""

from __future__ import annotations

from uuid import UUID

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.use_cases import use_case
from apps.settlements.domain import BatchState, DigestLine, DisbursementState, contents_digest
from apps.settlements.errors import NothingToPay
from apps.settlements.events import BatchSubmitted
from apps.settlements.models import Batch
from apps.settlements.services.editors import note_editor
from apps.settlements.services.locking import locked_batch
from apps.settlements.services.transitions import move, move_lines


@use_case("settlements.submit_batch")
def submit_batch(*, batch_id: UUID, actor: Actor) -> str:
    """Seal the lines and put the batch before its approvers; returns the digest of what they see.

    Approvals of an earlier round do not count.
    """
    batch = locked_batch(batch_id)
    move(batch, BatchState.IN_APPROVAL, actor)
    if not move_lines(batch, DisbursementState.AWAITING_APPROVAL, actor):
        raise NothingToPay(currency=batch.currency)
    batch.digest = digest_of(batch)
    batch.round += 1
    note_editor(batch, actor)
    batch.submitted_at = clock.now()
    batch.save()
    record(
        BatchSubmitted(
            batch_id=public_id("bat", batch.id),
            reference=batch.reference,
            lines=batch.line_count,
            total=Money(batch.total_minor, batch.currency),
            digest=batch.digest,
        ),
        aggregate=public_id("bat", batch.id),
    )
    audit.note(public_id("bat", batch.id), digest=batch.digest)
    return batch.digest


def digest_of(batch: Batch) -> str:
    """The digest of the batch's lines as they are in the database now."""
    rows = batch.disbursements.select_related("payee", "beneficiary")
    return contents_digest(
        batch.reference,
        [
            DigestLine(
                reference=row.reference,
                payee=row.payee.reference,
                destination=row.beneficiary.details.destination,
                amount_minor=row.amount_minor,
                currency=row.currency,
            )
            for row in rows
        ],
    )
