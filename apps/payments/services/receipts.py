"""Receipts recorded by hand: one person records, another approves, then it is in the books."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from apps.payments.connectors.accounts import AboutPayIn
from apps.payments.connectors.cash.connector import CashConnector, methods
from apps.payments.domain.pay_ins import ReceiptDraft, ReceiptState
from apps.payments.errors import (
    AlreadyDecided,
    ReceiptTaken,
    ReceiptUnsound,
    UnknownProviderAccount,
    UnknownReceipt,
    UseReasonMissing,
)
from apps.payments.models import ManualReceipt, PayIn, ProviderAccount
from apps.payments.services.evidence import checked_evidence
from apps.payments.services.pay_ins.intake import take_pay_in
from apps.payments.services.persons import person_behind, second_person
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import new_id, public_id
from apps.platform.storage import TenantStorage
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case


@use_case("payments.record_receipt")
def record_receipt(
    *, draft: ReceiptDraft, evidence_name: str, evidence: bytes, actor: Actor
) -> UUID:
    """Keep a receipt and its evidence for another person to approve; nothing is booked yet.

    The same number of the same method is ``ReceiptTaken`` until it is cancelled.
    """
    account = _account(draft)
    suffix = checked_evidence(evidence_name, evidence)
    id = new_id()
    digest = hashlib.sha256(evidence).hexdigest()
    try:
        with transaction.atomic():
            receipt = ManualReceipt.objects.create(
                id=id,
                provider_account=account,
                method=draft.method,
                number=draft.number.strip(),
                amount_minor=draft.amount.minor,
                currency=draft.amount.currency,
                received_date=draft.received_date,
                account_reference=draft.account_reference.strip(),
                payer_name=draft.payer_name.strip(),
                note=draft.note.strip(),
                evidence=f"receipts/{public_id('rcp', id)}{suffix}",
                evidence_sha256=digest,
                recorded_person=person_behind(actor),
                recorded_by=str(actor),
                recorded_at=clock.now(),
            )
    except IntegrityError:
        raise ReceiptTaken(number=draft.number) from None
    TenantStorage().save(receipt.evidence, ContentFile(evidence))
    audit.note(public_id("rcp", id), method=draft.method, amount_minor=draft.amount.minor)
    return id


@use_case("payments.approve_receipt")
def approve_receipt(*, receipt_id: UUID, actor: Actor) -> UUID:
    """Let a receipt into the books, as another person than the one who recorded it.

    It becomes a pay-in, used at once where it names one open payment exactly. Returns the pay-in;
    approving again is ``AlreadyDecided``.
    """
    receipt = _open(receipt_id)
    person = second_person(actor, receipt.recorded_person, public_id("rcp", receipt.id))
    account = receipt.provider_account
    take_pay_in(account, _news(receipt), source="operator", actor=actor)
    pay_in = PayIn.objects.get(provider_account=account, receipt=_name(receipt))
    receipt.pay_in = pay_in
    _decide(receipt, ReceiptState.APPROVED, person, actor, "")
    audit.note(public_id("rcp", receipt.id), pay_in=public_id("pin", pay_in.id))
    return pay_in.id


@use_case("payments.cancel_receipt")
def cancel_receipt(*, receipt_id: UUID, reason: str, actor: Actor) -> None:
    """Give a receipt up that was not approved; anybody may, also whoever recorded it."""
    receipt = _open(receipt_id)
    if not reason.strip():
        raise UseReasonMissing
    _decide(receipt, ReceiptState.CANCELLED, person_behind(actor), actor, reason.strip()[:300])
    audit.note(public_id("rcp", receipt.id))


def _account(draft: ReceiptDraft) -> ProviderAccount:
    account = ProviderAccount.objects.filter(label=draft.provider_account, status="active").first()
    if account is None or account.connector != CashConnector.code:
        raise UnknownProviderAccount(account=draft.provider_account)
    problems = {
        "method": draft.method not in methods(account.config) and "is not taken at this account",
        "amount": (draft.amount.minor <= 0 or draft.amount.currency != account.currency)
        and f"is a positive amount of {account.currency}",
        "number": not draft.number.strip() and "is missing",
        "received_date": draft.received_date > clock.today(current_tenant().zone)
        and "is in the future",
    }
    for field, problem in problems.items():
        if problem:
            raise ReceiptUnsound(field=field, problem=str(problem))
    return account


def _news(receipt: ManualReceipt) -> AboutPayIn:
    """The receipt as a pay-in: paid at noon of its day, or now when that is still to come."""
    noon = datetime.combine(receipt.received_date, time(12), ZoneInfo(current_tenant().zone))
    return AboutPayIn(
        dedupe=_name(receipt),
        amount=receipt.amount,
        reference=_name(receipt),
        account_reference=receipt.account_reference,
        payer="",
        provider_time=min(noon.astimezone(UTC), clock.now()),
        data={"payer_name": receipt.payer_name, "receipt": public_id("rcp", receipt.id)},
    )


def _name(receipt: ManualReceipt) -> str:
    """What a receipt is called in the books: cash 12 is not cheque 12, nor the one cancelled."""
    return public_id("rcp", receipt.id)


def _open(receipt_id: UUID) -> ManualReceipt:
    receipt = (
        ManualReceipt.objects.select_for_update(of=("self",))
        .select_related("provider_account")
        .filter(id=receipt_id)
        .first()
    )
    if receipt is None:
        raise UnknownReceipt(receipt=public_id("rcp", receipt_id))
    if receipt.state != ReceiptState.RECORDED:
        raise AlreadyDecided(thing=public_id("rcp", receipt.id), state=receipt.state)
    return receipt


def _decide(
    receipt: ManualReceipt, state: ReceiptState, person: str, actor: Actor, reason: str
) -> None:
    receipt.state, receipt.decided_person, receipt.decided_by = state, person, str(actor)
    receipt.decided_at, receipt.decision_reason = clock.now(), reason
    receipt.save(
        update_fields=[
            "state", "decided_person", "decided_by", "decided_at", "decision_reason", "pay_in",
        ]
    )  # fmt: skip
