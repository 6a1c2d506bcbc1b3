"""What a bank account's configuration must say, and what such an account can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.payments.connectors.bank.pain001 import (
    AMOUNT_MAX,
    LATIN,
    UNICODE,
    Account,
    Agent,
    is_bic,
    is_iban,
)
from apps.payments.connectors.bank.profiles import Profile
from apps.payments.connectors.base import AmountPolicy, Capabilities, KeyPolicy
from apps.payments.connectors.files import DropPlace, FileSchedule, texts
from apps.payments.domain.states import Operation
from apps.platform.currencies import CURRENCIES

END_TO_END_LONGEST = 35  # Max35Text
_PLACE = {field.name for field in fields(DropPlace)}
_SCHEDULE = {field.name for field in fields(FileSchedule)}
_KNOWN = {
    "currency", "version", "debtor", "iban", "account", "bic", "clearing_member", "service_level",
    "charges", "letters", "settled_by", "drop", "schedule", "csv", "base_url",
}  # fmt: skip
_ONE_OF = {
    "version": ("03", "09"),
    "charges": ("DEBT", "CRED", "SHAR", "SLEV"),
    "letters": ("latin", "unicode"),
    "settled_by": ("status", "statement"),
}
_DEFAULTS = {"version": "09", "charges": "SHAR", "letters": "latin", "settled_by": "status"}
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_FOLDER = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_LEAST = {"payouts_per_file": 1, "execution_days": 0, "answer_days": 1, "poll_seconds": 10}


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The configuration, read. ``is_settled_by_status``: ACSC is enough to book a payout."""

    currency: str
    version: str
    debtor: str
    account: Account
    agent: Agent
    service_level: str
    charges: str
    letters: re.Pattern[str]
    is_settled_by_status: bool
    csv: Profile | None

    @property
    def number(self) -> str:
        """What the bank calls the account."""
        return self.account.iban or self.account.other


def bank_account(config: Mapping[str, object]) -> BankAccount:
    """From a configuration that has been checked."""
    told: dict[str, Any] = {**_DEFAULTS, **config}
    return BankAccount(
        currency=told["currency"],
        version=told["version"],
        debtor=told["debtor"],
        account=Account(iban=told.get("iban", ""), other=told.get("account", "")),
        agent=Agent(bic=told.get("bic", ""), clearing_member=told.get("clearing_member", "")),
        service_level=told.get("service_level", "NURG"),
        charges=told["charges"],
        letters=UNICODE if told["letters"] == "unicode" else LATIN,
        is_settled_by_status=told["settled_by"] == "status",
        csv=_profile(config),
    )


def drop_place(config: Mapping[str, object]) -> DropPlace:
    """Where its files are exchanged."""
    told: dict[str, Any] = dict(config["drop"])  # type: ignore[call-overload]  # checked before
    return DropPlace(**told)


def schedule(config: Mapping[str, object]) -> FileSchedule:
    """When its files leave and are fetched."""
    told: dict[str, Any] = dict(config.get("schedule", {}))  # type: ignore[call-overload]  # checked
    return FileSchedule(**{**told, "cut_offs": tuple(sorted(told.get("cut_offs", ())))})


def capabilities(config: Mapping[str, object]) -> Capabilities:
    """Payouts in the account's currency. A file is never sent twice, so no key is honoured."""
    currency = str(config.get("currency", ""))
    is_remote = bool(dict(config.get("drop", {})).get("is_remote"))  # type: ignore[call-overload]  # checked
    return Capabilities(
        operations=frozenset({Operation.PAYOUT}),
        amounts={(Operation.PAYOUT, currency): AmountPolicy(least=1, most=AMOUNT_MAX)},
        keys={Operation.PAYOUT: KeyPolicy(is_honoured=False, longest=END_TO_END_LONGEST)},
        callback_auth="none",
        secret_names=("ssh_key",) if is_remote else (),
        has_statement=False,
        parties={Operation.PAYOUT: frozenset({"bank_account"})},
    )


