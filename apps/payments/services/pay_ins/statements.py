"""A line of a provider's statement that nobody can explain is a pay-in nobody told us of."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.payments.connectors.accounts import AboutPayIn
from apps.payments.errors import UnknownProviderAccount
from apps.payments.models import PayIn, ProviderAccount
from apps.payments.services.pay_ins.intake import take_pay_in
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.money import Money
from apps.platform.use_cases import use_case


@use_case("payments.take_statement_line")
def take_statement_line(  # noqa: PLR0913  the facts of a line, each by name
    *,
    provider_account: str,
    reference: str,
    amount: Money,
    paid_at: datetime,
    account_reference: str,
    payer_name: str,
    actor: Actor,
) -> UUID | None:
    """Make a statement's line a pay-in by its receipt; returns the pay-in's id.

    Nothing is returned where the line turned out to be evidence of a payment that was asked for.
    A line that is a pay-in already changes nothing.
    """
    account = ProviderAccount.objects.filter(label=provider_account).first()
    if account is None:
        raise UnknownProviderAccount(account=provider_account)
    news = AboutPayIn(
        dedupe=f"statement:{reference}",
        amount=amount,
        reference=reference,
        account_reference=account_reference,
        payer="",
        provider_time=paid_at,
        data={"payer_name": payer_name},
    )
    take_pay_in(account, news, source="statement", actor=actor)
    audit.note(reference, account=provider_account)
    found = PayIn.objects.filter(provider_account=account, receipt=reference).first()
    return found.id if found else None
