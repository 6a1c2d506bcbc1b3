"""Taking in a pay-in: once by its receipt, booked at once, used where it certainly belongs.

Confirmations, pulled lines, statement lines and receipts recorded by hand all come here. Lock order
is as everywhere in payments: intent, attempt, ledger; a receipt's own lock comes last.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import DatabaseError, IntegrityError, transaction

from apps.payments.connectors.accounts import AboutPayIn
from apps.payments.connectors.base import ProviderFact, Result
from apps.payments.connectors.registry import connector
from apps.payments.domain import phones
from apps.payments.domain.merging import EventKind
from apps.payments.domain.pay_ins import Certainty, Paid, certainty
from apps.payments.domain.states import AttemptState, Operation, Outcome
from apps.payments.errors import CallbackContradicts
from apps.payments.events import PayInReceived
from apps.payments.models import (
    Attempt,
    Callback,
    PayIn,
    PaymentEvent,
    PaymentIntent,
    ProviderAccount,
)
from apps.payments.selectors.payables import payable_of, payables_named
from apps.payments.services.learning import Lesson, learn, locked_attempt
from apps.payments.services.pay_ins.books import book_pay_in
from apps.payments.services.pay_ins.using import apply
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import new_id, public_id

#: What payment events call the sources of pay-ins.
_SOURCES = {
    "callback": "callback",
    "pull": "query",
    "statement": "statement",
    "operator": "operator",
}
_RECEIPT_IN_BOOKS = "PM020"
EXACT = "reference+amount"


def take_pay_in(
    account: ProviderAccount,
    news: AboutPayIn,
    *,
    source: str,
    actor: Actor,
    callback: Callback | None = None,
) -> bool:
    """Within a use case: make the pay-in ours. True if it was new.

    A receipt that a payment or another message brought before changes nothing; with another amount
    it is ``CallbackContradicts``. A confirmation of a prompt's payment is evidence about that
    attempt, and no pay-in.
    """
    if news.amount.currency != account.currency:
        raise CallbackContradicts(field="currency")
    if news.amount.minor <= 0 or not news.reference:
        raise CallbackContradicts(field="amount")
    if _is_known(account, news):
        return False
    attempt = _meant_attempt(account, news)
    if attempt is not None:
        return learn(attempt, _evidence(news, source, actor, callback))
    return _write(account, news, source, actor, callback)


def _is_known(account: ProviderAccount, news: AboutPayIn) -> bool:
    """A pay-in or a payment has brought this receipt."""
    known = PayIn.objects.filter(provider_account=account, receipt=news.reference).first()
    if known is not None:
        if known.amount_minor != news.amount.minor:
            raise CallbackContradicts(field="amount")
        return True
    return PaymentEvent.objects.filter(
        provider_account=account,
        provider_reference=news.reference,
        kind=EventKind.SUCCEEDED,
        booked_minor__gt=0,
    ).exists()


def _meant_attempt(account: ProviderAccount, news: AboutPayIn) -> Attempt | None:
    """The prompt this is the payment of, locked: its own key, amount and payer, and no receipt yet.

    A rail that confirms every payment confirms those of prompts as well.
    """
    if not news.account_reference or not news.payer:
        return None
    found = Attempt.objects.filter(
        provider_account=account,
        provider_key=news.account_reference,
        operation=Operation.PURCHASE,
        amount_minor=news.amount.minor,
        sent_at__isnull=False,
    ).first()
    if found is None or not phones.fits(news.payer, found.phone):
        return None
    attempt = locked_attempt(found.id)
    return None if attempt.state == AttemptState.SUCCEEDED else attempt


def _evidence(news: AboutPayIn, source: str, actor: Actor, callback: Callback | None) -> Lesson:
    fact = ProviderFact(
        EventKind.SUCCEEDED,
        dedupe=f"receipt:{news.reference}",
        amount=news.amount,
        reference=news.reference,
        provider_time=news.provider_time,
    )
    return Lesson(
        result=Result(Outcome.SUCCEEDED, {"receipt": news.reference}, (fact,)),
        source=_SOURCES[source],
        actor=actor,
        callback=callback,
    )


def _write(
    account: ProviderAccount,
    news: AboutPayIn,
    source: str,
    actor: Actor,
    callback: Callback | None,
) -> bool:
    intent, sure = _owner(news)
    id = new_id()
    try:
        with transaction.atomic():
            pay_in = PayIn.objects.create(
                id=id,
                provider_account=account,
                receipt=news.reference,
                amount_minor=news.amount.minor,
                left_minor=news.amount.minor,
                currency=news.amount.currency,
                account_reference=news.account_reference[:100],
                payer=_shown(news.payer),
                payer_name=str(news.data.get("payer_name", ""))[:100],
                suspense_account=account.suspense_account,
                source=source,
                callback=callback,
                doubt="" if sure.payment else sure.why,
                paid_at=news.provider_time,
                received_at=clock.now(),
                entry_id=book_pay_in(
                    id, account, news.amount, news.reference, news.provider_time, actor
                ),
                data=dict(news.data),
            )
    except IntegrityError:
        if PayIn.objects.filter(provider_account=account, receipt=news.reference).exists():
            return False
        raise
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") == _RECEIPT_IN_BOOKS:
            return False
        raise
    _announce(pay_in)
    if intent is not None:
        apply(pay_in, intent, rule=EXACT, reason="", actor=actor)
    return True


def _owner(news: AboutPayIn) -> tuple[PaymentIntent | None, Certainty]:
    """The payment it certainly belongs to, locked and looked at again under the lock."""
    paid = Paid(news.amount, news.account_reference, news.payer, news.provider_time)
    sure = certainty(paid, payables_named(news.account_reference, news.amount.currency))
    if sure.payment is None:
        return None, sure
    intent = PaymentIntent.objects.select_for_update().get(id=sure.payment.id)
    again = certainty(paid, [payable_of(intent)])
    return (intent if again.payment else None), replace(sure, payment=again.payment, why=again.why)


def _shown(payer: str) -> str:
    """The payer as the provider shows it; a number shown whole is masked."""
    return phones.masked(payer) if payer.isdigit() else payer[:64]


def _announce(pay_in: PayIn) -> None:
    account, amount = pay_in.provider_account, pay_in.amount
    tariff = connector(account.connector).tariff(account.config)
    name = public_id("pin", pay_in.id)
    record(
        PayInReceived(
            pay_in_id=name,
            amount=amount,
            provider_reference=pay_in.receipt,
            provider_account=account.label,
            account_reference=pay_in.account_reference,
            payer_masked=pay_in.payer,
            learnt_from=pay_in.source,
            expected_fee=tariff.pay_in_fee(amount) if tariff else None,
        ),
        aggregate=name,
        correlation=pay_in.receipt,
    )