def problems(config: Mapping[str, object]) -> Mapping[str, str]:
    """By field."""
    found = dict.fromkeys(config.keys() - _KNOWN, "is not a known field")
    found |= {
        field: f"is one of {', '.join(allowed)}"
        for field, allowed in _ONE_OF.items()
        if config.get(field, _DEFAULTS[field]) not in allowed
    }
    if config.get("currency") not in CURRENCIES:
        found["currency"] = "is an ISO 4217 currency"
    if not 1 <= len(str(config.get("debtor", ""))) <= 140:  # noqa: PLR2004  Max140Text
        found["debtor"] = "is the name of the account's owner, at most 140 letters"
    found |= _numbers(config)
    for name, check in _TABLES.items():
        if problem := check(config.get(name)):
            found[name] = problem
    return found


def _numbers(config: Mapping[str, object]) -> Mapping[str, str]:
    found = {}
    iban, account, bic = (str(config.get(name, "")) for name in ("iban", "account", "bic"))
    if bool(iban) == bool(account):
        found["account"] = "either an iban or an account number"
    if iban and not is_iban(iban):
        found["iban"] = "is not an IBAN"
    if bic and not is_bic(bic):
        found["bic"] = "is not a BIC"
    if not re.fullmatch(r"[A-Z0-9]{1,4}", str(config.get("service_level", "NURG"))):
        found["service_level"] = "is a code of up to four letters"
    return found


def _drop_problem(told: object) -> str:
    if not isinstance(told, Mapping) or told.keys() - _PLACE:
        return f"names out and inbound, and of a server {', '.join(sorted(_PLACE))}"
    if any(not _FOLDER.fullmatch(str(told.get(name, ""))) for name in ("out", "inbound")):
        return "out and inbound are plain paths"
    if told.get("out") == told.get("inbound"):
        return "out and inbound are two folders"
    if not told.get("is_remote"):
        return ""
    parts = str(told.get("host_key", "")).split()
    if len(parts) < 2 or not told.get("host") or not told.get("user"):  # noqa: PLR2004  type and key
        return "a server needs host, user, and host_key as 'ssh-ed25519 AAAA…'"
    return "" if type(told.get("port", 22)) is int else "port is a number"


def _schedule_problem(told: object) -> str:
    if told is None:
        return ""
    if not isinstance(told, Mapping) or told.keys() - _SCHEDULE:
        return f"knows {', '.join(sorted(_SCHEDULE))}"
    times = told.get("cut_offs", [])
    if not isinstance(times, list | tuple) or not all(_TIME.fullmatch(str(at)) for at in times):
        return "cut_offs is a list of times like 10:30"
    for name, least in _LEAST.items():
        number = told.get(name, least)
        if type(number) is not int or number < least:
            return f"{name} is a whole number from {least}"
    try:
        ZoneInfo(str(told.get("zone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return "zone is a name like Africa/Nairobi"
    return ""


def _csv_problem(told: object) -> str:
    if told is None:
        return ""
    try:
        _profile({"csv": told, "currency": "KES"})
    except (TypeError, ValueError, KeyError) as refused:
        return f"is not a profile: {refused}"[:200]
    return ""


_TABLES: Mapping[str, Callable[[object], str]] = {
    "drop": _drop_problem,
    "schedule": _schedule_problem,
    "csv": _csv_problem,
}


def _profile(config: Mapping[str, object]) -> Profile | None:
    told = config.get("csv")
    if told is None:
        return None
    if not isinstance(told, Mapping) or not isinstance(told.get("columns"), Mapping):
        raise TypeError("it names its columns")
    facts: dict[str, Any] = dict(told)
    for words in ("credit_words", "debit_words"):
        if words in facts:
            facts[words] = frozenset(facts[words])
    columns: Any = texts(told, "columns")
    number = str(config.get("iban") or config.get("account") or "")
    return Profile(
        **{
            "name": "own",
            "account": number,
            "currency": config["currency"],
            **facts,
            "columns": columns,
        }
    )
