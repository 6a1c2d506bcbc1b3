"""What the ledger can be asked about."""

from apps.ledger.selectors.as_of import Balance, account_balance_as_of
from apps.ledger.selectors.chart import (
    AccountRow,
    account_balance,
    accounts,
    balances_below,
)
from apps.ledger.selectors.days import DayRow, days_of
from apps.ledger.selectors.holds import (
    HoldLegRow,
    HoldMovementRow,
    HoldRow,
    hold,
    holds_of_account,
)
from apps.ledger.selectors.journal import (
    EntryRow,
    PostingRow,
    entries,
    entry_of_source,
    journal_entry,
)
from apps.ledger.selectors.modes import (
    Backlog,
    KeptAccount,
    account_keeping,
    backlog,
    has_unfolded,
    hot_accounts,
)
from apps.ledger.selectors.sealing import posting_stop, seal_status
from apps.ledger.selectors.statement import (
    AccountStatement,
    StatementBasis,
    StatementLine,
    account_statement,
)
from apps.ledger.selectors.totals import (
    CurrencyTotal,
    TrialBalance,
    TrialBalanceRow,
    trial_balance,
    trial_balance_from_postings,
)
from apps.ledger.selectors.violations import Mode, books_laws, books_violations

__all__ = [
    "AccountRow",
    "AccountStatement",
    "Backlog",
    "Balance",
    "CurrencyTotal",
    "DayRow",
    "EntryRow",
    "HoldLegRow",
    "HoldMovementRow",
    "HoldRow",
    "KeptAccount",
    "Mode",
    "PostingRow",
    "StatementBasis",
    "StatementLine",
    "TrialBalance",
    "TrialBalanceRow",
    "account_balance",
    "account_balance_as_of",
    "account_keeping",
    "account_statement",
    "accounts",
    "backlog",
    "balances_below",
    "books_laws",
    "books_violations",
    "days_of",
    "entries",
    "entry_of_source",
    "has_unfolded",
    "hold",
    "holds_of_account",
    "hot_accounts",
    "journal_entry",
    "posting_stop",
    "seal_status",
    "trial_balance",
    "trial_balance_from_postings",
]
