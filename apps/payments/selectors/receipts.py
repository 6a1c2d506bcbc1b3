"""Reading receipts recorded by hand."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from apps.payments.connectors.cash.connector import CashConnector
from apps.payments.domain.pay_ins import ReceiptRow, ReceiptState
from apps.payments.errors import UnknownReceipt
from apps.payments.models import ManualReceipt, ProviderAccount
from apps.platform.ids import public_id
from apps.platform.storage import TenantStorage

WAITING_MAX = 200


def receipts(*, state: str = "") -> QuerySet[ManualReceipt]:
    """Receipts, to be paged by this app's own entry points."""
    found = ManualReceipt.objects.select_related("provider_account")
    return found.filter(state=state) if state else found


def receipts_to_approve() -> list[ReceiptRow]:
    """Those that wait for a second person, the longest waiting first."""
    found = receipts(state=ReceiptState.RECORDED).order_by("recorded_at", "id")
    return [receipt_row(receipt) for receipt in found[:WAITING_MAX]]


def receipt(receipt_id: UUID) -> ReceiptRow:
    """One receipt, or ``UnknownReceipt``."""
    return receipt_row(_found(receipt_id))


def receipt_evidence(receipt_id: UUID) -> tuple[str, bytes]:
    """The name and the bytes of a receipt's evidence."""
    found = _found(receipt_id)
    with TenantStorage().open(found.evidence) as file:
        return found.evidence.rpartition("/")[2], bytes(file.read())


def cash_accounts() -> list[tuple[str, str]]:
    """Label and name of every account where money is taken by hand."""
    found = ProviderAccount.objects.filter(connector=CashConnector.code, status="active")
    return list(found.order_by("label").values_list("label", "name"))


def receipt_row(found: ManualReceipt) -> ReceiptRow:
    """One receipt; reads its account, so select it along."""
    return ReceiptRow(
        id=found.id,
        provider_account=found.provider_account.label,
        method=found.method,
        number=found.number,
        amount=found.amount,
        received_date=found.received_date,
        account_reference=found.account_reference,
        payer_name=found.payer_name,
        note=found.note,
        state=ReceiptState(found.state),
        evidence=found.evidence,
        evidence_sha256=found.evidence_sha256,
        recorded_by=found.recorded_by,
        recorded_person=found.recorded_person,
        recorded_at=found.recorded_at,
        decided_by=found.decided_by,
        decided_at=found.decided_at,
        decision_reason=found.decision_reason,
        pay_in_id=found.pay_in_id,
    )


def _found(receipt_id: UUID) -> ManualReceipt:
    found = receipts().filter(id=receipt_id).first()
    if found is None:
        raise UnknownReceipt(receipt=public_id("rcp", receipt_id))
    return found
