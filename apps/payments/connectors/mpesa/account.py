"""What an M-Pesa account's configuration must say, and what such an account can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from apps.payments.connectors.base import AmountPolicy, Capabilities, KeyPolicy, PartyKind
from apps.payments.connectors.mpesa import c2b
from apps.payments.connectors.mpesa.translate import REFERENCE_LONGEST
from apps.payments.connectors.mpesa.wire import CURRENCY
from apps.payments.domain import tariffs
from apps.payments.domain.states import Operation

#: Portal, page B2C: 10 to 250,000 shillings a transaction; STK: 1 to 250,000. Whole shillings.
DEFAULT_LIMITS = {
    Operation.PURCHASE: AmountPolicy(least=1_00, most=250_000_00, step=1_00),
    Operation.PAYOUT: AmountPolicy(least=10_00, most=250_000_00, step=1_00),
    Operation.REFUND: AmountPolicy(least=1_00, most=250_000_00, step=1_00),
}
KEYS = {
    Operation.PURCHASE: KeyPolicy(is_honoured=False, longest=REFERENCE_LONGEST),
    # The portal says the OriginatorConversationID is unique and gives no window.
    Operation.PAYOUT: KeyPolicy(is_honoured=True, longest=100),
    # A reversal takes no key; Daraja reverses one receipt once.
    Operation.REFUND: KeyPolicy(is_honoured=False, longest=64),
}
PARTIES: Mapping[Operation, frozenset[PartyKind]] = {
    Operation.PAYOUT: frozenset({"phone", "shortcode", "receipt"}),
}
#: A prompt lives for about a minute (portal, codes 1019 and 1037); the statement lags behind it.
_LEAST = {"prompt_dead_after_seconds": 120, "sends_per_second": 1}
_SECRETS = {
    Operation.PURCHASE: ("consumer_key", "consumer_secret", "passkey"),
    Operation.PAYOUT: ("consumer_key", "consumer_secret", "initiator_password", "certificate"),
    Operation.REFUND: ("consumer_key", "consumer_secret", "initiator_password", "certificate"),
}
_USUAL = (Operation.PURCHASE.value, Operation.PAYOUT.value)
_KNOWN = {
    "shortcode", "operations", "initiator_name", "transaction_type", "till", "command", "base_url",
    "has_portal", "prompt_dead_after_seconds", "sends_per_second", "tariff", "c2b", "pull",
}  # fmt: skip


def operations(config: Mapping[str, object]) -> frozenset[Operation]:
    """What the account is for; an organisation may collect with one and pay with another."""
    named = config.get("operations", list(_USUAL))
    return frozenset(Operation(name) for name in named) if isinstance(named, list) else frozenset()


def capabilities(config: Mapping[str, object]) -> Capabilities:
    """From the configuration, which has been checked."""
    allowed = operations(config)
    names = {name for operation in allowed for name in _SECRETS[operation]}
    keys = {operation: KEYS[operation] for operation in allowed}
    parties = {one: kinds for one, kinds in PARTIES.items() if one in allowed}
    if Operation.REFUND in allowed and Operation.PAYOUT not in allowed:
        # Pays nobody, but gives a pay-in back whence it came.
        keys[Operation.PAYOUT] = KEYS[Operation.REFUND]
        parties[Operation.PAYOUT] = frozenset({"receipt"})
    return Capabilities(
        operations=allowed,
        amounts={(operation, CURRENCY): DEFAULT_LIMITS[operation] for operation in allowed},
        keys=keys,
        callback_auth="path_secret",
        secret_names=tuple(sorted(names)),
        has_statement=config.get("has_portal") is True,
        parties=parties,
    )


def prompt_dead_after(config: Mapping[str, object]) -> timedelta | None:
    """How long after a push no prompt of it can be answered any more; nothing: nobody decided."""
    seconds = config.get("prompt_dead_after_seconds")
    return timedelta(seconds=seconds) if isinstance(seconds, int) else None


def _is_whole(value: object, least: int) -> bool:
    return type(value) is int and value >= least


def problems(config: Mapping[str, object]) -> Mapping[str, str]:
    """By field."""
    found = dict.fromkeys(config.keys() - _KNOWN, "is not a known field")
    if not re.fullmatch(r"\d{5,9}", str(config.get("shortcode", ""))):
        found["shortcode"] = "is 5 to 9 digits"
    found |= _operation_problems(config)
    if not re.fullmatch(r"(https?://[^/]+)?", str(config.get("base_url", ""))):
        found["base_url"] = "is an address without a path"
    found |= {
        field: f"is a whole number from {least}"
        for field, least in _LEAST.items()
        if not _is_whole(config.get(field, least), least)
    }
    for field, judge in _JUDGES.items():
        if field in config and (problem := judge(config[field])):
            found[field] = problem
    return found


def _operation_problems(config: Mapping[str, object]) -> dict[str, str]:
    try:
        allowed = operations(config)
    except ValueError:
        allowed = frozenset()
    if not allowed or allowed - DEFAULT_LIMITS.keys():
        return {"operations": "is a list of purchase, payout and refund"}
    if allowed - {Operation.PURCHASE} and not config.get("initiator_name"):
        return {"initiator_name": "is needed to pay out and to reverse"}
    return {}


def _tariff_problem(said: object) -> str:
    try:
        tariffs.read(said)
    except ValueError as error:
        return str(error)
    return ""


_JUDGES = {"c2b": c2b.problems, "pull": c2b.pull_problems, "tariff": _tariff_problem}
