"""What came to an address of the account: found whom it concerns, and handed on.

News that names nothing of ours is ignored: one provider account may serve more than this house, or
another currency of ours under another label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from apps.payments.connectors.accounts import (
    AboutAttempt,
    AboutBalance,
    AboutBankPayout,
    AboutDispute,
    AboutPayIn,
    AccountWebhookReader,
)
from apps.payments.connectors.base import RawCallback
from apps.payments.connectors.registry import connector
from apps.payments.models import Attempt, Callback, ProviderAccount
from apps.payments.selectors.contexts import context_for
from apps.payments.services.balances import hear_balance
from apps.payments.services.disputing import hear_dispute
from apps.payments.services.learning import Lesson, hear, locked_attempt
from apps.payments.services.pay_ins import take_pay_in
from apps.payments.services.withdrawals import hear_withdrawal
from apps.platform.actors import Actor


def hear_news(row: Callback, actor: Actor) -> bool:
    """Make true what a stored callback of an account says; answers whether any of it was new."""
    account = row.provider_account
    rail = connector(account.connector)
    if not isinstance(rail, AccountWebhookReader):
        raise TypeError(f"{rail.code} does not call accounts back")
    raw = RawCallback(row.kind, bytes(row.body), row.headers)
    is_new = False
    for news in rail.read_event(context_for(account), raw):
        handler = HANDLERS.get(type(news))
        is_new = (handler is not None and handler(row, news, actor)) or is_new
    return is_new


def attempt_named(account: ProviderAccount, news: AboutAttempt) -> UUID | None:
    """The attempt that the news is about; nothing if it is none of ours, or not one alone."""
    ours = Attempt.objects.filter(provider_account=account)
    if news.operation is not None:
        ours = ours.filter(operation=news.operation)
    if news.attempt_id is not None:
        found = ours.filter(id=news.attempt_id)
    elif news.provider_key:
        found = ours.filter(provider_key=news.provider_key)
    elif news.refs:
        found = ours.filter(provider_refs__contains=dict(news.refs))
    else:
        return None
    ids = list(found.values_list("id", flat=True)[:2])
    return ids[0] if len(ids) == 1 else None


def _hear_attempt(row: Callback, news: AboutAttempt, actor: Actor) -> bool:
    attempt_id = attempt_named(row.provider_account, news)
    if attempt_id is None:
        return False
    return hear(locked_attempt(attempt_id), Lesson(news.result, "callback", actor, row))


def _hear_dispute(row: Callback, news: AboutDispute, actor: Actor) -> bool:
    return hear_dispute(row.provider_account, news, actor, row)


def _hear_pay_in(row: Callback, news: AboutPayIn, actor: Actor) -> bool:
    return take_pay_in(row.provider_account, news, source="callback", actor=actor, callback=row)


def _hear_balance(row: Callback, news: AboutBalance, _actor: Actor) -> bool:
    return hear_balance(row.provider_account, news.readings)


def _hear_withdrawal(row: Callback, news: AboutBankPayout, actor: Actor) -> bool:
    return hear_withdrawal(row.provider_account, news, actor)


#: By the kind of news; what is not listed is of no interest.
HANDLERS: Mapping[type, Callable[[Callback, Any, Actor], bool]] = {
    AboutAttempt: _hear_attempt,
    AboutBalance: _hear_balance,
    AboutBankPayout: _hear_withdrawal,
    AboutDispute: _hear_dispute,
    AboutPayIn: _hear_pay_in,
}
