"""A Stripe account: what it can do, what its configuration must say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from apps.payments.connectors.base import (
    Capabilities,
    CapturePolicy,
    KeyPolicy,
    PartyKind,
    RefundPolicy,
)
from apps.payments.connectors.stripe import amounts
from apps.payments.domain import tariffs
from apps.payments.domain.states import Operation

DEFAULT_BASE_URL = "https://api.stripe.com"
#: Stripe forgets keys after 24 hours at the earliest; an hour is kept in hand.
KEY_WINDOW = timedelta(hours=23)
KEYS = KeyPolicy(is_honoured=True, longest=255, window=KEY_WINDOW)
#: An uncaptured card payment lapses after seven days.
AUTHORISATION_STANDS = timedelta(days=7)
DEFAULT_PAYER_MINUTES = 60
OPERATIONS = tuple(Operation)
_CHARGES = (Operation.PURCHASE, Operation.AUTHORISE)
_PAYERS: frozenset[PartyKind] = frozenset({"none", "token", "phone", "email"})
_PAYEES: frozenset[PartyKind] = frozenset({"token"})
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9_]{1,64}")
_SUFFIX = re.compile(r"[^<>\\'\"*]{2,22}")
_ADDRESS = re.compile(r"https?://[^/\s]+(/[^\s?#]*[^\s?#/])?")


def operations(config: Mapping[str, object]) -> frozenset[Operation]:
    """What the account is for; everything, unless it says otherwise."""
    named = config.get("operations", [operation.value for operation in OPERATIONS])
    return frozenset(Operation(name) for name in named) if isinstance(named, list) else frozenset()


def capabilities(config: Mapping[str, object]) -> Capabilities:
    """From the configuration, which has been checked."""
    allowed = operations(config)
    return Capabilities(
        operations=allowed,
        amounts={
            (operation, currency): policy
            for operation in allowed
            for currency, policy in amounts.policies(
                amounts.CHARGE_LEAST if operation in _CHARGES else 1
            ).items()
        },
        keys=dict.fromkeys(allowed, KEYS),
        callback_auth="hmac",
        secret_names=("api_key", "webhook_secret"),
        has_statement=True,
        captures=CapturePolicy(
            is_partial=True,
            is_multiple=config.get("multicapture") is True,
            valid_for=AUTHORISATION_STANDS,
        ),
        refunds=RefundPolicy(is_partial=True),
        parties={
            **dict.fromkeys(allowed & set(_CHARGES), _PAYERS),
            **dict.fromkeys(allowed & {Operation.PAYOUT}, _PAYEES),
        },
    )


def text(config: Mapping[str, object], name: str) -> str:
    """A text of the configuration; empty when it has none."""
    value = config.get(name)
    return value if isinstance(value, str) else ""


def payer_has(config: Mapping[str, object]) -> timedelta:
    """How long a payer may take before a payment nobody made is closed."""
    minutes = config.get("payer_minutes", DEFAULT_PAYER_MINUTES)
    return timedelta(minutes=minutes if type(minutes) is int else DEFAULT_PAYER_MINUTES)


def problems(config: Mapping[str, object]) -> Mapping[str, str]:
    """By field."""
    found = dict.fromkeys(config.keys() - _CHECKS.keys(), "is not a known field")
    for name, (is_right, said) in _CHECKS.items():
        if name in config and not is_right(config[name]):
            found[name] = said
    if "application_fee_bps" in config and not {"destination", "acts_for"} & config.keys():
        found["application_fee_bps"] = "needs a destination, or an account to act for"
    if {"destination", "acts_for"} <= config.keys():
        found["destination"] = "cannot be combined with acting for another account"
    try:
        tariffs.read(config.get("tariff", {}))
    except ValueError as error:
        found["tariff"] = str(error)
    return found


def _operations_named(value: object) -> bool:
    names = {operation.value for operation in OPERATIONS}
    return isinstance(value, list) and bool(value) and all(item in names for item in value)


def _is_account(value: object) -> bool:
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_between(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


_CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "operations": (_operations_named, "is a list of " + ", ".join(o.value for o in OPERATIONS)),
    "base_url": (
        lambda value: isinstance(value, str) and _ADDRESS.fullmatch(value) is not None,
        "is an address without a slash at the end",
    ),
    "acts_for": (_is_account, "is a connected account: acct_ and letters"),
    "destination": (_is_account, "is a connected account: acct_ and letters"),
    "on_behalf_of": (_is_account, "is a connected account: acct_ and letters"),
    "application_fee_bps": (_is_between(1, 10_000), "is a whole number from 1 to 10000"),
    "multicapture": (_is_flag, "is true or false"),
    "payer_minutes": (_is_between(5, 1_440), "is a whole number from 5 to 1440"),
    "sends_per_second": (_is_between(1, 1_000), "is a whole number from 1"),
    "statement_suffix": (
        lambda value: (
            isinstance(value, str) and re.fullmatch(r"[^<>\\'\"*]{2,22}", value) is not None
        ),
        "is 2 to 22 letters for the payer's card statement",
    ),
    "tariff": (lambda _value: True, ""),
}
