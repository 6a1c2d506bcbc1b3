"""From what is owed to a batch that can be decided on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from apps.ledger.selectors import balances_below
from apps.payments.selectors import payout_policy
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case
from apps.settlements.domain import (
    BatchState,
    DetailsState,
    DisbursementState,
    PayoutPolicy,
    PayoutTerms,
    Rail,
    payable_now,
)
from apps.settlements.domain.calendars import held_back
from apps.settlements.errors import ForbiddenTransition, NothingToPay
from apps.settlements.models import Batch, Beneficiary, Disbursement, Payee
from apps.settlements.selectors.details import payable_details
from apps.settlements.services.books import DRIVER_PAYABLES, RESTAURANT_PAYABLES
from apps.settlements.services.editors import note_editor, person_behind
from apps.settlements.services.locking import locked_disbursement
from apps.settlements.services.numbering import next_reference
from apps.settlements.services.reserves import hold_reserves, reserves_of

#: What payments calls the kinds of payee our rails reach.
PARTIES = {Rail.PHONE: "phone", Rail.BANK: "bank_account"}

_NO_TERMS = PayoutTerms()
_NOT_YET_RESERVED = (
    DisbursementState.DRAFT,
    DisbursementState.AWAITING_APPROVAL,
    DisbursementState.APPROVED,
)


@use_case("settlements.draft_payables_batch")
def draft_payables_batch(
    *, provider_account: str, currency: str, actor: Actor, terms: PayoutTerms = _NO_TERMS
) -> UUID:
    """Gather everything owed to restaurants and drivers into an open batch and return its id.

    Amounts already in a batch that is not yet reserved are left out, so nothing is drafted twice;
    so are payees whose details are not verified, still cooling, or of a kind the account does not
    reach. What is held in reserve waits for its day; of what is new, ``terms`` hold a part back.
    Refuses with ``NothingToPay`` when no payee is owed at least the rail's minimum.
    """
    rail = payout_policy(provider_account=provider_account, currency=currency)
    policy = PayoutPolicy(
        step_minor=rail.step_minor,
        min_minor=max(rail.min_minor, terms.min_payout_minor),
        max_minor=rail.max_minor,
    )
    due = _due(currency, policy, rail.parties, terms.reserve_bps)
    if not due:
        raise NothingToPay(currency=currency)
    reference = next_reference(Batch, "BAT")
    person = person_behind(actor)
    now = clock.now()
    batch = Batch.objects.create(
        reference=reference,
        provider_account=provider_account,
        currency=currency,
        line_count=len(due),
        total_minor=sum(line.amount_minor for line in due),
        maker_id=actor.id,
        maker_name=actor.name,
        maker_person=person,
        editors=[person],
        created_at=now,
    )
    Disbursement.objects.bulk_create(
        Disbursement(
            reference=f"{reference.replace('BAT', 'DSB')}-{number:03d}",
            batch=batch,
            payee=line.payee,
            beneficiary=line.details,
            amount_minor=line.amount_minor,
            currency=currency,
            created_at=now,
        )
        for number, line in enumerate(due, start=1)
    )
    held = {line.payee.id: line.reserve_minor for line in due}
    hold_reserves(batch, held, terms.reserve_days)
    audit.note(public_id("bat", batch.id), lines=len(due), total_minor=batch.total_minor)
    return batch.id


@use_case("settlements.drop_line")
def drop_line(*, disbursement_id: UUID, actor: Actor) -> None:
    """Take a line out of an open batch. Its amount stays owed and comes up again."""
    line = locked_disbursement(disbursement_id)
    batch = line.batch
    if batch.state != BatchState.OPEN:
        raise ForbiddenTransition(
            what="batch", reference=batch.reference, from_state=batch.state, to_state="changed"
        )
    batch.line_count -= 1
    batch.total_minor -= line.amount_minor
    note_editor(batch, actor)
    batch.save(update_fields=["line_count", "total_minor", "editors"])
    audit.note(public_id("bat", batch.id), dropped=line.reference)
    line.delete()


@dataclass(frozen=True, slots=True)
class _Line:
    """What one payee gets now, where, and what of it is held back."""

    payee: Payee
    details: Beneficiary
    amount_minor: int
    reserve_minor: int


def _due(
    currency: str, policy: PayoutPolicy, parties: frozenset[str], reserve_bps: int
) -> list[_Line]:
    """Each payee with where and what can be paid now, payees locked in primary-key order."""
    owed = {
        row.account: row.balance.minor
        for header in (RESTAURANT_PAYABLES, DRIVER_PAYABLES)
        for row in balances_below(header)
        if row.balance.currency == currency
    }
    payees = list(
        Payee.objects.select_for_update()
        .filter(ledger_account__in=[code for code, minor in owed.items() if minor > 0])
        .order_by("id")
    )
    usable = _usable_details(payees, parties)
    taken = dict(
        Disbursement.objects.filter(payee__in=usable, state__in=_NOT_YET_RESERVED)
        .order_by()
        .values_list("payee_id")
        .annotate(total=Sum("amount_minor"))
        .values_list("payee_id", "total")
    )
    reserves = reserves_of(usable)
    due = []
    for payee in payees:
        details = usable.get(payee.id)
        if details is None:
            continue
        held, free = reserves.get(payee.id, (0, 0))
        base = owed[payee.ledger_account] - taken.get(payee.id, 0) - held
        reserve = held_back(max(base - free, 0), reserve_bps)
        amount = payable_now(base - reserve, policy)
        if amount:
            due.append(_Line(payee, details, amount, reserve))
    return due


def _usable_details(payees: list[Payee], parties: frozenset[str]) -> dict[UUID, Beneficiary]:
    payable = payable_details([payee.id for payee in payees], at=clock.now())
    return {
        payee_id: details
        for payee_id, (details, state) in payable.items()
        if state is DetailsState.USABLE and PARTIES[Rail(details.rail)] in parties
    }
