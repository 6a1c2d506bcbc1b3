"""Stripe's disputes into our words: money by balance transactions, never by a status."""

from __future__ import annotations

from datetime import datetime

from apps.payments.connectors.accounts import DisputeMovement, DisputeReport
from apps.payments.connectors.stripe import amounts, wire
from apps.payments.domain.disputes import DisputeStage, DisputeStatus

_STATUSES = {
    "needs_response": DisputeStatus.NEEDS_RESPONSE,
    "under_review": DisputeStatus.UNDER_REVIEW,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
    "warning_needs_response": DisputeStatus.NEEDS_RESPONSE,
    "warning_under_review": DisputeStatus.UNDER_REVIEW,
    "warning_closed": DisputeStatus.CLOSED,
    "prevented": DisputeStatus.CLOSED,
}


def report(document: dict[str, object], at: datetime) -> DisputeReport | None:
    """A dispute as it stands at ``at``; nothing when it cannot be understood."""
    said = wire.text(document.get("status"))
    status = _STATUSES.get(said)
    amount = amounts.read(document.get("amount"), document.get("currency"))
    reference = wire.id_of(document)
    if status is None or amount is None or not reference:
        return None
    refs = {"payment_intent": wire.id_of(document.get("payment_intent"))}
    return DisputeReport(
        reference=reference,
        amount=amount,
        stage=DisputeStage.INQUIRY if said.startswith("warning") else DisputeStage.CHARGEBACK,
        status=status,
        reason=wire.text(document.get("reason"))[:60],
        updated_at=at,
        opened_at=wire.moment(document.get("created")),
        due_by=wire.moment(wire.inner(document, "evidence_details").get("due_by")),
        attempt_refs={name: id for name, id in refs.items() if id},
        movements=_movements(document),
    )


def _movements(document: dict[str, object]) -> tuple[DisputeMovement, ...]:
    found: list[DisputeMovement] = []
    for line in wire.rows(document.get("balance_transactions")):
        id, currency = wire.id_of(line), line.get("currency")
        amount = amounts.read(line.get("amount"), currency)
        fee = amounts.read(line.get("fee"), currency)
        at = wire.moment(line.get("created"))
        if amount is not None and amount.minor and id:
            found.append(
                DisputeMovement(
                    kind="withdrawn" if amount.minor < 0 else "reinstated",
                    amount=abs(amount),
                    dedupe=f"dispute:{id}",
                    provider_time=at,
                    reference=id,
                )
            )
        if fee is not None and fee.minor and id:
            found.append(
                DisputeMovement(
                    kind="fee" if fee.minor > 0 else "fee_returned",
                    amount=abs(fee),
                    dedupe=f"dispute-fee:{id}",
                    provider_time=at,
                    reference=f"{id}-fee",  # as the statement names its line
                )
            )
    return tuple(found)
