"""The order of refusals: an entry that deserves several gets the first of these.

Within a stage the order is that of the errors here; among equal ones the earliest leg. All that is
wrong with the legs is told beside the first. Up to the limits ``tests/ledger/test_precedence.py``
tries every pair; which of several guards of what was written speaks first is not promised. Written
down for readers in ``ERRORS.md``.
"""

from __future__ import annotations

from apps.ledger.errors import chart, items, journals, limits, periods, posting, reversals, seal
from apps.ledger.errors.templates import TemplateNotActive
from apps.platform.errors import DomainError

#: Stage by stage, as ``services/posting.py`` and the functions of ``sql/`` look.
PRECEDENCE: tuple[tuple[str, tuple[type[DomainError], ...]], ...] = (
    (
        "The draft by itself",
        (
            posting.ReservedKind,
            posting.TooFewPostings,
            posting.TooManyPostings,
            posting.AmountNotPositive,
            posting.ReservedAccount,
            posting.UnbalancedEntry,
        ),
    ),
    ("Approvals", (journals.ApprovalRequired,)),
    ("The key", (posting.IdempotencyKeyReused,)),
    ("The origin", (posting.DuplicateSourceEvent,)),
    (
        "Its accounts",
        (
            posting.UnknownAccount,
            posting.HeaderAccount,
            posting.AccountClosed,
            posting.AccountFrozen,
            posting.CurrencyMismatch,
        ),
    ),
    (
        "Preconditions",
        (posting.PreconditionFailed, posting.StaleVersion, posting.PreconditionNotPossible),
    ),
    (
        "Limits of balances",
        (posting.InsufficientFunds, posting.CeilingExceeded, posting.BalanceOverflow),
    ),
    (
        "Guards of what was written",
        (
            periods.PeriodHardClosed,
            periods.PeriodSoftClosed,
            seal.PostingStopped,
            TemplateNotActive,
            limits.LimitExceeded,
            items.ClearingKeyMissing,
            chart.DimensionMissing,
            chart.DimensionNotAllowed,
        ),
    ),
    ("At the commit", (posting.AlreadyReversed, reversals.ReversalExceedsRemaining)),
)
