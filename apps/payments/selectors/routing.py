"""Where a payment would go, and why: the active rules against how accounts stand now."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError

from apps.ledger.selectors import account_balance
from apps.payments.connectors.base import Capabilities, PartyKind
from apps.payments.connectors.registry import connector
from apps.payments.domain.breaking import BreakerState
from apps.payments.domain.phones import country_of
from apps.payments.domain.routing import (
    Circumstance,
    Route,
    RoutingState,
    Rule,
    Wish,
    route,
    rules_of,
)
from apps.payments.domain.states import AttemptState, Operation
from apps.payments.models import Attempt, PaymentIntent, ProviderAccount, ProviderStop
from apps.payments.models.routing import RoutingVersion
from apps.payments.selectors.breakers import breaker_reading
from apps.platform.money import Money

_PHONES: frozenset[PartyKind] = frozenset({"phone"})
VERSIONS_MAX = 50
#: Codes that say the way was at fault, not the payer: the next try goes another way if it can.
_WAY_AT_FAULT = ("provider.", "config.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRow:
    """One version of the rules."""

    version: int
    state: RoutingState
    rules: list[dict[str, Any]]
    note: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    said: str


def routing_versions() -> list[RoutingRow]:
    """The newest first."""
    return [_row(one) for one in RoutingVersion.objects.all()[:VERSIONS_MAX]]


def active_routing() -> tuple[tuple[Rule, ...], int]:
    """The rules in force and their version; none and 0 while nobody has made any."""
    found = RoutingVersion.objects.filter(state=RoutingState.ACTIVE).first()
    if found is None:
        return (), 0
    return rules_of(found.rules)[0], found.version


def explain_route(wish: Wish, tried: Collection[str] = ()) -> Route:
    """What would happen to this payment now, and why. Nothing is written, counted or sent.

    ``tried`` are accounts at which it failed before through no fault of the payer's.
    """
    rules, version = active_routing()
    return route(wish, rules, version, circumstances(wish, tried))


def wish_of(intent: PaymentIntent, operation: Operation, method: PartyKind, number: int) -> Wish:
    """A payment as routing sees it. ``number`` is that of the attempt, so a new try may differ."""
    about = {str(name): str(value) for name, value in intent.metadata.items()}
    return Wish(
        operation=operation,
        amount=Money(intent.amount_minor, intent.currency),
        method=method,
        key=f"{intent.id}:{number}",
        country=about.get("country", "") or country_of(intent.payer_phone),
        about=about,
    )


def tried_in_vain(intent: PaymentIntent) -> set[str]:
    """Accounts at which this payment failed, proved to have moved nothing, by the way's fault."""
    failed = Attempt.objects.filter(
        intent=intent, state=AttemptState.FAILED, money_moved="no"
    ).values_list("provider_account__label", "code")
    return {label for label, code in failed if code.startswith(_WAY_AT_FAULT)}


def circumstances(wish: Wish, tried: Collection[str] = ()) -> list[Circumstance]:
    """How every account stands towards the payment, by label."""
    stops = dict(
        ProviderStop.objects.filter(ended_at=None, operation=wish.operation).values_list(
            "provider_account_id", "reason"
        )
    )
    found = []
    for account in ProviderAccount.objects.order_by("label"):
        offered = connector(account.connector).capabilities(account.config)
        cannot = next(filter(None, _refusals(account, offered, wish)), "")
        waits = ""
        if not cannot:
            waits = _waits(account, wish, stops.get(account.id, ""), account.label in tried)
        fee = None if cannot else _fee(account, wish)
        found.append(Circumstance(account.label, cannot, waits, fee))
    return found


def amount_rule(offered: Capabilities, operation: Operation, amount: Money) -> str:
    """The rule about amounts that this one breaks; empty when the provider moves it."""
    policy = offered.amounts.get((operation, amount.currency))
    if policy is None:
        return "currency"
    if amount.minor < policy.least:
        return f"at least {policy.least}"
    if amount.minor > policy.most:
        return f"at most {policy.most}"
    return f"in steps of {policy.step}" if amount.minor % policy.step else ""


def _refusals(account: ProviderAccount, offered: Capabilities, wish: Wish) -> Iterable[str]:
    """Why the account cannot, the plainest reason first."""
    yield "" if account.status == "active" else "The account is paused."
    is_own = account.currency == wish.amount.currency
    yield "" if is_own else f"It keeps {account.currency}, not {wish.amount.currency}."
    does = wish.operation in offered.operations
    yield "" if does else f"It does not offer {wish.operation}."
    takes = offered.parties.get(wish.operation, _PHONES)
    yield "" if wish.method in takes else f"It takes {' or '.join(sorted(takes))}."
    rule = amount_rule(offered, wish.operation, wish.amount)
    yield f"Amounts there are {rule} (minor units)." if rule else ""
    if wish.operation == Operation.PAYOUT:
        held = account_balance(account.clearing_account).balance
        yield "" if held.minor >= wish.amount.minor else f"Its float holds {held}."


def _waits(account: ProviderAccount, wish: Wish, stopped: str, is_tried: bool) -> str:  # noqa: FBT001
    if stopped:
        return f"stopped by hand: {stopped}"
    try:
        state = breaker_reading(account.id, wish.operation).state
    except RedisError:
        state = BreakerState.CLOSED
    if state == BreakerState.OPEN:
        return "its circuit breaker is open"
    return "this payment failed there before" if is_tried else ""


def _fee(account: ProviderAccount, wish: Wish) -> Money | None:
    tariff = connector(account.connector).tariff(account.config)
    if tariff is None:
        return None
    if wish.operation == Operation.PAYOUT:
        return tariff.payout_fee(wish.amount)
    return tariff.pay_in_fee(wish.amount)


def _row(one: RoutingVersion) -> RoutingRow:
    return RoutingRow(
        version=one.version,
        state=RoutingState(one.state),
        rules=one.rules,
        note=one.note,
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
        said=one.said,
    )
