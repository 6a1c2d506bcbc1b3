"""What settlements can be asked to do."""

from apps.settlements.services.approvals import decide_batch
from apps.settlements.services.books import prepare_books
from apps.settlements.services.breaks import resolve_break, take_break
from apps.settlements.services.drafting import draft_payables_batch, drop_line
from apps.settlements.services.expectations import expect_movement
from apps.settlements.services.importing import import_bank_file, import_statement
from apps.settlements.services.outcomes import (
    follow_up_payouts,
    note_payout_failed,
    note_payout_paid,
    note_payout_unknown,
)
from apps.settlements.services.payee_files import import_payees
from apps.settlements.services.payees import (
    change_payee_details,
    decide_payee_details,
    register_payee,
)
from apps.settlements.services.release import release_batch
from apps.settlements.services.schedules import (
    ScheduleDraft,
    end_schedule,
    make_schedule,
    run_due_schedules,
    run_schedule,
    say_of_day,
    set_rail_times,
)
from apps.settlements.services.submitting import submit_batch
from apps.settlements.services.taking import take_break_as_pay_in

__all__ = [
    "ScheduleDraft",
    "change_payee_details",
    "decide_batch",
    "decide_payee_details",
    "draft_payables_batch",
    "drop_line",
    "end_schedule",
    "expect_movement",
    "follow_up_payouts",
    "import_bank_file",
    "import_payees",
    "import_statement",
    "make_schedule",
    "note_payout_failed",
    "note_payout_paid",
    "note_payout_unknown",
    "prepare_books",
    "register_payee",
    "release_batch",
    "resolve_break",
    "run_due_schedules",
    "run_schedule",
    "say_of_day",
    "set_rail_times",
    "submit_batch",
    "take_break",
    "take_break_as_pay_in",
]
