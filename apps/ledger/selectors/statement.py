"""The statement of an account: what moved in a window, between two balances that tie out.

By value date (what counted when) or by when it was recorded (what we wrote when). All of a page is
read in one statement, so that opening balance, lines and closing balance are of one moment; pages
of one statement are bound to what was recorded when the first was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.core import signing
from django.db import connection

from apps.ledger.domain import AccountClass, Side
from apps.ledger.errors import AccountNotFound
from apps.ledger.models import Account
from apps.ledger.selectors.as_of import Bound, bounds, end_of, start_of
from apps.platform import clock
from apps.platform.errors import UnknownCursor
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id

#: The most lines of one page.
STATEMENT_LINES_MAX = 10_000

_OF_VALUE = """
    SELECT * FROM ledger_posting WHERE account_id = %(account)s
       AND value_date BETWEEN %(from_date)s AND %(to_date)s
       AND posted_at <= coalesce(%(recorded)s::timestamptz, 'infinity')
"""
#: The cube names the value dates under which something was recorded in the window.
_OF_RECORDING = """
    SELECT p.* FROM (
           SELECT DISTINCT value_date FROM ledger_balance_day WHERE account_id = %(account)s
              AND recorded_date BETWEEN (%(starts)s::timestamptz AT TIME ZONE 'UTC')::date
                                    AND (%(ends)s::timestamptz AT TIME ZONE 'UTC')::date) d
      JOIN ledger_posting p ON p.account_id = %(account)s AND p.value_date = d.value_date
       AND p.posted_at BETWEEN %(starts)s AND %(ends)s AND p.account_version IS NOT NULL
    UNION ALL
    SELECT * FROM ledger_posting WHERE account_id = %(account)s AND account_version IS NULL
       AND posted_at BETWEEN %(starts)s AND %(ends)s
"""
_PAGE = """
    WITH opening AS MATERIALIZED (
        SELECT * FROM ledger_sums_as_of_v1(ARRAY[%(account)s]::uuid[], {opening})
    ), closing AS MATERIALIZED (
        SELECT * FROM ledger_sums_as_of_v1(ARRAY[%(account)s]::uuid[], {closing})
    ), line AS MATERIALIZED (
        SELECT l.entry_id, l.leg, e.kind, e.description, e.source_event, l.value_date,
               e.effective_at, l.posted_at, l.side, l.amount_minor
          FROM ({lines}) l JOIN ledger_journal_entry e ON e.id = l.entry_id
         {beyond} ORDER BY {order} LIMIT %(most)s
    )
    SELECT opening.debits_minor, opening.credits_minor, closing.debits_minor,
           closing.credits_minor, line.*
      FROM opening CROSS JOIN closing LEFT JOIN line ON true ORDER BY {order}
"""


class StatementBasis(StrEnum):
    """By which clock a statement is cut and ordered."""

    VALUE = "value"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One posting of the account and the running balance after it, on the normal side."""

    entry_id: UUID
    leg: int
    kind: str
    description: str
    source_event: str
    value_date: date
    effective_at: datetime | None
    posted_at: datetime
    side: Side
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatement:
    """What moved on an account from one day to another, both included.

    ``opening + debits - credits = closing`` on a debit account, the other way round on a credit
    account; all four are of the whole window, whichever page this is, and say what was recorded by
    ``recorded_as_of``. ``next`` is the cursor of the next page, if there is one.
    """

    account: str
    name: str
    account_class: AccountClass
    currency: str
    normal_side: Side
    basis: StatementBasis
    from_date: date
    to_date: date
    recorded_as_of: datetime
    opening: Money
    debits: Money
    credits: Money
    closing: Money
    lines: tuple[StatementLine, ...]
    next: str | None


class _Row(NamedTuple):
    """As the query answers; without a line the last ten are empty."""

    opening_debits: int
    opening_credits: int
    closing_debits: int
    closing_credits: int
    entry_id: UUID
    leg: int
    kind: str
    description: str
    source_event: str
    value_date: date
    effective_at: datetime | None
    posted_at: datetime
    side: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class _Window:
    """What is asked, and how it is read and ordered."""

    account: Account
    basis: StatementBasis
    from_date: date
    to_date: date
    recorded: datetime | None

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that order the lines; together they name one posting."""
        by_recording = ("posted_at", "entry_id", "leg")
        return by_recording if self._is_recorded else ("value_date", *by_recording)

    @property
    def salt(self) -> str:
        """A cursor is good for this statement alone."""
        asked = (self.account.id, self.basis, self.from_date, self.to_date)
        return ":".join(map(str, ("statement", current_tenant_id(), *asked)))

    def query(self, *, is_first: bool) -> str:
        """The statement that reads one page."""
        column = {"entry_id": "uuid", "leg": "int", "value_date": "date"}
        keys = ", ".join(
            f"%(after_{name})s::{column.get(name, 'timestamptz')}" for name in self.order
        )
        order = ", ".join(f"l.{name}" for name in self.order)
        by_recording = ("NULL, NULL, %(before)s", "NULL, NULL, %(ends)s")
        by_value = (
            "%(from_date)s::date - 1, NULL, %(recorded)s",
            "%(to_date)s, NULL, %(recorded)s",
        )
        opening, closing = by_recording if self._is_recorded else by_value
        return _PAGE.format(
            opening=opening,
            closing=closing,
            lines=_OF_RECORDING if self._is_recorded else _OF_VALUE,
            beyond="" if is_first else f"WHERE ({order}) > ({keys})",
            order=", ".join(self.order),
        )

    def arguments(self) -> dict[str, Any]:
        """What the query's names stand for, but for the cursor."""
        known = self.recorded or datetime.max.replace(tzinfo=UTC)
        return {
            "account": self.account.id,
            "from_date": self.from_date,
            "to_date": self.to_date,
            "recorded": self.recorded,
            "before": min(end_of(self.from_date - timedelta(days=1)), known),
            "starts": start_of(self.from_date),
            "ends": min(end_of(self.to_date), known),
        }

    @property
    def _is_recorded(self) -> bool:
        return self.basis is StatementBasis.RECORDED


