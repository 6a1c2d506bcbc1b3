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
from apps.settlements.selectors.calendars import (
    RailTimesRow,
    all_rail_times,
    calendar_days,
    rail_times,
)
from apps.settlements.selectors.details import (
    DetailsRow,
    details_of,
    details_to_verify,
    details_to_verify_count,
)
from apps.settlements.selectors.floats import FloatRow, float_cover, paying_accounts
from apps.settlements.selectors.payees import PayeeFileRow, PayeeRow, payee, payee_file, payees
from apps.settlements.selectors.schedules import (
    ScheduleRow,
    next_runs,
    payee_reserves,
    schedule,
    schedules,
)
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
    "DetailsRow",
    "DisbursementRow",
    "FloatRow",
    "PayeeFileRow",
    "PayeeRow",
    "RailTimesRow",
    "ScheduleRow",
    "StatementLineRow",
    "StatementRow",
    "TimelineRow",
    "all_rail_times",
    "batch",
    "batches",
    "batches_awaiting",
    "batches_to_release",
    "breaks_summary",
    "calendar_days",
    "details_of",
    "details_to_verify",
    "details_to_verify_count",
    "disbursements_in_transit",
    "disbursements_of",
    "float_cover",
    "next_runs",
    "one_break",
    "open_breaks",
    "payee",
    "payee_file",
    "payee_reserves",
    "payees",
    "paying_accounts",
    "rail_times",
    "schedule",
    "schedules",
    "settlements_violations",
    "statement",
    "statement_lines",
    "statements",
    "timeline",
]
