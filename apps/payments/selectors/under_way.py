"""What may be in the provider's books and not in ours yet, of one provider account."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Sum

from apps.ledger.selectors import account_balance
from apps.payments.connectors.registry import connector
from apps.payments.domain.states import LIVE_ATTEMPTS, SENDABLE, TAKES, Direction
from apps.payments.models import Attempt, PayIn, PaymentEvent, ProviderAccount
from apps.platform.money import Money

#: Has left us, and its outcome is open.
_OPEN = [state.value for state in LIVE_ATTEMPTS if state not in SENDABLE]


def under_way(account: ProviderAccount) -> tuple[int, int]:
    """Minor units that may be coming and going: attempts that left, of which no proof has come."""
    found = Attempt.objects.filter(provider_account=account, state__in=_OPEN).aggregate(
        coming=Sum("amount_minor", filter=Q(operation__in=TAKES)),
        going=Sum("amount_minor", filter=Q(direction=Direction.OUT)),
    )
    return found["coming"] or 0, found["going"] or 0


def fees_not_booked(account: ProviderAccount) -> int:
    """Fees that the tariff promises and neither an event nor a statement has booked.

    Accounts may share one expense account, so all of them are counted together.
    """
    sharing = list(ProviderAccount.objects.filter(fee_account=account.fee_account))
    expected = sum(_expected(one) for one in sharing)
    kept = _sum(PaymentEvent.objects.filter(provider_account__in=sharing), "fee_minor")
    booked = account_balance(account.fee_account).balance.minor
    return max(expected - (booked - kept), 0)


def _expected(account: ProviderAccount) -> int:
    events = PaymentEvent.objects.filter(provider_account=account, fee_minor=0)
    promised = _sum(events.exclude(booked_minor=0), "fee_expected_minor")
    tariff = connector(account.connector).tariff(account.config)
    if tariff is None:
        return promised
    came = _sum(PayIn.objects.filter(provider_account=account), "amount_minor")
    return promised + tariff.pay_in_fee(Money(came, account.currency)).minor


def _sum(rows: QuerySet[Any], column: str) -> int:
    return rows.aggregate(sum=Sum(column))["sum"] or 0
