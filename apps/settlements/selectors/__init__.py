"""What settlements can be asked about. Rows are frozen; models stay inside."""

from apps.settlements.selectors.batches import (
    ApprovalRow,
    BatchRow,
    DisbursementRow,
    batch,
    batches,
    batches_awaiting,
    batches_to_release,
    disbursements_in_transit,
    disbursements_of,
)
from apps.settlements.selectors.breaks import BreakRow, breaks_summary, one_break, open_breaks
from apps.settlements.selectors.floats import FloatRow, float_cover, paying_accounts
from apps.settlements.selectors.payees import PayeeRow, payees
from apps.settlements.selectors.statements import (
    StatementLineRow,
    StatementRow,
    statement,
    statement_lines,
    statements,
)
from apps.settlements.selectors.timeline import TimelineRow, timeline
from apps.settlements.selectors.violations import settlements_violations

__all__ = [
    "ApprovalRow",
    "BatchRow",
    "BreakRow",
    "DisbursementRow",
    "FloatRow",
    "PayeeRow",
    "StatementLineRow",
    "StatementRow",
    "TimelineRow",
    "batch",
    "batches",
    "batches_awaiting",
    "batches_to_release",
    "breaks_summary",
    "disbursements_in_transit",
    "disbursements_of",
    "float_cover",
    "one_break",
    "open_breaks",
    "payees",
    "paying_accounts",
    "settlements_violations",
    "statement",
    "statement_lines",
    "statements",
    "timeline",
]
