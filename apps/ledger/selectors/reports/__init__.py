"""Reports: documents computed from the books, the same on screen, in files and over the API."""

from collections.abc import Callable
from dataclasses import replace

from apps.ledger.errors import ReportTooLong
from apps.ledger.selectors.reports.balance_sheet import balance_sheet
from apps.ledger.selectors.reports.clearing import (
    clearing_report,
    clearing_size,
    open_items_report,
    open_items_size,
)
from apps.ledger.selectors.reports.general_ledger import general_ledger, general_ledger_size
from apps.ledger.selectors.reports.income_statement import income_statement
from apps.ledger.selectors.reports.questions import Question
from apps.ledger.selectors.reports.statement import statement_days, statement_report
from apps.ledger.selectors.reports.trial_balance import trial_balance_report
from apps.platform.documents import Document

#: What is answered at once; more is written as a file by a worker.
LINES_AT_ONCE_MAX = 5000

REPORTS: dict[str, Callable[[Question], Document]] = {
    "trial-balance": trial_balance_report,
    "balance-sheet": balance_sheet,
    "income-statement": income_statement,
    "general-ledger": general_ledger,
    "account-statement": statement_report,
    "open-items": open_items_report,
    "clearing": clearing_report,
}


def _statement_size(question: Question) -> int:
    starts, ends = statement_days(question)
    return general_ledger_size(replace(question, starts=starts, ends=ends))


#: Reports that grow with the books, and how many lines they would have.
_SIZES: dict[str, Callable[[Question], int]] = {
    "account-statement": _statement_size,
    "general-ledger": general_ledger_size,
    "open-items": open_items_size,
    "clearing": clearing_size,
}


def report_size(name: str, question: Question) -> int:
    """How many lines the report would have; none when it does not grow with the books."""
    size = _SIZES.get(name)
    return size(question) if size else 0


def is_long(name: str, question: Question) -> bool:
    """Whether the report had better be written by a worker."""
    return report_size(name, question) > LINES_AT_ONCE_MAX


def report(name: str, question: Question) -> Document:
    """The report of that name, short enough to be answered at once; or ``ReportTooLong``."""
    if is_long(name, question):
        raise ReportTooLong(limit=LINES_AT_ONCE_MAX)
    return REPORTS[name](question)


__all__ = ["LINES_AT_ONCE_MAX", "REPORTS", "Question", "is_long", "report", "report_size"]
