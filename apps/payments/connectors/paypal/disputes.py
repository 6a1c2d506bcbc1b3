"""PayPal's disputes into our words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from apps.payments.connectors.accounts import DisputeMovement, DisputeReport
from apps.payments.connectors.paypal import wire
from apps.payments.domain.disputes import DisputeStage, DisputeStatus

_STAGES = {
    "INQUIRY": DisputeStage.INQUIRY,
    "CHARGEBACK": DisputeStage.CHARGEBACK,
    "PRE_ARBITRATION": DisputeStage.PRE_ARBITRATION,
    "ARBITRATION": DisputeStage.ARBITRATION,
}
_STATUSES = {
    "OPEN": DisputeStatus.NEEDS_RESPONSE,
    "WAITING_FOR_SELLER_RESPONSE": DisputeStatus.NEEDS_RESPONSE,
    "WAITING_FOR_BUYER_RESPONSE": DisputeStatus.UNDER_REVIEW,
    "UNDER_REVIEW": DisputeStatus.UNDER_REVIEW,
    "OTHER": DisputeStatus.UNDER_REVIEW,
}
#: How a resolved one ended. With "payout" PayPal pays the buyer itself and we keep the money.
_ENDS = {
    "RESOLVED_SELLER_FAVOUR": DisputeStatus.WON,
    "RESOLVED_WITH_PAYOUT": DisputeStatus.WON,
    "DENIED": DisputeStatus.WON,
    "RESOLVED_BUYER_FAVOUR": DisputeStatus.LOST,
    "ACCEPTED": DisputeStatus.ACCEPTED,
}
_FEES = {"DISPUTE_FEE", "CHARGEBACK_FEE", "DISPUTE_SETTLEMENT_FEE"}


def report(told: Mapping[str, object]) -> DisputeReport | None:
    """A dispute as it stands; nothing when the essentials are missing, then it is asked for."""
    name, amount = wire.text(told.get("dispute_id")), wire.money(told.get("dispute_amount"))
    stage = _STAGES.get(wire.text(told.get("dispute_life_cycle_stage")))
    status = _status(told)
    updated = wire.moment(told.get("update_time")) or wire.moment(told.get("create_time"))
    payments = list(wire.rows(told.get("disputed_transactions")))
    if not name or amount is None or stage is None or status is None or updated is None:
        return None
    if not payments:
        return None
    capture_id = wire.text(payments[0].get("seller_transaction_id"))
    return DisputeReport(
        reference=name,
        amount=amount,
        stage=stage,
        status=status,
        reason=wire.text(told.get("reason")).lower(),
        updated_at=updated,
        opened_at=wire.moment(told.get("create_time")),
        due_by=wire.moment(told.get("seller_response_due_date")),
        attempt_refs={"capture_id": capture_id} if capture_id else {},
        movements=_movements(name, told),
        refs={"dispute_id": name},
    )


def _status(told: Mapping[str, object]) -> DisputeStatus | None:
    status = wire.text(told.get("status"))
    if status == "RESOLVED":
        outcome = wire.text(wire.inner(told, "dispute_outcome").get("outcome_code"))
        return _ENDS.get(outcome, DisputeStatus.CLOSED)
    return _STATUSES.get(status)


def _movements(name: str, told: Mapping[str, object]) -> tuple[DisputeMovement, ...]:
    """What moved on our side. Movements have no names: equal ones are told apart by counting."""
    found: list[DisputeMovement] = []
    seen: Counter[str] = Counter()
    for row in wire.rows(told.get("money_movements")):
        amount, kind = wire.money(row.get("amount")), row.get("type")
        if row.get("affected_party") != "SELLER" or amount is None or not amount.minor:
            continue
        is_fee, is_debit = row.get("reason") in _FEES, kind == "DEBIT"
        at = wire.text(row.get("initiated_time"))
        mark = f"dispute:{name}:{kind}:{wire.text(row.get('reason'))}:{at}:{amount.minor}"
        seen[mark] += 1
        found.append(
            DisputeMovement(
                kind=("fee" if is_debit else "fee_returned")
                if is_fee
                else ("withdrawn" if is_debit else "reinstated"),
                amount=amount,
                dedupe=f"{mark}:{seen[mark]}",
                provider_time=wire.moment(row.get("initiated_time")),
                reference=name,
            )
        )
    return tuple(found)