def account_statement(  # noqa: PLR0913  what is asked, each by name
    account: str,
    from_date: date,
    to_date: date,
    *,
    basis: StatementBasis = StatementBasis.VALUE,
    recorded_as_of: Bound = None,
    after: str | None = None,
    limit: int = STATEMENT_LINES_MAX,
) -> AccountStatement:
    """At most ``limit`` lines of the account's postings in the window, with balances that tie out.

    With ``recorded_as_of`` it is the statement as it would have been printed then. ``after`` is
    ``next`` of the page before. ``AccountNotFound``, ``UnknownCursor``; ``ValueError`` when the
    window ends before it starts.
    """
    if to_date < from_date:
        raise ValueError("a statement ends on the day it starts, or later")
    about = Account.objects.filter(code=account).first()
    if about is None:
        raise AccountNotFound(account=account)
    _, _, recorded = bounds(None, recorded_as_of)
    window = _Window(about, basis, from_date, to_date, recorded)
    made_at, balance_minor = clock.now(), None
    key: dict[str, Any] = {}
    if after:
        made_at, key, balance_minor = _opened(after, window)
        window = _Window(about, basis, from_date, to_date, made_at)
    with connection.cursor() as cursor:
        arguments = window.arguments() | key | {"most": limit + 1}
        cursor.execute(window.query(is_first=not after), arguments)
        rows = [_Row(*row) for row in cursor.fetchall()]
    return _statement(window, rows, window.recorded or made_at, balance_minor, limit)


def _statement(
    window: _Window,
    rows: list[_Row],
    recorded_as_of: datetime,
    balance_minor: int | None,
    limit: int,
) -> AccountStatement:
    about, first = window.account, rows[0]
    side = AccountClass(about.account_class).normal_side
    opening = side.sign * (first.opening_debits - first.opening_credits)
    closing = side.sign * (first.closing_debits - first.closing_credits)
    found = [row for row in rows if row.entry_id is not None]
    lines = _lines(found[:limit], about, side, opening if balance_minor is None else balance_minor)
    return AccountStatement(
        account=about.code,
        name=about.name,
        account_class=AccountClass(about.account_class),
        currency=about.currency,
        normal_side=side,
        basis=window.basis,
        from_date=window.from_date,
        to_date=window.to_date,
        recorded_as_of=recorded_as_of,
        opening=Money(opening, about.currency),
        debits=Money(first.closing_debits - first.opening_debits, about.currency),
        credits=Money(first.closing_credits - first.opening_credits, about.currency),
        closing=Money(closing, about.currency),
        lines=tuple(lines),
        next=_sealed(window, lines[-1], recorded_as_of) if len(found) > limit else None,
    )


def _lines(rows: list[_Row], about: Account, normal: Side, minor: int) -> list[StatementLine]:
    """With the running balance, from ``minor`` on."""
    lines = []
    for row in rows:
        side = Side.of_letter(row.side)
        minor += normal.sign * side.sign * row.amount_minor
        lines.append(
            StatementLine(
                entry_id=row.entry_id,
                leg=row.leg,
                kind=row.kind,
                description=row.description,
                source_event=row.source_event,
                value_date=row.value_date,
                effective_at=row.effective_at,
                posted_at=row.posted_at,
                side=side,
                amount=Money(row.amount_minor, about.currency),
                balance=Money(minor, about.currency),
            )
        )
    return lines


def _sealed(window: _Window, last: StatementLine, recorded_as_of: datetime) -> str:
    """The cursor after this line: where it stands, its balance, and what the pages are bound to."""
    key = [str(getattr(last, name)) for name in window.order]
    return signing.dumps([recorded_as_of.isoformat(), key, last.balance.minor], salt=window.salt)


def _opened(text: str, window: _Window) -> tuple[datetime, dict[str, Any], int]:
    try:
        recorded, key, balance_minor = signing.loads(text, salt=window.salt)
    except signing.BadSignature:
        raise UnknownCursor from None
    named = {f"after_{name}": value for name, value in zip(window.order, key, strict=True)}
    return datetime.fromisoformat(recorded), named, balance_minor
