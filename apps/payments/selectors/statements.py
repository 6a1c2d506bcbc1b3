"""The provider's own books, as far as it lets us read them."""

from __future__ import annotations

from datetime import datetime

from apps.payments.connectors.base import StatementSource
from apps.payments.connectors.registry import connector
from apps.payments.domain.receipts import ProviderTransaction
from apps.payments.errors import NoStatementSource, ProviderUnreachable
from apps.payments.selectors.accounts import account_model
from apps.payments.selectors.contexts import context_for


def provider_transactions(
    label: str, *, since: datetime, until: datetime
) -> list[ProviderTransaction]:
    """The provider's lines from ``since`` up to but not at ``until``, in its order.

    Asks the provider, so never within a transaction that holds locks. ``NoStatementSource`` when
    the account has none, ``ProviderUnreachable`` when it cannot be read now.
    """
    account = account_model(label)
    rail = connector(account.connector)
    if not rail.capabilities(account.config).has_statement or not isinstance(rail, StatementSource):
        raise NoStatementSource(account=label)
    try:
        return list(rail.transactions(context_for(account), since, until))
    except ValueError as error:
        raise ProviderUnreachable(account=label, problem=str(error)) from error
