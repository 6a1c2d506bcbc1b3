"""Sending an approved batch on its way."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.ledger.domain import EntryDraft, credit, debit
from apps.ledger.services import post_entries
from apps.payments.domain import BankPayee, payout_clearing_key
from apps.payments.services import create_payout_attempt
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.settlements.domain import BatchState, DetailsState, DisbursementState, Rail
from apps.settlements.errors import DetailsNotUsable, FloatShort
from apps.settlements.events import BatchReleased
from apps.settlements.models import Batch, Disbursement, FloatPosition
from apps.settlements.selectors.details import payable_details
from apps.settlements.selectors.floats import IN_TRANSIT, float_cover
from apps.settlements.services.locking import locked_batch
from apps.settlements.services.transitions import move, move_lines


@use_case("settlements.release_batch")
def release_batch(*, batch_id: UUID, actor: Actor) -> None:
    """Reserve the money of every line and hand each to payments, all or nothing.

    The amount moves from the payee's payable to payouts in transit; the float must cover the batch
    and everything still in transit, or the release is refused with ``FloatShort``. Payouts leave
    after this transaction has been committed.
    """
    batch = locked_batch(batch_id)
    FloatPosition.objects.select_for_update().get(provider_account=batch.provider_account)
    move(batch, BatchState.RELEASED, actor)
    _check_float(batch)
    batch.released_at = clock.now()
    batch.save(update_fields=["state", "released_at"])
    lines = list(batch.disbursements.select_related("payee", "beneficiary").order_by("id"))
    _check_details(lines, batch.released_at)
    move_lines(batch, DisbursementState.RESERVED, actor)
    for line in lines:
        _hand_over(line, batch, actor)
    record(
        BatchReleased(
            batch_id=public_id("bat", batch.id),
            reference=batch.reference,
            lines=batch.line_count,
            total=Money(batch.total_minor, batch.currency),
        ),
        aggregate=public_id("bat", batch.id),
    )
    post_entries(drafts=dict(_reservation(line) for line in lines), actor=actor)
    audit.note(public_id("bat", batch.id), total_minor=batch.total_minor)


def _check_float(batch: Batch) -> None:
    available = float_cover(provider_account=batch.provider_account).available
    if available.minor < batch.total_minor:
        raise FloatShort(
            provider_account=batch.provider_account,
            available_minor=available.minor,
            needed_minor=batch.total_minor,
            currency=batch.currency,
        )


def _check_details(lines: list[Disbursement], at: datetime) -> None:
    """Details that changed or were not verified since the draft are refused before the database."""
    payable = payable_details({line.payee_id for line in lines}, at=at)
    for line in lines:
        details, state = payable.get(line.payee_id, (None, DetailsState.UNVERIFIED))
        if details is not None and details.id != line.beneficiary_id:
            state = DetailsState.SUPERSEDED
        if state is not DetailsState.USABLE:
            raise DetailsNotUsable(payee=line.payee.reference, state=state)


def _bank_payee(line: Disbursement) -> BankPayee | None:
    details = line.beneficiary.details
    if details.rail is not Rail.BANK:
        return None
    return BankPayee(
        name=details.account_name,
        iban=details.iban,
        account=details.account,
        bic=details.bic,
        clearing_member=details.clearing_member,
        text=line.reference,
    )


def _reservation(line: Disbursement) -> tuple[str, EntryDraft]:
    """From the payee's payable to payouts in transit, under its idempotency key."""
    amount = Money(line.amount_minor, line.currency)
    name = f"{public_id('dsb', line.id)}:reserved"
    draft = EntryDraft(
        description=f"Reserve {line.reference} for {line.payee.name}",
        value_date=clock.today(current_tenant().zone),
        kind="settlements.payout_reserved",
        source_event=name,
        postings=[
            debit(line.payee.ledger_account, amount),
            credit(IN_TRANSIT, amount, payout_clearing_key(line.id)),
        ],
    )
    return name, draft


def _hand_over(line: Disbursement, batch: Batch, actor: Actor) -> None:
    """Payments queues the payout; a worker sends it once this transaction is kept."""
    create_payout_attempt(
        payout_ref=line.id,
        amount=Money(line.amount_minor, line.currency),
        phone=line.beneficiary.phone,
        payee=_bank_payee(line),
        debit_account=IN_TRANSIT,
        provider_account=batch.provider_account,
        idempotency_key=f"{public_id('dsb', line.id)}:1",
        actor=actor,
    )
