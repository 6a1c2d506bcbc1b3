"""Whom we pay."""

from __future__ import annotations

import re
from uuid import UUID

from apps.ledger.services import open_account
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.use_cases import use_case
from apps.settlements.domain import PayeeKind
from apps.settlements.errors import InvalidPhone, NotFound, PayeeConflict
from apps.settlements.models import Beneficiary, Payee
from apps.settlements.services.books import DRIVER_PAYABLES, RESTAURANT_PAYABLES

_PHONE = re.compile(r"^254[17]\d{8}$")  # Kenyan numbering plan: mobile numbers, E.164 without plus
_HEADERS = {
    PayeeKind.RESTAURANT: RESTAURANT_PAYABLES,
    PayeeKind.DRIVER: DRIVER_PAYABLES,
}


@use_case("settlements.register_payee")
def register_payee(
    *, reference: str, name: str, kind: PayeeKind, phone: str, currency: str, actor: Actor
) -> str:
    """Make sure the payee exists and return the code of its payable account.

    Asking again with the same facts changes nothing; a known reference with another name or kind
    is refused. A new phone for a known payee is ``change_payee_phone``: it is not taken from here.
    """
    _check_phone(reference, phone)
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
    _add_version(payee, phone, actor)
    audit.note(public_id("payee", payee.id), reference=reference)
    return account


@use_case("settlements.change_payee_phone")
def change_payee_phone(*, payee_id: UUID, phone: str, actor: Actor) -> int:
    """Write the next version of the payee's payout details and return its number."""
    payee = Payee.objects.select_for_update().filter(id=payee_id).first()
    if payee is None:
        raise NotFound(what="payee", reference=public_id("payee", payee_id))
    _check_phone(payee.reference, phone)
    version = _add_version(payee, phone, actor)
    audit.note(public_id("payee", payee.id), version=version)
    return version


def _check_phone(payee: str, phone: str) -> None:
    if not _PHONE.match(phone):
        raise InvalidPhone(payee=payee)


def _add_version(payee: Payee, phone: str, actor: Actor) -> int:
    version = payee.beneficiaries.count() + 1
    Beneficiary.objects.create(
        payee=payee,
        version=version,
        phone=phone,
        created_at=clock.now(),
        created_by=str(actor),
    )
    return version
