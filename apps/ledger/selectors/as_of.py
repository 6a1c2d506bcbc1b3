"""What an account held: as of a value date or instant, as of when it was recorded, or both.

"What did we believe on 5 February about 31 January" is ``account_balance_as_of(account,
date(…, 1, 31), recorded_as_of=date(…, 2, 5))``. Every question costs the same whatever was posted
since, back-dated postings included: whole days are kept sums, only the days that a bound cuts are
read posting by posting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from apps.ledger.domain import AccountClass, Side
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Account
from apps.platform.money import Money
from apps.platform.tenant import current_tenant

Bound = date | datetime | None
_SUMS = "SELECT * FROM ledger_sums_as_of_v1(%s::uuid[], %s::date, %s::timestamptz, %s::timestamptz)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an account held. Positive on its normal side.

    ``as_of`` bounds the value date (or, as an instant, when the entry took effect) and
    ``recorded_as_of`` when it was written; ``None`` is no bound, and a day counts to its end in the
    tenant's zone.
    """

    account: str
    as_of: Bound
    recorded_as_of: Bound
    debits: Money
    credits: Money
    balance: Money


def account_balance_as_of(
    account: str, as_of: Bound = None, *, recorded_as_of: Bound = None
) -> Balance:
    """What the account held then, as far as it was recorded by then. ``AccountNotFound``.

    An entry that knows only its value date counts from the start of that day.
    """
    row = Account.objects.filter(code=account).first()
    if row is None:
        raise AccountNotFound(account=account)
    debits_minor, credits_minor = sums_as_of([row.id], as_of, recorded_as_of)[row.id]
    debits, credits = Money(debits_minor, row.currency), Money(credits_minor, row.currency)
    is_debit = AccountClass(row.account_class).normal_side is Side.DEBIT
    return Balance(
        account=account,
        as_of=as_of,
        recorded_as_of=recorded_as_of,
        debits=debits,
        credits=credits,
        balance=debits - credits if is_debit else credits - debits,
    )


def sums_as_of(
    accounts: list[UUID], as_of: Bound, recorded_as_of: Bound
) -> dict[UUID, tuple[int, int]]:
    """Debits and credits, in minor units, of each account."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [accounts, *bounds(as_of, recorded_as_of)])
        return {account: (debits, credits) for account, debits, credits in cursor.fetchall()}


def bounds(
    as_of: Bound, recorded_as_of: Bound
) -> tuple[date | None, datetime | None, datetime | None]:
    """The bounds as the SQL functions take them: value date, effective instant, recorded instant.

    The value date of an instant is its day in the tenant's zone.
    """
    effective_at = as_of if isinstance(as_of, datetime) else None
    value_date = effective_at.astimezone(_zone()).date() if effective_at else as_of
    if recorded_as_of is None or isinstance(recorded_as_of, datetime):
        return value_date, effective_at, recorded_as_of
    return value_date, effective_at, end_of(recorded_as_of)


def end_of(day: date) -> datetime:
    """The last instant of a day in the tenant's zone, to the resolution of the clock."""
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def start_of(day: date) -> datetime:
    """The first instant of a day in the tenant's zone."""
    return datetime.combine(day, time.min, _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(current_tenant().zone)
