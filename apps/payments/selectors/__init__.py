"""What can be asked about payments."""

from apps.payments.selectors.accounts import payout_policy, provider_account, provider_accounts
from apps.payments.selectors.balances import (
    discrepancy,
    newest_withdrawals,
    open_discrepancies,
    open_discrepancy_count,
    provider_balances,
)
from apps.payments.selectors.bank_files import bank_file, bank_file_content, bank_statements
from apps.payments.selectors.breakers import breaker_reading
from apps.payments.selectors.callbacks import replayable_count, stuck_callback_count
from apps.payments.selectors.disagreements import provider_disagreements
from apps.payments.selectors.disputes import (
    dispute,
    disputes,
    open_disputes,
    unanswered_dispute_count,
)
from apps.payments.selectors.fees import fees_in_books
from apps.payments.selectors.health import ProviderHealth, provider_health, suspended_count
from apps.payments.selectors.pay_ins import (
    asked_refunds,
    pay_in,
    pay_in_candidates,
    pay_in_refund_verb,
    waiting_pay_ins,
    waiting_pay_ins_count,
)
from apps.payments.selectors.payments import (
    attempt_for,
    callback,
    has_due_checks,
    has_due_sends,
    intent_by_reference,
    intent_events,
    intents,
    payment,
    payout_outcome,
    unknown_attempts,
    unknown_count,
)
from apps.payments.selectors.receipts import (
    cash_accounts,
    receipt,
    receipt_evidence,
    receipts_to_approve,
)
from apps.payments.selectors.refunds import (
    refund,
    refunds,
    waiting_refund_count,
    waiting_refunds,
)
from apps.payments.selectors.routing import RoutingRow, explain_route, routing_versions
from apps.payments.selectors.rulings import (
    UnprovedView,
    attempt_view,
    ruling,
    ruling_evidence,
    waiting_ruling_count,
    waiting_rulings,
)
from apps.payments.selectors.statements import provider_transactions
from apps.payments.selectors.strays import (
    stray,
    stray_verbs,
    waiting_strays,
    waiting_strays_count,
)
from apps.payments.selectors.violations import payments_violations

__all__ = [
    "ProviderHealth",
    "RoutingRow",
    "UnprovedView",
    "asked_refunds",
    "attempt_for",
    "attempt_view",
    "bank_file",
    "bank_file_content",
    "bank_statements",
    "breaker_reading",
    "callback",
    "cash_accounts",
    "discrepancy",
    "dispute",
    "disputes",
    "explain_route",
    "fees_in_books",
    "has_due_checks",
    "has_due_sends",
    "intent_by_reference",
    "intent_events",
    "intents",
    "newest_withdrawals",
    "open_discrepancies",
    "open_discrepancy_count",
    "open_disputes",
    "pay_in",
    "pay_in_candidates",
    "pay_in_refund_verb",
    "payment",
    "payments_violations",
    "payout_outcome",
    "payout_policy",
    "provider_account",
    "provider_accounts",
    "provider_balances",
    "provider_disagreements",
    "provider_health",
    "provider_transactions",
    "receipt",
    "receipt_evidence",
    "receipts_to_approve",
    "refund",
    "refunds",
    "replayable_count",
    "routing_versions",
    "ruling",
    "ruling_evidence",
    "stray",
    "stray_verbs",
    "stuck_callback_count",
    "suspended_count",
    "unanswered_dispute_count",
    "unknown_attempts",
    "unknown_count",
    "waiting_pay_ins",
    "waiting_pay_ins_count",
    "waiting_refund_count",
    "waiting_refunds",
    "waiting_ruling_count",
    "waiting_rulings",
    "waiting_strays",
    "waiting_strays_count",
]
