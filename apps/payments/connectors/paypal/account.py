"""What a PayPal account's configuration must say, and what such an account can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from cryptography import x509

from apps.payments.connectors.base import (
    AmountPolicy,
    Capabilities,
    CapturePolicy,
    KeyPolicy,
    PartyKind,
    RefundPolicy,
)
from apps.payments.connectors.paypal.wire import CURRENCIES, WITHOUT_DECIMALS
from apps.payments.domain import tariffs
from apps.payments.domain.states import Operation

#: The documents' "The server stores keys for": orders 6 hours, payments 45 days, payouts 30 days.
#: An hour, or a day, is left for clocks that differ and for a call that takes its time.
_ORDER_KEYS, _PAYMENT_KEYS, _PAYOUT_KEYS = (
    timedelta(hours=5),
    timedelta(days=44),
    timedelta(days=29),
)
#: ``sender_item_id`` has at most 63 characters.
LONGEST_KEY = 63
KEYS = {
    Operation.PURCHASE: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_ORDER_KEYS),
    Operation.AUTHORISE: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_ORDER_KEYS),
    Operation.CAPTURE: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_PAYMENT_KEYS),
    Operation.VOID: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_PAYMENT_KEYS),
    Operation.REFUND: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_PAYMENT_KEYS),
    Operation.PAYOUT: KeyPolicy(is_honoured=True, longest=LONGEST_KEY, window=_PAYOUT_KEYS),
}
#: Seven digits before the point are the most that Orders takes.
_MOST = 9_999_999_99
#: Authorisations stand 29 days, of which PayPal honours the first three in any case.
VALID_FOR, REFUND_WINDOW = timedelta(days=29), timedelta(days=180)
_PAYERS: frozenset[PartyKind] = frozenset({"none", "email"})
_PAYEES: frozenset[PartyKind] = frozenset({"email", "token"})
_KNOWN = {
    "operations", "base_url", "webhook_id", "webhook_root", "brand_name", "email_subject",
    "sends_per_second", "tariff",
}  # fmt: skip
_FORMS = {
    "base_url": (r"(https?://[^?#\s]+[^/?#\s])?", "is an address without a slash at its end"),
    "webhook_id": (r"[0-9A-Z-]{0,64}", "is PayPal's name of the webhook, capitals and digits"),
    "brand_name": (r".{0,127}", "has at most 127 characters"),
    "email_subject": (r".{0,255}", "has at most 255 characters"),
}


def operations(config: Mapping[str, object]) -> frozenset[Operation]:
    """What the account is for; everything where it does not say."""
    named = config.get("operations", [operation.value for operation in KEYS])
    return frozenset(Operation(name) for name in named) if isinstance(named, list) else frozenset()


def capabilities(config: Mapping[str, object]) -> Capabilities:
    """From the configuration, which has been checked."""
    allowed = operations(config)
    limits = {currency: _limit(currency) for currency in CURRENCIES}
    return Capabilities(
        operations=allowed,
        amounts={(op, currency): limit for op in allowed for currency, limit in limits.items()},
        keys={operation: KEYS[operation] for operation in allowed},
        callback_auth="certificate",
        secret_names=("client_id", "client_secret"),
        has_statement=True,
        captures=CapturePolicy(is_partial=True, is_multiple=True, valid_for=VALID_FOR),
        refunds=RefundPolicy(is_partial=True, window=REFUND_WINDOW),
        parties={op: _PAYEES if op == Operation.PAYOUT else _PAYERS for op in allowed},
    )


def _limit(currency: str) -> AmountPolicy:
    """ISO gives HUF and TWD decimals that PayPal does not take: they go in steps of a hundred."""
    step = 100 if currency in WITHOUT_DECIMALS - {"JPY"} else 1
    return AmountPolicy(least=step, most=_MOST // step * step, step=step)


def problems(config: Mapping[str, object]) -> Mapping[str, str]:
    """By field."""
    found = dict.fromkeys(config.keys() - _KNOWN, "is not a known field")
    found |= {
        field: why
        for field, (form, why) in _FORMS.items()
        if not re.fullmatch(form, str(config.get(field, "")))
    }
    if not _are_operations(config):
        found["operations"] = f"is a list of {', '.join(KEYS)}"
    if "webhook_root" in config and not _is_certificate(config["webhook_root"]):
        found["webhook_root"] = "is the PEM certificate of an authority"
    pace = config.get("sends_per_second", 1)
    if type(pace) is not int or pace < 1:
        found["sends_per_second"] = "is a whole number from 1"
    try:
        tariffs.read(config.get("tariff", {}))
    except ValueError as error:
        found["tariff"] = str(error)
    return found


def _are_operations(config: Mapping[str, object]) -> bool:
    try:
        return bool(operations(config))
    except ValueError:
        return False


def _is_certificate(told: object) -> bool:
    try:
        return bool(x509.load_pem_x509_certificates(str(told).encode()))
    except ValueError:
        return False
