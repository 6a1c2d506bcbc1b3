"""The words of payments: states, allocations, facts and what they amount to."""

from apps.payments.domain.allocations import Allocation
from apps.payments.domain.keys import payout_clearing_key
from apps.payments.domain.merging import EventKind
from apps.payments.domain.payees import BankPayee
from apps.payments.domain.receipts import (
    AttemptReceipt,
    AttemptRow,
    CallbackRow,
    EventRow,
    Exchange,
    IntentReceipt,
    IntentRow,
    PaymentView,
    PayoutOutcome,
    PayoutPolicy,
    ProviderAccountDraft,
    ProviderAccountRow,
    ProviderTransaction,
)
from apps.payments.domain.states import (
    AttemptState,
    CallbackState,
    CaptureMethod,
    Direction,
    IntentStatus,
    Operation,
    Outcome,
)

__all__ = [
    "Allocation",
    "AttemptReceipt",
    "AttemptRow",
    "AttemptState",
    "BankPayee",
    "CallbackRow",
    "CallbackState",
    "CaptureMethod",
    "Direction",
    "EventKind",
    "EventRow",
    "Exchange",
    "IntentReceipt",
    "IntentRow",
    "IntentStatus",
    "Operation",
    "Outcome",
    "PaymentView",
    "PayoutOutcome",
    "PayoutPolicy",
    "ProviderAccountDraft",
    "ProviderAccountRow",
    "ProviderTransaction",
    "payout_clearing_key",
]
