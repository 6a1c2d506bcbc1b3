"""The whole book in the order it was sealed, for exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Max, Min

from apps.ledger.domain import AccountClass, Side
from apps.ledger.domain.exports import Book, BookAccount, BookEntry, BookLeg, HeldBalance
from apps.ledger.domain.exports.camt053 import CamtLine, CamtStatement
from apps.ledger.errors import NothingSealed, PeriodBackwards
from apps.ledger.models import Account, BalanceDay, SealBatch
from apps.ledger.selectors.statement import AccountStatement, StatementLine, account_statement
from apps.platform import clock
from apps.platform.currencies import exponent
from apps.platform.ids import new_id, public_id
from apps.platform.tenant import current_tenant

_ENTRIES = """
    SELECT s.number, e.id, e.value_date, e.posted_at, e.kind, e.description, e.source_event,
           e.reverses_id, l.accounts, l.amounts, l.currencies
      FROM ledger_seal s
      JOIN ledger_journal_entry e ON e.id = s.entry_id
      LEFT JOIN LATERAL (
           SELECT array_agg(a.code::text ORDER BY p.leg) AS accounts,
                  array_agg(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END
                            ORDER BY p.leg) AS amounts,
                  array_agg(p.currency::text ORDER BY p.leg) AS currencies
             FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
            WHERE p.entry_id = e.id) l ON true
     WHERE s.number > %s AND s.number <= %s
     ORDER BY s.number
"""
#: The stored balances less what came after the last entry of the book: not a sum of what the book
#: holds, so that it can be compared with that sum. In one statement, whatever is posted meanwhile.
_HELD = """
    SELECT a.code, b.debits_minor - b.credits_minor - coalesce(later.net, 0)
      FROM ledger_account_balance b JOIN ledger_account a ON a.id = b.account_id
      LEFT JOIN (
           SELECT p.account_id,
                  sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END) AS net
             FROM ledger_posting p
            WHERE p.entry_id IN (
                  SELECT entry_id FROM ledger_seal WHERE number > %(last)s
                  UNION ALL
                  SELECT e.id FROM ledger_journal_entry e
                   WHERE NOT EXISTS (SELECT FROM ledger_seal s WHERE s.entry_id = e.id)
                     AND (e.txid >= %(horizon)s::xid8
                          OR %(horizon)s::xid8 > pg_snapshot_xmax(pg_current_snapshot())))
            GROUP BY p.account_id) later ON later.account_id = a.id
     WHERE b.version > 0 ORDER BY a.code
"""


def sealed_book(last: int | None = None, known_until: str = "") -> Book:
    """The book as far as it is sealed now, or up to ``last``. ``NothingSealed`` when no entry is.

    Accounts are those that were known by the time of ``known_until``, a UUIDv7; without it, all.
    """
    if last is None:
        last = SealBatch.objects.aggregate(last=Max("last"))["last"]
    if last is None:
        raise NothingSealed
    boundary = UUID(known_until) if known_until else new_id()
    days = BalanceDay.objects.aggregate(starts=Min("value_date"), ends=Max("value_date"))
    rows = Account.objects.filter(is_header=False, id__lte=boundary).order_by("code")
    tenant = current_tenant()
    accounts = [
        BookAccount(
            code=row.code,
            name=row.name,
            account_class=AccountClass(row.account_class),
            currency=row.currency,
        )
        for row in rows
    ]
    return Book(
        title=tenant.name,
        functional_currency=tenant.functional_currency,
        last=last,
        known_until=boundary,
        starts=days["starts"],
        ends=days["ends"],
        accounts=accounts,
        exponents={account.currency: exponent(account.currency) for account in accounts},
    )


def book_entries(*, after: int, until: int) -> Iterator[BookEntry]:
    """Sealed entries with numbers above ``after`` up to ``until``, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [after, until])
        rows = cursor.fetchall()
    return (_entry(_Sealed(*row)) for row in rows)


class _Sealed(NamedTuple):
    """A row of ``_ENTRIES``."""

    number: int
    id: UUID
    value_date: date
    posted_at: datetime
    kind: str
    description: str
    source_event: str
    reverses: UUID | None
    accounts: list[str]
    amounts: list[int]
    currencies: list[str]


def _entry(row: _Sealed) -> BookEntry:
    return BookEntry(
        number=row.number,
        reference=public_id("je", row.id),
        value_date=row.value_date,
        posted_at=row.posted_at,
        kind=row.kind,
        description=row.description,
        source_event=row.source_event,
        reverses=public_id("je", row.reverses) if row.reverses else "",
        legs=[BookLeg(*leg) for leg in zip(row.accounts, row.amounts, row.currencies, strict=True)],
    )


def held_balances(*, last: int) -> list[HeldBalance]:
    """What the ledger itself kept as each account's balance after the entry numbered ``last``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT horizon::text FROM ledger_seal_batch ORDER BY number DESC LIMIT 1")
        (horizon,) = cursor.fetchone()
        cursor.execute(_HELD, {"last": last, "horizon": horizon})
        return [HeldBalance(code, int(net)) for code, net in cursor.fetchall()]


def camt_statement(*, account: str, starts: date, ends: date) -> CamtStatement:
    """The account's statement for a bank's format; signs as seen from its normal side."""
    if ends < starts:
        raise PeriodBackwards(starts=starts.isoformat(), ends=ends.isoformat())
    pages = list(_pages(account, starts, ends))
    first = pages[0]
    return CamtStatement(
        account=account,
        name=first.name,
        starts=starts,
        ends=ends,
        opening=first.opening,
        closing=first.closing,
        lines=[_camt_line(line, first.normal_side) for page in pages for line in page.lines],
        made_at=clock.now(),
    )


def _pages(account: str, starts: date, ends: date) -> Iterator[AccountStatement]:
    """Every page of one statement."""
    page = account_statement(account, starts, ends)
    yield page
    while page.next is not None:
        page = account_statement(account, starts, ends, after=page.next)
        yield page


def _camt_line(line: StatementLine, normal_side: Side) -> CamtLine:
    return CamtLine(
        reference=public_id("je", line.entry_id),
        effect=line.amount if line.side is normal_side else -line.amount,
        booked_at=line.posted_at,
        value_date=line.value_date,
        text=line.description,
    )
