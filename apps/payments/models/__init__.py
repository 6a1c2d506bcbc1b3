"""Tables of payments."""

from apps.payments.models.accounts import ProviderAccount, ProviderStop
from apps.payments.models.attempts import Attempt, ProviderExchange
from apps.payments.models.callbacks import Callback
from apps.payments.models.events import PaymentEvent
from apps.payments.models.intents import PaymentIntent

__all__ = [
    "Attempt",
    "Callback",
    "PaymentEvent",
    "PaymentIntent",
    "ProviderAccount",
    "ProviderExchange",
    "ProviderStop",
]
