"""What the ledger can be asked to do."""

from apps.ledger.services.account_changes import change_account_limits, describe_account
from apps.ledger.services.accounts import change_account_status, open_account
from apps.ledger.services.charts import apply_chart
from apps.ledger.services.dimensions import (
    declare_dimension,
    remove_category,
    remove_dimension,
    save_category,
)
from apps.ledger.services.entries import post_entries, post_entry, reverse_entry
from apps.ledger.services.limits import (
    BalanceMonitorDraft,
    VelocityLimitDraft,
    announce_crossings,
    end_balance_monitor,
    end_velocity_limit,
    set_velocity_limit,
    watch_balance,
)
from apps.ledger.services.reports import start_report
from apps.ledger.services.units import declare_unit, remove_unit

__all__ = [
    "BalanceMonitorDraft",
    "VelocityLimitDraft",
    "announce_crossings",
    "apply_chart",
    "change_account_limits",
    "change_account_status",
    "declare_dimension",
    "declare_unit",
    "describe_account",
    "end_balance_monitor",
    "end_velocity_limit",
    "open_account",
    "post_entries",
    "post_entry",
    "remove_category",
    "remove_dimension",
    "remove_unit",
    "reverse_entry",
    "save_category",
    "set_velocity_limit",
    "start_report",
    "watch_balance",
]
