"""What the ledger can be asked to do."""

from apps.ledger.services.account_changes import change_account_limits, describe_account
from apps.ledger.services.accounts import change_account_status, open_account
from apps.ledger.services.approval_rules import save_approval_rule
from apps.ledger.services.balancing import post_up_to_available
from apps.ledger.services.breaker import resume_posting, stop_posting
from apps.ledger.services.charts import apply_chart
from apps.ledger.services.dimensions import (
    declare_dimension,
    remove_category,
    remove_dimension,
    save_category,
)
from apps.ledger.services.entries import post_each, post_entries, post_entry, rehearse_entries
from apps.ledger.services.erasing import erase_metadata, erase_subject
from apps.ledger.services.expiry import expire_holds
from apps.ledger.services.exporting import start_book_export
from apps.ledger.services.fx import (
    approve_rate,
    approve_revaluation,
    convert,
    discard_revaluation,
    draft_revaluation,
    fetch_ecb_rates,
    import_ecb_rates,
    post_revaluation,
    quote_conversion,
    record_provider_rates,
    record_rate,
    refresh_ecb_rates,
    reject_rate,
)
from apps.ledger.services.holds import capture_hold, place_hold, release_hold
from apps.ledger.services.items import (
    ItemRuleDraft,
    ItemShare,
    keep_by_items,
    settle_items,
    undo_settlement,
)
from apps.ledger.services.journal_approvals import (
    decide_journal,
    expire_journals,
    post_journal,
    reverse_due_journals,
    reverse_journal,
)
from apps.ledger.services.limits import (
    BalanceMonitorDraft,
    VelocityLimitDraft,
    announce_crossings,
    end_balance_monitor,
    end_velocity_limit,
    set_velocity_limit,
    watch_balance,
)
from apps.ledger.services.manual_journals import (
    change_journal,
    draft_journal,
    submit_journal,
    withdraw_journal,
)
from apps.ledger.services.modes import change_account_mode, fold_postings
from apps.ledger.services.period_requests import (
    decide_period_request,
    end_period_request,
    request_exception,
    request_reopening,
)
from apps.ledger.services.periods import close_period, open_fiscal_year, set_soft_kinds
from apps.ledger.services.recurring import (
    draft_recurring,
    end_recurring,
    pause_recurring,
    post_due_recurring,
    post_occurrence,
    resume_recurring,
)
from apps.ledger.services.recurring_approvals import approve_recurring
from apps.ledger.services.reports import start_report
from apps.ledger.services.reversals import reverse_entry
from apps.ledger.services.sealing import seal_entries, sign_head
from apps.ledger.services.template_orders import TemplateOrder, post_from_template
from apps.ledger.services.templates import (
    ExampleResult,
    Preview,
    activate_template,
    check_template,
    draft_template,
    preview_template,
    retire_template,
)
from apps.ledger.services.units import declare_unit, remove_unit
from apps.ledger.services.waits import look_at_waits
from apps.ledger.services.years import carry_year_result, take_back_year_result

__all__ = [
    "BalanceMonitorDraft",
    "ExampleResult",
    "ItemRuleDraft",
    "ItemShare",
    "Preview",
    "TemplateOrder",
    "VelocityLimitDraft",
    "activate_template",
    "announce_crossings",
    "apply_chart",
    "approve_rate",
    "approve_recurring",
    "approve_revaluation",
    "capture_hold",
    "carry_year_result",
    "change_account_limits",
    "change_account_mode",
    "change_account_status",
    "change_journal",
    "check_template",
    "close_period",
    "convert",
    "decide_journal",
    "decide_period_request",
    "declare_dimension",
    "declare_unit",
    "describe_account",
    "discard_revaluation",
    "draft_journal",
    "draft_recurring",
    "draft_revaluation",
    "draft_template",
    "end_balance_monitor",
    "end_period_request",
    "end_recurring",
    "end_velocity_limit",
    "erase_metadata",
    "erase_subject",
    "expire_holds",
    "expire_journals",
    "fetch_ecb_rates",
    "fold_postings",
    "import_ecb_rates",
    "keep_by_items",
    "look_at_waits",
    "open_account",
    "open_fiscal_year",
    "pause_recurring",
    "place_hold",
    "post_due_recurring",
    "post_each",
    "post_entries",
    "post_entry",
    "post_from_template",
    "post_journal",
    "post_occurrence",
    "post_revaluation",
    "post_up_to_available",
    "preview_template",
    "quote_conversion",
    "record_provider_rates",
    "record_rate",
    "refresh_ecb_rates",
    "rehearse_entries",
    "reject_rate",
    "release_hold",
    "remove_category",
    "remove_dimension",
    "remove_unit",
    "request_exception",
    "request_reopening",
    "resume_posting",
    "resume_recurring",
    "retire_template",
    "reverse_due_journals",
    "reverse_entry",
    "reverse_journal",
    "save_approval_rule",
    "save_category",
    "seal_entries",
    "set_soft_kinds",
    "set_velocity_limit",
    "settle_items",
    "sign_head",
    "start_book_export",
    "start_report",
    "stop_posting",
    "submit_journal",
    "take_back_year_result",
    "undo_settlement",
    "watch_balance",
    "withdraw_journal",
]
