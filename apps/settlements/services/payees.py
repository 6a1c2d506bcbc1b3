"""Whom we pay, and where to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.identity.selectors import person_of
from apps.identity.services import require_step_up
from apps.ledger.services import open_account
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case
from apps.settlements.domain import (
    COOLING_CHANGED,
    COOLING_NEW,
    DetailsDecision,
    PayeeKind,
    PayoutDetails,
)
from apps.settlements.domain.payout_details import normalised, problems
from apps.settlements.errors import (
    DetailsDecided,
    InvalidDetails,
    NotFound,
    OwnDetails,
    PayeeConflict,
    ReasonMissing,
)
from apps.settlements.events import PayeeDetailsDecided, PayeeDetailsWritten
from apps.settlements.models import Beneficiary, BeneficiaryDecision, Payee
from apps.settlements.services.books import DRIVER_PAYABLES, RESTAURANT_PAYABLES
from apps.settlements.services.editors import person_behind

_HEADERS = {
    PayeeKind.RESTAURANT: RESTAURANT_PAYABLES,
    PayeeKind.DRIVER: DRIVER_PAYABLES,
}


@use_case("settlements.register_payee")
def register_payee(
    *,
    reference: str,
    name: str,
    kind: PayeeKind,
    details: PayoutDetails,
    currency: str,
    actor: Actor,
) -> str:
    """Make sure the payee exists and return the code of its payable account.

    Asking again with the same facts changes nothing; a known reference with another name or kind
    is refused. New details for a known payee are ``change_payee_details``: they are not taken from
    here. Money goes to the details once a second person has verified them and they have cooled.
    """
    details = _checked(reference, details, currency)
    take_turns(f"payee:{reference}")
    payee = Payee.objects.filter(reference=reference).first()
    if payee is not None:
        if (payee.name, payee.kind, payee.currency) != (name, kind, currency):
            raise PayeeConflict(reference=reference)
        audit.nothing_happened()
        return payee.ledger_account
    header = _HEADERS[kind]
    account = f"{header}.{reference}"
    open_account(
        code=account,
        name=name,
        account_class="liability",
        currency=currency,
        parent=header,
        floor_minor=0,
        actor=actor,
    )
    payee = Payee.objects.create(
        reference=reference,
        name=name,
        kind=kind,
        ledger_account=account,
        currency=currency,
        created_at=clock.now(),
    )
    _add_version(payee, details, actor)
    audit.note(public_id("payee", payee.id), reference=reference)
    return account


@use_case("settlements.change_payee_details")
def change_payee_details(*, payee_id: UUID, details: PayoutDetails, actor: Actor) -> int:
    """Write the next version of the payee's payout details and return its number.

    Until a second person has verified it, money goes where it went. Details that equal the newest
    version write nothing.
    """
    payee = Payee.objects.select_for_update().filter(id=payee_id).first()
    if payee is None:
        raise NotFound(what="payee", reference=public_id("payee", payee_id))
    details = _checked(payee.reference, details, payee.currency)
    newest = payee.beneficiaries.latest("version")
    is_refused = newest.decisions.filter(decision=DetailsDecision.REJECT).exists()
    if newest.details == details and not is_refused:
        audit.nothing_happened()
        return newest.version
    version = _add_version(payee, details, actor)
    audit.note(public_id("payee", payee.id), version=version)
    return version


@use_case("settlements.decide_payee_details")
def decide_payee_details(
    *,
    beneficiary_id: UUID,
    decision: DetailsDecision,
    comment: str,
    step_up_at: datetime | None,
    actor: Actor,
) -> None:
    """A second person verifies or rejects details, or lets money go there before they have cooled.

    Each takes a second factor of the last five minutes; rejecting and lifting take a reason.
    Refuses the author, by person, and a second decision. The database refuses the same.
    """
    details = (
        Beneficiary.objects.select_for_update(of=("self",))
        .select_related("payee")
        .filter(id=beneficiary_id)
        .first()
    )
    if details is None:
        raise NotFound(what="payout details", reference=public_id("ben", beneficiary_id))
    if actor.id is None:
        raise ValueError("only a person decides")
    person = person_of(actor.id)
    _check_decision(details, decision, comment, person)
    require_step_up(step_up_at=step_up_at)
    if step_up_at is None:
        raise ValueError("a missing second factor is refused above")
    BeneficiaryDecision.objects.create(
        beneficiary=details,
        decision=decision,
        person=person,
        user_id=actor.id,
        user_name=actor.name,
        comment=comment,
        step_up_at=step_up_at,
        decided_at=clock.now(),
    )
    payee = public_id("payee", details.payee_id)
    record(
        PayeeDetailsDecided(
            payee_id=payee,
            reference=details.payee.reference,
            details_version=details.version,
            decision=decision,
        ),
        aggregate=payee,
    )
    audit.note(payee, version=details.version, decision=decision)


def _check_decision(
    details: Beneficiary, decision: DetailsDecision, comment: str, person: str
) -> None:
    reference = f"{details.payee.reference} version {details.version}"
    if person == details.author_person:
        raise OwnDetails(payee=details.payee.reference)
    said = set(details.decisions.values_list("decision", flat=True))
    is_lift = decision is DetailsDecision.LIFT
    is_verified = DetailsDecision.VERIFY in said
    if decision in said or (said and not is_lift) or (is_lift and not is_verified):
        raise DetailsDecided(details=reference)
    if decision is not DetailsDecision.VERIFY and not comment.strip():
        raise ReasonMissing(reference=reference)


def _checked(payee: str, details: PayoutDetails, currency: str) -> PayoutDetails:
    plain = normalised(details)
    if found := problems(plain, currency):
        raise InvalidDetails(payee=payee, problems=dict(found))
    return plain


def _add_version(payee: Payee, details: PayoutDetails, actor: Actor) -> int:
    version = payee.beneficiaries.count() + 1
    now = clock.now()
    row = Beneficiary.objects.create(
        payee=payee,
        version=version,
        rail=details.rail,
        phone=details.phone,
        account_name=details.account_name,
        iban=details.iban,
        account=details.account,
        bic=details.bic,
        clearing_member=details.clearing_member,
        created_at=now,
        created_by=str(actor),
        author_person=person_behind(actor),
        cools_until=now + (COOLING_NEW if version == 1 else COOLING_CHANGED),
    )
    id = public_id("payee", payee.id)
    record(
        PayeeDetailsWritten(
            payee_id=id,
            reference=payee.reference,
            details_version=version,
            rail=details.rail,
            cools_until=row.cools_until,
        ),
        aggregate=id,
    )
    return version
