"""Tables of payments."""

from apps.payments.models.accounts import ProviderAccount, ProviderStop
from apps.payments.models.attempts import Attempt, ProviderExchange
from apps.payments.models.balances import (
    BalanceWatch,
    Discrepancy,
    ProviderBalance,
    Withdrawal,
)
from apps.payments.models.bank_files import BankFile, BankFileSighting, BankPayout
from apps.payments.models.callbacks import Callback
from apps.payments.models.disputes import Dispute, DisputeEvidence
from apps.payments.models.events import PaymentEvent
from apps.payments.models.intents import PaymentIntent
from apps.payments.models.operators import Ruling, Stray, StrayUse
from apps.payments.models.pay_ins import (
    ManualReceipt,
    PayIn,
    PayInRefund,
    PayInUsed,
    PayInWatch,
)
from apps.payments.models.phone_numbers import PhoneNumber
from apps.payments.models.refunds import Refund
from apps.payments.models.routing import RoutingVersion

__all__ = [
    "Attempt",
    "BalanceWatch",
    "BankFile",
    "BankFileSighting",
    "BankPayout",
    "Callback",
    "Discrepancy",
    "Dispute",
    "DisputeEvidence",
    "ManualReceipt",
    "PayIn",
    "PayInRefund",
    "PayInUsed",
    "PayInWatch",
    "PaymentEvent",
    "PaymentIntent",
    "PhoneNumber",
    "ProviderAccount",
    "ProviderBalance",
    "ProviderExchange",
    "ProviderStop",
    "Refund",
    "RoutingVersion",
    "Ruling",
    "Stray",
    "StrayUse",
    "Withdrawal",
]
