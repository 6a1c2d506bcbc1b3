"""Payouts of a provider to our own bank: out of its mirror, in transit, and into the bank's."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from apps.ledger.domain import PostingDraft, credit, debit
from apps.payments.connectors.accounts import AboutBankPayout
from apps.payments.connectors.bank.connector import BankConnector
from apps.payments.domain.balances import WithdrawalStatus
from apps.payments.errors import CallbackContradicts
from apps.payments.events.operators import WithdrawalCame, WithdrawalFailed, WithdrawalLeft
from apps.payments.models import ProviderAccount, Withdrawal
from apps.payments.services.journals import TRANSIT
from apps.payments.services.pay_ins.books import post_source
from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.events import record
from apps.platform.ids import new_id, public_id
from apps.platform.money import Money

_STATUS: Mapping[str, WithdrawalStatus] = {
    "pending": WithdrawalStatus.LEFT,
    "in_transit": WithdrawalStatus.LEFT,
    "paid": WithdrawalStatus.PAID,
    "failed": WithdrawalStatus.FAILED,
    "canceled": WithdrawalStatus.FAILED,
}
#: Where it may go from each; what is told late or twice changes nothing.
_NEXT = {
    WithdrawalStatus.LEFT: (WithdrawalStatus.PAID, WithdrawalStatus.FAILED),
    WithdrawalStatus.PAID: (WithdrawalStatus.FAILED,),
    WithdrawalStatus.FAILED: (),
}
_NEWS: Mapping[WithdrawalStatus, type[WithdrawalLeft | WithdrawalCame | WithdrawalFailed]] = {
    WithdrawalStatus.LEFT: WithdrawalLeft,
    WithdrawalStatus.PAID: WithdrawalCame,
    WithdrawalStatus.FAILED: WithdrawalFailed,
}


def hear_withdrawal(account: ProviderAccount, news: AboutBankPayout, actor: Actor) -> bool:
    """Make true what the provider says; answers whether it was new.

    It leaves our balance there with the first news of it. The bank's mirror is debited when the
    provider says that it is paid, if we know which bank account it goes to; the bank's statement
    proves it. One that failed comes back, also after it had been paid.
    """
    if news.amount.currency != account.currency:
        return False  # another label of ours has that currency
    ProviderAccount.objects.select_for_update().get(id=account.id)
    status = _STATUS[news.status]
    row = Withdrawal.objects.filter(provider_account=account, reference=news.reference).first()
    is_first = row is None
    if row is None:
        if status == WithdrawalStatus.FAILED:
            return False  # it never was in our books
        row = _begin(account, news, actor)
    if row.amount_minor != news.amount.minor:
        raise CallbackContradicts(field="amount")
    if status not in _NEXT[WithdrawalStatus(row.status)]:
        return is_first
    step = _came if status == WithdrawalStatus.PAID else _back
    step(row, news, actor)
    return True


def _begin(account: ProviderAccount, news: AboutBankPayout, actor: Actor) -> Withdrawal:
    id = new_id()
    legs = [
        debit(TRANSIT, news.amount, news.reference),
        credit(account.clearing_account, news.amount),
    ]
    row = Withdrawal.objects.create(
        id=id,
        provider_account=account,
        reference=news.reference,
        amount_minor=news.amount.minor,
        currency=news.amount.currency,
        status=WithdrawalStatus.LEFT,
        bank=_bank_of(account),
        arrival_at=news.arrival_at,
        heard_at=clock.now(),
        left_entry_id=_post(id, "left", account.name, news, legs, actor),
    )
    _tell(row)
    return row


def _came(row: Withdrawal, news: AboutBankPayout, actor: Actor) -> None:
    row.status, row.arrival_at = WithdrawalStatus.PAID, news.arrival_at or row.arrival_at
    bank = ProviderAccount.objects.filter(label=row.bank).first() if row.bank else None
    if bank is not None:
        legs = [
            debit(bank.clearing_account, news.amount),
            credit(TRANSIT, news.amount, row.reference),
        ]
        row.came_entry_id = _post(row.id, "came", row.provider_account.name, news, legs, actor)
    row.save(update_fields=["status", "arrival_at", "came_entry"])
    _tell(row)


def _back(row: Withdrawal, news: AboutBankPayout, actor: Actor) -> None:
    mirror = row.provider_account.clearing_account
    legs = [debit(mirror, news.amount), credit(TRANSIT, news.amount, row.reference)]
    if row.came_entry_id is not None:
        bank = ProviderAccount.objects.get(label=row.bank)
        legs[1] = credit(bank.clearing_account, news.amount)
    row.status = WithdrawalStatus.FAILED
    row.back_entry_id = _post(row.id, "back", row.provider_account.name, news, legs, actor)
    row.save(update_fields=["status", "back_entry"])
    _tell(row)


def _bank_of(account: ProviderAccount) -> str:
    """The bank account it goes to: the only active one of that currency, if there is just one."""
    banks = ProviderAccount.objects.filter(
        connector=BankConnector.code, currency=account.currency, status="active"
    ).values_list("label", flat=True)[:2]
    return banks[0] if len(banks) == 1 else ""


def _post(
    id: UUID,
    what: str,
    name: str,
    news: AboutBankPayout,
    legs: list[PostingDraft],
    actor: Actor,
) -> UUID:
    said = f"Payout of {name} to our bank, {news.reference}: {what}"
    at = news.provider_time or clock.now()
    source = public_id("wdr", id)
    return post_source(f"payments.withdrawal_{what}", source, said, legs, at, actor)


def _tell(row: Withdrawal) -> None:
    name = public_id("wdr", row.id)
    told = _NEWS[WithdrawalStatus(row.status)](
        withdrawal_id=name,
        provider_account=row.provider_account.label,
        provider_reference=row.reference,
        amount=Money(row.amount_minor, row.currency),
        bank=row.bank,
    )
    record(told, aggregate=name, correlation=row.reference)
