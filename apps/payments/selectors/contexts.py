"""What connectors are handed for a call, and the addresses they are called back at."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from apps.payments.connectors.base import AccountConfig, AttemptView, Context, ParentView, Party
from apps.payments.connectors.registry import connector
from apps.payments.domain import phones, tokens
from apps.payments.domain.states import Operation, Step
from apps.payments.models import Attempt, ProviderAccount
from apps.payments.selectors.accounts import account_model
from apps.platform import clock
from apps.platform.http import HttpClient
from apps.platform.money import Money
from apps.platform.secrets import secret
from apps.platform.tenant import current_tenant_id

#: The kind of address that most providers call for everything.
EVENTS = "events"


def account_config(account: ProviderAccount) -> AccountConfig:
    """A provider account as its connector sees it. Every account may name a base address."""
    return AccountConfig(
        label=account.label,
        environment=account.environment,
        base_url=str(account.config.get("base_url") or settings.ENV.mpesa_base_url),
        currency=account.currency,
        config=account.config,
    )


def context_for(account: ProviderAccount, attempt: Attempt | None = None) -> Context:
    """Everything for one call. Credentials are read when they are needed and kept nowhere."""
    return Context(
        account=account_config(account),
        http=HttpClient(),
        cache=cache,
        secret=partial(secret, account.secrets_ref),
        now=clock.now,
        timeout_seconds=settings.ENV.provider_timeout_seconds,
        callback_url=partial(_callback_url, account, attempt.id) if attempt else lambda _kind: "",
        account_url=partial(account_callback_url, account),
    )


def context_of(label: str) -> Context:
    """The context of the account of that label, or ``UnknownProviderAccount``."""
    return context_for(account_model(label))


def view_of(attempt: Attempt) -> AttemptView:
    """An attempt as its connector sees it."""
    intent, phone = attempt.intent, attempt.phone
    return AttemptView(
        id=attempt.id,
        operation=Operation(attempt.operation),
        amount=Money(attempt.amount_minor, attempt.currency),
        phone=phone,
        reference=intent.reference if intent else str(attempt.payout_ref),
        description=intent.description if intent else "",
        provider_key=attempt.provider_key,
        provider_refs=_refs(attempt, phone),
        created_at=attempt.created_at,
        sent_at=attempt.sent_at,
        party=Party(**attempt.party) if attempt.party else Party("phone", phone),
        parent=_parent(attempt.parent) if attempt.parent else None,
        is_last_capture=attempt.is_last,
        reason=attempt.reason,
        return_url=intent.return_url if intent else "",
        step=Step(attempt.step),
    )


def _refs(attempt: Attempt, phone: str) -> dict[str, str]:
    """The provider's names as the provider spells them: kept, those that hold the number have a
    hole in its place.
    """
    return {name: phones.filled(value, phone) for name, value in attempt.provider_refs.items()}


def _parent(parent: Attempt) -> ParentView:
    return ParentView(
        id=parent.id,
        operation=Operation(parent.operation),
        amount=Money(parent.amount_minor, parent.currency),
        provider_key=parent.provider_key,
        provider_refs=_refs(parent, parent.phone),
    )


def stale_before(now: datetime) -> datetime:
    """What was being sent before this instant is no longer being sent: twice the time-out."""
    return now - timedelta(seconds=2 * settings.ENV.provider_timeout_seconds)


def callback_token(attempt: UUID) -> str:
    """The secret part of the attempt's callback addresses."""
    return tokens.seal(current_tenant_id(), attempt, callback_keys()[0])


def callback_keys(purpose: bytes = b"payments.callback.v1") -> list[bytes]:
    """The present key first, then those that still open addresses given out before a change."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.new(str(key).encode(), purpose, hashlib.sha256).digest() for key in secrets]


def account_callback_keys() -> list[bytes]:
    """As above, for addresses of accounts: one kind of token never opens the other's."""
    return callback_keys(b"payments.account-callback.v1")


def account_callback_url(account: ProviderAccount, kind: str = EVENTS) -> str:
    """The account's own address of a kind; the one for events carries no kind."""
    inbound = connector(account.connector).inbound_name
    token = tokens.seal(current_tenant_id(), account.id, account_callback_keys()[0])
    address = f"{settings.ENV.public_url}/in/{inbound}/{token}"
    return address if kind == EVENTS else f"{address}/{kind}"


def _callback_url(account: ProviderAccount, attempt: UUID, kind: str) -> str:
    inbound = connector(account.connector).inbound_name
    return f"{settings.ENV.public_url}/in/{inbound}/{callback_token(attempt)}/{kind}"
