"""Addresses below ``/v1/``."""

from __future__ import annotations

from django.urls import path

from apps.payments.api.balances import (
    BalanceReading,
    Balances,
    Discrepancies,
    Discrepancy,
    DiscrepancyExplanation,
    Withdrawals,
)
from apps.payments.api.bank_files import (
    BankFileDiscard,
    BankFileItem,
    BankFileRetry,
    BankFiles,
)
from apps.payments.api.callbacks import Callback, CallbackReplay, CallbackReplays, Callbacks
from apps.payments.api.capabilities import Capabilities
from apps.payments.api.disputes import Answer, Dispute, Disputes, Evidence
from apps.payments.api.intents import (
    Collect,
    Intent,
    IntentEvents,
    IntentPayer,
    Intents,
)
from apps.payments.api.operations import Cancel, Capture, Void
from apps.payments.api.pay_ins import (
    PayInApplication,
    PayInCandidates,
    PayInItem,
    PayInMove,
    PayInReturn,
    PayIns,
)
from apps.payments.api.providers import ProviderResumption, Providers, ProviderStop
from apps.payments.api.receipts import ReceiptCancellation, ReceiptItem, Receipts
from apps.payments.api.refunds import IntentRefunds, Refund, Refunds
from apps.payments.api.registration import CallbackRegistration
from apps.payments.api.routing import RouteExplanation, Routing
from apps.payments.api.rulings import (
    NewRuling,
    Ruling,
    Rulings,
    UnprovedAttempt,
    UnprovedAttempts,
    UnprovedCheck,
)
from apps.payments.api.strays import Stray, StrayAcceptance, StrayMove, StrayRefund, Strays

urlpatterns = [
    path("payments/bank-files", BankFiles.as_view()),
    path("payments/bank-files/<str:file>", BankFileItem.as_view()),
    path("payments/bank-files/<str:file>/retry", BankFileRetry.as_view()),
    path("payments/bank-files/<str:file>/discard", BankFileDiscard.as_view()),
    path("payments/intents", Intents.as_view()),
    path("payments/intents/<str:intent>", Intent.as_view()),
    path("payments/intents/<str:intent>/collect", Collect.as_view()),
    path("payments/intents/<str:intent>/events", IntentEvents.as_view()),
    path("payments/intents/<str:intent>/payer", IntentPayer.as_view()),
    path("payments/pay-ins", PayIns.as_view()),
    path("payments/pay-ins/<str:pay_in>", PayInItem.as_view()),
    path("payments/pay-ins/<str:pay_in>/candidates", PayInCandidates.as_view()),
    path("payments/pay-ins/<str:pay_in>/apply", PayInApplication.as_view()),
    path("payments/pay-ins/<str:pay_in>/move", PayInMove.as_view()),
    path("payments/pay-ins/<str:pay_in>/refund", PayInReturn.as_view()),
    path("payments/receipts", Receipts.as_view()),
    path("payments/receipts/<str:receipt>", ReceiptItem.as_view()),
    path("payments/receipts/<str:receipt>/cancel", ReceiptCancellation.as_view()),
    path("payments/providers/<slug:account>/register-callbacks", CallbackRegistration.as_view()),
    path("payments/intents/<str:intent>/capture", Capture.as_view()),
    path("payments/intents/<str:intent>/void", Void.as_view()),
    path("payments/intents/<str:intent>/cancel", Cancel.as_view()),
    path("payments/intents/<str:intent>/refunds", IntentRefunds.as_view()),
    path("payments/refunds", Refunds.as_view()),
    path("payments/refunds/<str:refund>", Refund.as_view()),
    path("payments/disputes", Disputes.as_view()),
    path("payments/disputes/<str:dispute>", Dispute.as_view()),
    path("payments/disputes/<str:dispute>/evidence", Evidence.as_view()),
    path("payments/disputes/<str:dispute>/answer", Answer.as_view()),
    path("payments/unknown", UnprovedAttempts.as_view()),
    path("payments/unknown/<str:attempt>", UnprovedAttempt.as_view()),
    path("payments/unknown/<str:attempt>/check", UnprovedCheck.as_view()),
    path("payments/unknown/<str:attempt>/rulings", NewRuling.as_view()),
    path("payments/rulings", Rulings.as_view()),
    path("payments/rulings/<str:ruling>", Ruling.as_view()),
    path("payments/capabilities", Capabilities.as_view()),
    path("payments/routing", Routing.as_view()),
    path("payments/route", RouteExplanation.as_view()),
    path("payments/callbacks", Callbacks.as_view()),
    path("payments/callbacks/<str:callback>", Callback.as_view()),
    path("payments/callbacks/<str:callback>/replay", CallbackReplay.as_view()),
    path("payments/callback-replays", CallbackReplays.as_view()),
    path("payments/balances", Balances.as_view()),
    path("payments/balances/<slug:account>/read", BalanceReading.as_view()),
    path("payments/discrepancies", Discrepancies.as_view()),
    path("payments/discrepancies/<str:discrepancy>", Discrepancy.as_view()),
    path("payments/discrepancies/<str:discrepancy>/explain", DiscrepancyExplanation.as_view()),
    path("payments/withdrawals", Withdrawals.as_view()),
    path("payments/strays", Strays.as_view()),
    path("payments/strays/<str:stray>", Stray.as_view()),
    path("payments/strays/<str:stray>/accept", StrayAcceptance.as_view()),
    path("payments/strays/<str:stray>/refund", StrayRefund.as_view()),
    path("payments/strays/<str:stray>/move", StrayMove.as_view()),
    path("payments/providers", Providers.as_view()),
    path("payments/providers/<slug:account>/stop", ProviderStop.as_view()),
    path("payments/providers/<slug:account>/resume", ProviderResumption.as_view()),
]
