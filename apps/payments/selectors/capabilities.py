"""The capability and limit matrix, from the connectors' own code.

Two readings: what each connector can do at most, and what each provider account does with the
configuration it has. ``connectors/CAPABILITIES.md`` is the first, written down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from apps.payments.connectors.accounts import BalanceSource, CallbackRegistrar, DisputeHandler
from apps.payments.connectors.base import (
    AmountPolicy,
    Capabilities,
    Completer,
    Connector,
    KeyPolicy,
    StatementSource,
    Verifier,
    WebhookReader,
)
from apps.payments.connectors.files import FileRail
from apps.payments.connectors.pay_ins import PayInQuestioner, PayInSource
from apps.payments.connectors.promises import keeps
from apps.payments.connectors.registry import connector, connectors
from apps.payments.domain.states import Operation
from apps.payments.models import ProviderAccount
from apps.platform.currencies import exponent

#: What a connector may promise besides operations, in the words of people.
_BESIDES: Mapping[str, type] = {
    "verify": Verifier,
    "second step": Completer,
    "callbacks": WebhookReader,
    "statement": StatementSource,
    "balances": BalanceSource,
    "disputes": DisputeHandler,
    "asked before pay-ins": PayInQuestioner,
    "pay-ins pulled": PayInSource,
    "addresses registered": CallbackRegistrar,
    "files": FileRail,
}
_BUILDING = (Operation.CAPTURE, Operation.VOID, Operation.REFUND)


@dataclass(frozen=True, slots=True)
class Limit:
    """The amounts of some currencies, in minor units; no currency: those of the account."""

    currencies: tuple[str, ...]
    least_minor: int
    most_minor: int
    step_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One operation of a connector, or of an account (``account`` is then its label)."""

    connector: str
    account: str
    operation: Operation
    parties: tuple[str, ...]
    limits: tuple[Limit, ...]
    key: str
    parts: str
    callback_auth: str


@dataclass(frozen=True, slots=True)
class ConnectorPromises:
    """What a connector promises besides its operations."""

    connector: str
    promises: tuple[str, ...]


def connector_promises() -> list[ConnectorPromises]:
    """Every installed connector, by code."""
    return [
        ConnectorPromises(
            code, tuple(name for name, promise in _BESIDES.items() if isinstance(rail, promise))
        )
        for code, rail in sorted(connectors().items())
    ]


def connector_offers(code: str = "") -> list[Offer]:
    """What connectors can do at most, by code and operation."""
    found: list[Offer] = []
    for name, rail in sorted(connectors().items()):
        if code in ("", name):
            widest = {"operations": [one.value for one in Operation if keeps(rail, one)]}
            found += _offers(rail, "", rail.capabilities(widest))
    return found


def account_offers() -> list[Offer]:
    """What this tenant's provider accounts do, by label and operation."""
    found: list[Offer] = []
    for account in ProviderAccount.objects.order_by("label"):
        rail = connector(account.connector)
        found += _offers(rail, account.label, rail.capabilities(account.config))
    return found


def _offers(rail: Connector, account: str, can: Capabilities) -> Iterator[Offer]:
    for operation in sorted(can.operations):
        yield Offer(
            connector=rail.code,
            account=account,
            operation=operation,
            parties=_parties(operation, can),
            limits=_limits(operation, can.amounts),
            key=key_in_words(can.keys[operation]),
            parts=_parts(operation, can),
            callback_auth=can.callback_auth,
        )


def _parties(operation: Operation, can: Capabilities) -> tuple[str, ...]:
    """What builds on a payment goes to whoever made it."""
    if operation in _BUILDING:
        return ("whoever paid",)
    return tuple(sorted(can.parties.get(operation, frozenset({"phone"}))))


def _limits(
    operation: Operation, amounts: Mapping[tuple[Operation, str], AmountPolicy]
) -> tuple[Limit, ...]:
    """Currencies of equal limits together; equal in what people see, so decimals count."""
    groups: dict[tuple[int, AmountPolicy], list[str]] = defaultdict(list)
    for (what, currency), policy in amounts.items():
        if what == operation:
            groups[(exponent(currency) if currency else 2, policy)].append(currency)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), sorted(item[1])))
    return tuple(
        Limit(tuple(sorted(filter(None, names))), policy.least, policy.most, policy.step)
        for (_decimals, policy), names in ordered
    )


def key_in_words(key: KeyPolicy) -> str:
    """Whether the same request may leave twice."""
    if not key.is_honoured:
        return "never sent twice"
    if key.window is None:
        return "sent again with its key at any time"
    return f"sent again with its key within {_span(key.window)}"


def _span(window: timedelta) -> str:
    hours = int(window.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 and not hours % 24 else f"{hours} hours"  # noqa: PLR2004


def _parts(operation: Operation, can: Capabilities) -> str:
    """Whether it may be done in parts, and for how long."""
    match operation:
        case Operation.AUTHORISE:
            stands = can.captures.valid_for
            return f"stands {_span(stands)}" if stands else ""
        case Operation.CAPTURE:
            said = "in parts" if can.captures.is_partial else "as a whole"
            return "in several parts" if can.captures.is_multiple else said
        case Operation.REFUND:
            said = "in parts" if can.refunds.is_partial else "as a whole"
            return f"{said}, within {_span(can.refunds.window)}" if can.refunds.window else said
    return ""


def limit_in_words(limit: Limit) -> str:
    """``KES: 1.00 to 250,000.00 in steps of 1.00``; the currencies are named as a whole."""
    decimals = exponent(limit.currencies[0]) if limit.currencies else 2
    least, most, step = (
        f"{Decimal(amount).scaleb(-decimals):,.{decimals}f}"
        for amount in (limit.least_minor, limit.most_minor, limit.step_minor)
    )
    steps = f" in steps of {step}" if limit.step_minor > 1 else ""
    return f"{least} to {most}{steps}"


def written_down() -> str:
    """The matrix of our own connectors as a page of Markdown."""
    ours = [code for code, rail in sorted(connectors().items()) if _is_ours(rail)]
    offers = [one for code in ours for one in connector_offers(code)]
    lines = [
        "# What the connectors can do",
        "",
        "From the connectors' code (`selectors/capabilities.py`), and held to it by a test.",
        "An account's own configuration narrows it; the console's page *Capabilities* shows both.",
        "",
        "| connector | besides its operations |",
        "|---|---|",
        *(f"| {one.connector} | {', '.join(one.promises) or 'nothing'} |"
          for one in connector_promises() if one.connector in ours),
        "",
        "| connector | operation | with | a request that was lost | in parts |",
        "|---|---|---|---|---|",
        *(f"| {one.connector} | {one.operation} | {', '.join(one.parties)} | {one.key} |"
          f" {one.parts} |" for one in offers),
        "",
        "## Amounts",
        "",
    ]  # fmt: skip
    alike: dict[tuple[str, Limit], list[str]] = defaultdict(list)
    for one in offers:
        for limit in one.limits:
            alike[(one.connector, limit)].append(one.operation)
    for (code, limit), operations in alike.items():
        names = ", ".join(limit.currencies) or "the account's currency"
        lines.append(f"- **{code}**, {', '.join(operations)}: {limit_in_words(limit)} in {names}")
    return "\n".join([*lines, ""])


def _is_ours(rail: Connector) -> bool:
    return type(rail).__module__.startswith("apps.")
