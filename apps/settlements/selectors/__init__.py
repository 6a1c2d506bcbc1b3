"""What settlements can be asked about. Rows are frozen; models stay inside."""

from apps.settlements.selectors.batches import (
    BatchRow,
    DisbursementRow,
    batch,
    batches,
    batches_awaiting,
    disbursements_of,
)
from apps.settlements.selectors.breaks import BreakRow, break_row, open_breaks
from apps.settlements.selectors.payees import PayeeRow, payees
from apps.settlements.selectors.statements import StatementRow, statements
from apps.settlements.selectors.timeline import TimelineRow, timeline
from apps.settlements.selectors.violations import settlements_violations

__all__ = [
    "BatchRow",
    "BreakRow",
    "DisbursementRow",
    "PayeeRow",
    "StatementRow",
    "TimelineRow",
    "batch",
    "batches",
    "batches_awaiting",
    "break_row",
    "disbursements_of",
    "open_breaks",
    "payees",
    "settlements_violations",
    "statements",
    "timeline",
]
