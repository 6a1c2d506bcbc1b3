"""The general ledger: every posting of every account, between what it held before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from apps.ledger.domain import AccountClass
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.words import about, days
from apps.platform.documents import Cell, Column, Document, Line, Section
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id

COLUMNS = (
    Column("value_date", "Value date", "date"),
    Column("entry", "Entry", "code", 5),
    Column("kind", "Kind", "text", 4),
    Column("description", "Description", "text", 8),
    Column("debit", "Debit", "amount"),
    Column("credit", "Credit", "amount"),
    Column("balance", "Balance", "amount"),
)

#: Accounts at or below a code, in one currency if asked for.
_ACCOUNTS = """
    WITH RECURSIVE wanted AS (
        SELECT a.* FROM ledger_account a WHERE a.tenant = %(tenant)s
           AND (%(account)s = '' AND a.parent_id IS NULL OR a.code = %(account)s)
        UNION ALL
        SELECT a.* FROM ledger_account a JOIN wanted w ON a.parent_id = w.id
    )
    SELECT id, code, name, account_class, currency FROM wanted
     WHERE NOT is_header AND (%(currency)s = '' OR currency = %(currency)s) ORDER BY code
"""
#: A posting's own answer to a dimension is its account's, or else its entry's.
_ANSWERS = """
    (%(dimension)s = '' OR coalesce(a.dimensions ->> %(dimension)s,
                                    e.metadata -> 'dimensions' ->> %(dimension)s) = %(answer)s)
"""
_POSTINGS = f"""
    SELECT p.value_date, e.id, e.kind, e.description, p.side, p.amount_minor
      FROM ledger_posting p
      JOIN ledger_journal_entry e ON e.id = p.entry_id
      JOIN ledger_account a ON a.id = p.account_id
     WHERE p.account_id = %(id)s AND p.value_date BETWEEN %(starts)s AND %(ends)s AND {_ANSWERS}
     ORDER BY p.value_date, p.posted_at, p.entry_id, p.leg
"""  # noqa: S608  our own text
_BEFORE = """
    SELECT coalesce(sum(debits_minor - credits_minor), 0)::bigint
         + (SELECT coalesce(sum(CASE side WHEN 'D' THEN amount_minor ELSE -amount_minor END), 0)
              FROM ledger_posting WHERE account_id = %(id)s AND account_version IS NULL
                                    AND value_date < %(starts)s)::bigint
      FROM ledger_balance_day WHERE account_id = %(id)s AND value_date < %(starts)s
"""
_BEFORE_ANSWERING = f"""
    SELECT coalesce(sum(CASE p.side WHEN 'D' THEN p.amount_minor ELSE -p.amount_minor END),
                    0)::bigint
      FROM ledger_posting p
      JOIN ledger_journal_entry e ON e.id = p.entry_id
      JOIN ledger_account a ON a.id = p.account_id
     WHERE p.account_id = %(id)s AND p.value_date < %(starts)s AND {_ANSWERS}
"""  # noqa: S608  likewise
_COUNT = """
    SELECT count(*) FROM ledger_posting
     WHERE account_id = ANY(%s) AND value_date BETWEEN %s AND %s
"""
ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class _Account:
    id: Any
    code: str
    name: str
    account_class: str
    currency: str

    @property
    def sign(self) -> int:
        return AccountClass(self.account_class).normal_side.sign


def general_ledger(question: Question) -> Document:
    """A section for each account that moved, or holds anything: opening, postings, closing.

    Balances are positive on the account's normal side. The sections are read while they are
    written, so the whole of a large ledger never stands in memory.
    """
    question.check()
    narrowed = f"{question.dimension} is {question.answer}" if question.dimension else ""
    return Document(
        name="general-ledger",
        title="General ledger",
        columns=COLUMNS,
        sections=_sections(question),
        about=about(
            days(question.starts, question.ends),
            ("Accounts", question.account and f"{question.account} and below"),
            ("Only where", narrowed),
        ),
    )


def general_ledger_size(question: Question) -> int:
    """How many postings it would show, dimensions not considered."""
    ids = [account.id for account in _accounts(question)]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [ids, question.starts or date.min, question.ends or date.max])
        return int(cursor.fetchone()[0])


def _accounts(question: Question) -> list[_Account]:
    asked: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "account": question.account,
        "currency": question.currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, asked)
        return [_Account(*row) for row in cursor.fetchall()]


def _sections(question: Question) -> Iterator[Section]:
    for account in _accounts(question):
        asked: dict[str, Any] = {
            "id": account.id,
            "starts": question.starts or date.min,
            "ends": question.ends or date.max,
            "dimension": question.dimension,
            "answer": question.answer,
        }
        with connection.cursor() as cursor:
            cursor.execute(_BEFORE_ANSWERING if question.dimension else _BEFORE, asked)
            opening = account.sign * int(cursor.fetchone()[0])
            cursor.execute(_POSTINGS, asked)
            rows = cursor.fetchmany(ROWS_AT_ONCE)
            if opening or rows:
                lines = _lines(account, opening, rows, cursor)
                yield Section(f"{account.code} {account.name}", account.currency, lines)


def _lines(account: _Account, opening: int, rows: list[Any], cursor: Any) -> Iterator[Line]:
    def money(minor: int) -> Money:
        return Money(minor, account.currency)

    place = ("account", account.code)
    yield Line(_cells("Opening balance", None, None, money(opening)), place, weight="header")
    balance, sums = opening, {"D": 0, "C": 0}
    while rows:
        for value_date, entry, kind, description, side, amount in rows:
            sums[side] += amount
            balance += account.sign * (amount if side == "D" else -amount)
            both = [money(amount) if side == one else None for one in "DC"]
            reference = public_id("je", entry)
            cells = [value_date, reference, kind, description, *both, money(balance)]
            yield Line(cells, ("entry", reference))
        rows = cursor.fetchmany(ROWS_AT_ONCE)
    last = _cells("Closing balance", money(sums["D"]), money(sums["C"]), money(balance))
    yield Line(last, place, weight="total")


def _cells(what: str, debits: Money | None, credits: Money | None, balance: Money) -> list[Cell]:
    return [None, "", "", what, debits, credits, balance]
