"""Provider money against our books: what each provider account holds, and what its mirror says."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from apps.ledger.selectors import account_balance
from apps.payments.connectors.accounts import BalanceAnswer, BalanceReading, BalanceSource
from apps.payments.connectors.base import ProviderError
from apps.payments.connectors.registry import connector
from apps.payments.domain.balances import unexplained
from apps.payments.errors import NotOfferedHere, UnknownProviderAccount
from apps.payments.models import BalanceWatch, ProviderAccount, ProviderBalance
from apps.payments.selectors.contexts import context_for
from apps.payments.selectors.under_way import fees_not_booked, under_way
from apps.payments.services.discrepancies import compare_balance
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")


def read_balances() -> int:
    """Ask every provider that can be asked what it holds for us. Answers how many were asked.

    An answer that comes by callback is compared when it comes. Safe to repeat and to kill.
    """
    accounts = ProviderAccount.objects.filter(status="active").order_by("label")
    return sum(_ask(account, SYSTEM) for account in accounts)


def read_balance_now(*, provider_account: str, actor: Actor) -> None:
    """Ask one provider now. ``NotOfferedHere`` when it does not tell balances."""
    account = ProviderAccount.objects.filter(label=provider_account).first()
    if account is None:
        raise UnknownProviderAccount(account=provider_account)
    if not _ask(account, actor):
        raise NotOfferedHere(account=provider_account, what="telling its balance")


def _ask(account: ProviderAccount, actor: Actor) -> bool:
    rail = connector(account.connector)
    if not isinstance(rail, BalanceSource):
        return False
    try:
        answer = rail.balances(context_for(account))
    except Exception:
        logger.exception("payments.connector_failed", account=account.label)
        broken = ProviderError("provider.internal", "", "It could not be asked.", "no", "never")
        answer = BalanceAnswer(error=broken)
    _note_answer(account_id=account.id, answer=answer, actor=actor)
    return True


@use_case("payments.note_balance")
def _note_answer(*, account_id: UUID, answer: BalanceAnswer, actor: Actor) -> None:
    """Keep what was answered, and compare it; a problem is kept for people to see."""
    account = ProviderAccount.objects.select_for_update().get(id=account_id)
    watch, _ = BalanceWatch.objects.get_or_create(provider_account=account)
    watch.asked_at = clock.now()
    watch.problem = answer.error.message[:300] if answer.error else ""
    watch.save(update_fields=["asked_at", "problem"])
    if answer.readings:
        compare_readings(account, answer.readings, "asked")
    audit.note(account.label, problem=watch.problem)


def hear_balance(account: ProviderAccount, readings: Sequence[BalanceReading]) -> bool:
    """News of the account's balance; answers whether there was any in its currency."""
    locked = ProviderAccount.objects.select_for_update().get(id=account.id)
    return compare_readings(locked, readings, "news")


def compare_readings(
    account: ProviderAccount, readings: Sequence[BalanceReading], source: str
) -> bool:
    """With the account locked: keep the reading beside our books, and compare the two."""
    own = [one for one in readings if one.available.currency == account.currency]
    if not own:
        return False
    held = sum(_all_of(one) for one in own)
    ledger = account_balance(account.clearing_account).balance.minor
    coming, going = under_way(account)
    fees = fees_not_booked(account)
    reading = ProviderBalance.objects.create(
        provider_account=account,
        held_minor=held,
        ledger_minor=ledger,
        coming_minor=coming,
        going_minor=going,
        fees_minor=fees,
        unexplained_minor=unexplained(held - ledger, coming=coming, going=going, fees=fees),
        currency=account.currency,
        parts=[{"name": one.name, "minor": _all_of(one)} for one in own],
        source=source,
        at=clock.now(),
    )
    BalanceWatch.objects.update_or_create(
        provider_account=account, defaults={"read_at": reading.at, "problem": ""}
    )
    compare_balance(account, reading)
    return True


def _all_of(reading: BalanceReading) -> int:
    """Everything it holds for us, in minor units: available, not yet available, and kept back."""
    parts = (reading.available, reading.pending, reading.reserved)
    return sum(part.minor for part in parts if part is not None)
