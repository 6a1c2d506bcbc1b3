"""From what is owed to a batch that can be decided on."""

from __future__ import annotations

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
    Rail,
    payable_now,
)
from apps.settlements.errors import ForbiddenTransition, NothingToPay
from apps.settlements.models import Batch, Beneficiary, Disbursement, Payee
from apps.settlements.selectors.details import payable_details
from apps.settlements.services.books import DRIVER_PAYABLES, RESTAURANT_PAYABLES
from apps.settlements.services.editors import note_editor, person_behind
from apps.settlements.services.locking import locked_disbursement
from apps.settlements.services.numbering import next_reference

#: What payments calls the kinds of payee our rails reach.
PARTIES = {Rail.PHONE: "phone", Rail.BANK: "bank_account"}

_NOT_YET_RESERVED = (
    DisbursementState.DRAFT,
    DisbursementState.AWAITING_APPROVAL,
    DisbursementState.APPROVED,
)


@use_case("settlements.draft_payables_batch")
def draft_payables_batch(*, provider_account: str, currency: str, actor: Actor) -> UUID:
    """Gather everything owed to restaurants and drivers into an open batch and return its id.

    Amounts already in a batch that is not yet reserved are left out, so nothing is drafted twice;
    so are payees whose details are not verified, still cooling, or of a kind the account does not
    reach.
    Refuses with ``NothingToPay`` when no payee is owed at least the rail's minimum.
    """
    rail = payout_policy(provider_account=provider_account, currency=currency)
    policy = PayoutPolicy(
        step_minor=rail.step_minor, min_minor=rail.min_minor, max_minor=rail.max_minor
    )
    due = _due(currency, policy, rail.parties)
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
        total_minor=sum(amount for _, _, amount in due),
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
            payee=payee,
            beneficiary=details,
            amount_minor=amount_minor,
            currency=currency,
            created_at=now,
        )
        for number, (payee, details, amount_minor) in enumerate(due, start=1)
    )
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


def _due(
    currency: str, policy: PayoutPolicy, parties: frozenset[str]
) -> list[tuple[Payee, Beneficiary, int]]:
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
    usable = {
        payee_id: details
        for payee_id, (details, state) in payable_details(
            [payee.id for payee in payees], at=clock.now()
        ).items()
        if state is DetailsState.USABLE and PARTIES[Rail(details.rail)] in parties
    }
    taken = dict(
        Disbursement.objects.filter(payee__in=usable, state__in=_NOT_YET_RESERVED)
        .order_by()
        .values_list("payee_id")
        .annotate(total=Sum("amount_minor"))
        .values_list("payee_id", "total")
    )
    due = []
    for payee in payees:
        details = usable.get(payee.id)
        amount = payable_now(owed[payee.ledger_account] - taken.get(payee.id, 0), policy)
        if details is not None and amount:
            due.append((payee, details, amount))
    return due
