"""The statement of one account, as its owner is given it."""

from __future__ import annotations

from datetime import date, timedelta

from apps.ledger.domain import Side
from apps.ledger.selectors.chart import account_balance
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.words import about, days
from apps.ledger.selectors.statement import StatementLine, account_statement
from apps.platform import clock
from apps.platform.documents import Cell, Column, Document, Line, Section
from apps.platform.ids import public_id
from apps.platform.tenant import current_tenant

COLUMNS = (
    Column("value_date", "Value date", "date"),
    Column("entry", "Entry", "code", 4),
    Column("description", "Description", "text", 8),
    Column("debit", "Debit", "amount"),
    Column("credit", "Credit", "amount"),
    Column("balance", "Balance", "amount"),
)
#: Without a first day, a statement begins this long before its last.
SPAN = timedelta(days=30)


def statement_report(question: Question) -> Document:
    """Opening balance, postings by value date, closing balance; ``AccountNotFound`` without one.

    Balances are positive on the account's normal side, and tie out to the unit.
    """
    question.check()
    account = account_balance(question.account)
    starts, ends = statement_days(question)
    told = account_statement(account.account, starts, ends)
    moves, after = list(told.lines), told.next
    while after:
        page = account_statement(account.account, starts, ends, after=after)
        moves.extend(page.lines)
        after = page.next
    lines = [
        Line(_cells("Opening balance", told.opening), weight="header"),
        *(_line(line) for line in moves),
        Line(_cells("Closing balance", told.closing), weight="total"),
    ]
    moved = moves[-1].balance if moves else told.opening
    ties = moved == told.closing
    return Document(
        name="account-statement",
        title=f"Statement of {account.account}",
        columns=COLUMNS,
        sections=[Section(f"{account.account} {account.name}", account.currency, lines)],
        about=about(("Account", account.name), days(starts, ends)),
        checks=[
            (
                ties,
                "Opening and movements make closing." if ties else "The balances do not tie out.",
            )
        ],
    )


def statement_days(question: Question) -> tuple[date, date]:
    """The first and the last day of the statement that is asked for."""
    ends = question.ends or clock.today(current_tenant().zone)
    return question.starts or ends - SPAN, ends


def _line(line: StatementLine) -> Line:
    reference = public_id("je", line.entry_id)
    both = [line.amount if line.side is side else None for side in (Side.DEBIT, Side.CREDIT)]
    cells: list[Cell] = [line.value_date, reference, line.description, *both, line.balance]
    return Line(cells, about=("entry", reference))


def _cells(what: str, balance: Cell) -> list[Cell]:
    return [None, "", what, None, None, balance]
