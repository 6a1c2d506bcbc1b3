"""Reading provider accounts."""

from __future__ import annotations

from apps.payments.connectors.registry import connector
from apps.payments.domain.receipts import PayoutPolicy, ProviderAccountRow
from apps.payments.domain.states import Operation
from apps.payments.errors import UnknownProviderAccount
from apps.payments.models import ProviderAccount


def provider_accounts() -> list[ProviderAccountRow]:
    """Every provider account, by label."""
    return [_row(account) for account in ProviderAccount.objects.order_by("label")]


def provider_account(*, label: str) -> ProviderAccountRow:
    """The account of that label, or ``UnknownProviderAccount``."""
    return _row(account_model(label))


def payout_policy(*, provider_account: str, currency: str) -> PayoutPolicy:
    """The amounts one payout from that account may have."""
    account = account_model(provider_account)
    capabilities = connector(account.connector).capabilities(account.config)
    policy = capabilities.amounts.get((Operation.PAYOUT, currency))
    if policy is None:
        raise UnknownProviderAccount(account=f"{provider_account} for payouts in {currency}")
    return PayoutPolicy(
        step_minor=policy.step,
        min_minor=policy.least,
        max_minor=policy.most,
        parties=capabilities.parties.get(Operation.PAYOUT, frozenset({"phone"})),
    )


def account_model(label: str) -> ProviderAccount:
    """The row, for selectors of this app."""
    account = ProviderAccount.objects.filter(label=label).first()
    if account is None:
        raise UnknownProviderAccount(account=label)
    return account


def _row(account: ProviderAccount) -> ProviderAccountRow:
    return ProviderAccountRow(
        id=account.id,
        label=account.label,
        name=account.name,
        connector=account.connector,
        environment=account.environment,
        currency=account.currency,
        status=account.status,
        clearing_account=account.clearing_account,
        fee_account=account.fee_account,
        suspense_account=account.suspense_account,
    )
