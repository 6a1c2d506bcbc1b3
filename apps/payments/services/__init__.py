"""What payments can be asked to do."""

from apps.payments.services.accounts import open_provider_account, prepare_books
from apps.payments.services.answering import tend_disputes
from apps.payments.services.attempts import create_payout_attempt, start_collection
from apps.payments.services.balances import read_balance_now, read_balances
from apps.payments.services.bank_delivering import send_bank_files
from apps.payments.services.bank_fetching import fetch_bank_files
from apps.payments.services.bank_reading import (
    discard_bank_file,
    read_bank_files,
    retry_bank_file,
)
from apps.payments.services.checking import check_attempt_now
from apps.payments.services.discrepancies import explain_discrepancy, take_discrepancy
from apps.payments.services.disputing import add_dispute_evidence, answer_dispute
from apps.payments.services.intents import (
    cancel_payment_intent,
    create_payment_intent,
    expire_intents,
)
from apps.payments.services.operating import capture_payment, void_payment
from apps.payments.services.pay_ins import (
    apply_pay_in,
    move_pay_in,
    pull_pay_ins,
    register_callbacks,
    take_statement_line,
)
from apps.payments.services.processing import process_callbacks, replay_callback
from apps.payments.services.receipts import approve_receipt, cancel_receipt, record_receipt
from apps.payments.services.receiving import Delivery, receive_callback
from apps.payments.services.refunding import decide_refund, request_refund
from apps.payments.services.replaying import start_callback_replay
from apps.payments.services.returning import ask_pay_in_refund, decide_pay_in_refund
from apps.payments.services.revealing import reseal_phone_numbers, reveal_payer_phone
from apps.payments.services.routing import decide_routing, propose_routing
from apps.payments.services.rulings import ask_ruling, decide_ruling
from apps.payments.services.sending import send_due_attempts
from apps.payments.services.strays import accept_stray, move_stray, refund_stray
from apps.payments.services.suspending import resume_provider, stop_provider, trust_provider
from apps.payments.services.verifying import verify_due_attempts

__all__ = [
    "Delivery",
    "accept_stray",
    "add_dispute_evidence",
    "answer_dispute",
    "apply_pay_in",
    "approve_receipt",
    "ask_pay_in_refund",
    "ask_ruling",
    "cancel_payment_intent",
    "cancel_receipt",
    "capture_payment",
    "check_attempt_now",
    "create_payment_intent",
    "create_payout_attempt",
    "decide_pay_in_refund",
    "decide_refund",
    "decide_routing",
    "decide_ruling",
    "discard_bank_file",
    "expire_intents",
    "explain_discrepancy",
    "fetch_bank_files",
    "move_pay_in",
    "move_stray",
    "open_provider_account",
    "prepare_books",
    "process_callbacks",
    "propose_routing",
    "pull_pay_ins",
    "read_balance_now",
    "read_balances",
    "read_bank_files",
    "receive_callback",
    "record_receipt",
    "refund_stray",
    "register_callbacks",
    "replay_callback",
    "request_refund",
    "reseal_phone_numbers",
    "resume_provider",
    "retry_bank_file",
    "reveal_payer_phone",
    "send_bank_files",
    "send_due_attempts",
    "start_callback_replay",
    "start_collection",
    "stop_provider",
    "take_discrepancy",
    "take_statement_line",
    "tend_disputes",
    "trust_provider",
    "verify_due_attempts",
    "void_payment",
]
