"""Finding pay-ins whose confirmation never came, and telling a provider where to confirm them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from apps.payments.connectors.accounts import AboutPayIn, CallbackRegistrar, Registration
from apps.payments.connectors.pay_ins import PayInSource
from apps.payments.connectors.registry import connector
from apps.payments.errors import NotOfferedHere, UnknownProviderAccount
from apps.payments.models import PayInWatch, ProviderAccount
from apps.payments.selectors.contexts import context_for
from apps.payments.services.pay_ins.intake import take_pay_in
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.payments")
#: Each pull looks this far behind the one before: lines appear late, and twice changes nothing.
OVERLAP = timedelta(hours=1)


def pull_pay_ins() -> int:
    """Ask every provider that can be asked which pay-ins there were. Answers how many were new.

    Each line is taken in by itself, so one that is refused holds up no other; how far was asked
    moves on only when the provider answered. Safe to repeat and to kill.
    """
    return sum(_pull(account) for account in ProviderAccount.objects.filter(status="active"))


def _pull(account: ProviderAccount) -> int:
    rail = connector(account.connector)
    if not isinstance(rail, PayInSource) or not rail.pulls(account.config):
        return 0
    now = clock.now()
    watch, _ = PayInWatch.objects.get_or_create(provider_account=account)
    earliest = now - rail.pay_in_reach
    since = max(earliest, watch.pulled_until - OVERLAP) if watch.pulled_until else earliest
    try:
        lines = rail.pay_ins(context_for(account), since, now)
    except ValueError as error:
        _note_pull(account_id=account.id, until=None, problem=str(error), actor=SYSTEM)
        return 0
    taken = [_take_pulled(account_id=account.id, news=line, actor=SYSTEM) for line in lines]
    _note_pull(account_id=account.id, until=now, problem="", actor=SYSTEM)
    return sum(taken)


@use_case("payments.take_pulled_pay_in")
def _take_pulled(*, account_id: UUID, news: AboutPayIn, actor: Actor) -> bool:
    account = ProviderAccount.objects.get(id=account_id)
    is_new = take_pay_in(account, news, source="pull", actor=actor)
    if is_new:
        audit.note(news.reference, account=account.label)
    else:
        audit.nothing_happened()
    return is_new


@use_case("payments.note_pull")
def _note_pull(*, account_id: UUID, until: datetime | None, problem: str, actor: Actor) -> None:
    watch = PayInWatch.objects.select_for_update().get(provider_account_id=account_id)
    watch.tried_at, watch.problem = clock.now(), problem[:300]
    watch.pulled_until = until or watch.pulled_until
    watch.save(update_fields=["tried_at", "problem", "pulled_until"])
    audit.nothing_happened()


def register_callbacks(*, provider_account: str, actor: Actor) -> Registration:
    """Tell the provider where to call back, and keep what it said. Doing it again is safe.

    ``NotOfferedHere`` when its addresses are set up elsewhere.
    """
    account = ProviderAccount.objects.filter(label=provider_account).first()
    if account is None:
        raise UnknownProviderAccount(account=provider_account)
    rail = connector(account.connector)
    if not isinstance(rail, CallbackRegistrar):
        raise NotOfferedHere(account=provider_account, what="registering callback addresses")
    said = rail.register(context_for(account))
    _note_registration(account_id=account.id, said=said, actor=actor)
    return said


@use_case("payments.register_callbacks")
def _note_registration(*, account_id: UUID, said: Registration, actor: Actor) -> None:
    watch, _ = PayInWatch.objects.get_or_create(provider_account_id=account_id)
    watch.registration = said.said[:300]
    watch.registered_at = clock.now() if said.is_registered else watch.registered_at
    watch.save(update_fields=["registration", "registered_at"])
    audit.note(watch.provider_account.label, said=said.said)
