"""What became of the payouts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from apps.ledger.domain import EntryDraft, PostingDraft, credit, debit
from apps.ledger.selectors import account_balance
from apps.ledger.services import post_entry
from apps.payments.domain import payout_clearing_key
from apps.payments.selectors import payout_outcome
from apps.payments.selectors import provider_account as payments_account
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
from apps.platform.use_cases import use_case
from apps.settlements.domain import BatchState, BreakKind, Difference, DisbursementState
from apps.settlements.events import DisbursementFailed, DisbursementPaid
from apps.settlements.models import Batch, Disbursement
from apps.settlements.selectors.floats import IN_TRANSIT
from apps.settlements.services.breaks import open_break
from apps.settlements.services.locking import locked_disbursement
from apps.settlements.services.transitions import move

#: A payout whose event has not arrived by then is asked about directly.
FOLLOW_UP_AFTER = timedelta(seconds=20)
FOLLOW_UP_BATCH = 100
_FINISHED = (DisbursementState.PAID, DisbursementState.FAILED, DisbursementState.CANCELLED)


@use_case("settlements.note_payout_paid")
def note_payout_paid(*, disbursement_id: UUID, provider_reference: str, actor: Actor) -> None:
    """The provider proved the payment. Hearing it again changes nothing.

    A payment proved after a definite failure is a late success: the amount had gone back to the
    payee's payable, so it is taken out again and a break tells a person.
    """
    line = locked_disbursement(disbursement_id)
    if line.state == DisbursementState.PAID:
        audit.nothing_happened()
        return
    is_late = line.state == DisbursementState.FAILED
    move(line, DisbursementState.PAID, actor, "late success" if is_late else "")
    line.provider_reference = provider_reference
    line.finished_at = clock.now()
    line.save(update_fields=["state", "provider_reference", "finished_at"])
    if is_late:
        _post_back(line, actor, to_payee=False)
        _raise_late_success(line)
    record(
        DisbursementPaid(
            disbursement_id=public_id("dsb", line.id),
            reference=line.reference,
            payee=line.payee.reference,
            amount=Money(line.amount_minor, line.currency),
            provider_reference=provider_reference,
        ),
        aggregate=public_id("dsb", line.id),
    )
    _close_batch(line.batch, actor)
    audit.note(public_id("dsb", line.id), provider_reference=provider_reference)


@use_case("settlements.note_payout_failed")
def note_payout_failed(*, disbursement_id: UUID, code: str, actor: Actor) -> None:
    """The provider proved that it did not pay: the amount is owed to the payee again."""
    line = locked_disbursement(disbursement_id)
    if line.state in _FINISHED:
        audit.nothing_happened()
        return
    move(line, DisbursementState.FAILED, actor, code)
    line.failure_code = code[:60]
    line.finished_at = clock.now()
    line.save(update_fields=["state", "failure_code", "finished_at"])
    _post_back(line, actor, to_payee=True)
    record(
        DisbursementFailed(
            disbursement_id=public_id("dsb", line.id),
            reference=line.reference,
            payee=line.payee.reference,
            amount=Money(line.amount_minor, line.currency),
            code=code,
        ),
        aggregate=public_id("dsb", line.id),
    )
    _close_batch(line.batch, actor)
    audit.note(public_id("dsb", line.id), code=code)


@use_case("settlements.note_payout_unknown")
def note_payout_unknown(*, disbursement_id: UUID, actor: Actor) -> None:
    """Nobody knows yet whether the provider paid. The money stays in transit."""
    line = locked_disbursement(disbursement_id)
    if line.state != DisbursementState.RESERVED:
        audit.nothing_happened()
        return
    move(line, DisbursementState.UNKNOWN, actor)
    line.save(update_fields=["state"])
    audit.note(public_id("dsb", line.id))


def follow_up_payouts() -> int:
    """Ask payments about disbursements in transit whose events are late. Returns how many moved."""
    waiting = Disbursement.objects.filter(
        state__in=[DisbursementState.RESERVED, DisbursementState.UNKNOWN],
        batch__released_at__lt=clock.now() - FOLLOW_UP_AFTER,
    ).order_by("created_at")[:FOLLOW_UP_BATCH]
    moved = 0
    for line in waiting:
        outcome = payout_outcome(payout_ref=line.id)
        match outcome.state:
            case "succeeded":
                note_payout_paid(
                    disbursement_id=line.id,
                    provider_reference=outcome.provider_reference,
                    actor=SYSTEM,
                )
            case "declined" | "failed":
                note_payout_failed(disbursement_id=line.id, code=outcome.code, actor=SYSTEM)
            case "unknown" | "investigate" if line.state == DisbursementState.RESERVED:
                note_payout_unknown(disbursement_id=line.id, actor=SYSTEM)
            case _:
                continue
        moved += 1
    return moved


def _post_back(line: Disbursement, actor: Actor, *, to_payee: bool) -> None:
    """Between payouts in transit and the payee's payable."""
    amount = Money(line.amount_minor, line.currency)
    name = public_id("dsb", line.id)
    kind = "settlements.payout_failed" if to_payee else "settlements.payout_late_success"
    key = payout_clearing_key(line.id)
    legs = (
        [debit(IN_TRANSIT, amount, key), credit(line.payee.ledger_account, amount)]
        if to_payee
        else [*_taken_back(line, amount), credit(IN_TRANSIT, amount, key)]
    )
    said = "Not paid, owed again" if to_payee else "Paid after all"
    post_entry(
        draft=EntryDraft(
            description=f"{said}: {line.reference}",
            value_date=clock.today(current_tenant().zone),
            kind=kind,
            source_event=f"{name}:{kind}",
            postings=legs,
        ),
        idempotency_key=f"{name}:{kind}",
        actor=actor,
    )


def _taken_back(line: Disbursement, amount: Money) -> list[PostingDraft]:
    """From the payee's payable what it still holds; what was paid again meanwhile is suspense."""
    payee = line.payee.ledger_account
    held = max(account_balance(payee).balance.minor, 0)
    rest = Money(max(amount.minor - held, 0), amount.currency)
    suspense = payments_account(label=line.batch.provider_account).suspense_account
    legs = [(payee, amount - rest), (suspense, rest)]
    return [debit(account, part) for account, part in legs if part]


def _raise_late_success(line: Disbursement) -> None:
    open_break(
        Difference(
            kind=BreakKind.LATE_SUCCESS,
            provider_account=line.batch.provider_account,
            amount=Money(line.amount_minor, line.currency),
            explanation=f"{line.reference} was reported failed and paid afterwards.",
            dedupe_key=f"late:{line.id}",
        )
    )


def _close_batch(batch: Batch, actor: Actor) -> None:
    """A released batch is over when none of its lines is on the way any more."""
    states = set(batch.disbursements.values_list("state", flat=True))
    if batch.state not in (BatchState.RELEASED, BatchState.CLOSED_WITH_EXCEPTIONS):
        return
    if not states <= {*_FINISHED}:
        return
    end = (
        BatchState.SETTLED
        if states == {DisbursementState.PAID}
        else BatchState.CLOSED_WITH_EXCEPTIONS
    )
    if batch.state != end:
        move(batch, end, actor)
        batch.closed_at = clock.now()
        batch.save(update_fields=["state", "closed_at"])
