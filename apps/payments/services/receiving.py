"""Callbacks at the door: recognised, stored, answered. Nothing is understood here yet."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from apps.payments.connectors.accounts import GENUINE, AccountWebhookReader, SignatureVerdict
from apps.payments.connectors.base import HttpReply, RawCallback, WebhookReader
from apps.payments.connectors.pay_ins import PayInQuestioner
from apps.payments.connectors.registry import connector, connector_called_back_at
from apps.payments.domain import tokens
from apps.payments.domain.phones import hollow
from apps.payments.domain.states import CallbackState
from apps.payments.errors import CallbackTooLarge, UnknownCallback, UnknownConnector
from apps.payments.models import Attempt, ProviderAccount
from apps.payments.models.callbacks import sealed_body
from apps.payments.selectors.contexts import account_callback_keys, callback_keys, context_for
from apps.payments.services.pay_ins import answer_question
from apps.platform import clock
from apps.platform import context as house_context
from apps.platform.cards import without_card_numbers
from apps.platform.ids import new_id
from apps.platform.secrets.sealing import sealed_by
from apps.platform.tenant import current_tenant_id
from apps.tenancy.contexts import inside
from apps.tenancy.domain import TenantState
from apps.tenancy.selectors import tenant_by_id
from apps.tenancy.workers import wake

PROCESS_TASK = "payments.process_callbacks"
BODY_BYTES_MAX = 64 * 1024
#: A suspended tenant's money still moves, so what providers say about it is still kept.
_KEPT_FOR = (TenantState.READY, TenantState.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A callback as the web server hands it over."""

    inbound_name: str
    token: str
    kind: str
    body: bytes
    content_type: str
    remote_ip: str | None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


def receive_callback(*, delivery: Delivery) -> HttpReply:
    """Store a callback in its tenant's books and say what to answer.

    The token in the address names tenant and attempt, or tenant and provider account; an account's
    callbacks are signed besides, where its provider signs. An address that
    was never given out is ``UnknownCallback``, whatever is wrong with it. A repeated message only
    counts up; one that reuses a message's name with other bytes is kept in quarantine.
    """
    try:
        rail = connector_called_back_at(delivery.inbound_name)
    except UnknownConnector:
        raise UnknownCallback from None
    if isinstance(rail, AccountWebhookReader) and delivery.kind in rail.account_kinds:
        return _for_account(rail, delivery)
    if isinstance(rail, WebhookReader) and delivery.kind in rail.callback_kinds:
        return _for_attempt(rail, delivery)
    raise UnknownCallback


def _for_attempt(rail: WebhookReader, delivery: Delivery) -> HttpReply:
    with _inside(delivery, callback_keys()) as attempt_id:
        attempt = (
            Attempt.objects.select_related("provider_account", "phone_number")
            .filter(id=attempt_id)
            .first()
        )
        if attempt is None or _inbound_name(attempt.provider_account) != delivery.inbound_name:
            raise UnknownCallback
        known = bytes(attempt.callback_token_hash)
        if not hmac.compare_digest(known, tokens.fingerprint(delivery.token)):
            raise UnknownCallback
        name = hollow(rail.identify(RawCallback(delivery.kind, delivery.body)), attempt.phone)
        if _store(_Message(attempt.provider_account_id, attempt.id, delivery, name)):
            wake(PROCESS_TASK)
    return rail.acknowledge()


def _for_account(rail: AccountWebhookReader, delivery: Delivery) -> HttpReply:
    """What is not genuine is kept in quarantine and answered alike: the answer teaches nothing."""
    with _inside(delivery, account_callback_keys()) as account_id:
        account = ProviderAccount.objects.filter(id=account_id).first()
        if account is None or _inbound_name(account) != delivery.inbound_name:
            raise UnknownCallback
        kept = {k: v for k, v in delivery.headers.items() if k in rail.callback_headers}
        callback = RawCallback(delivery.kind, delivery.body, kept)
        if isinstance(rail, PayInQuestioner) and delivery.kind in rail.question_kinds:
            return answer_question(rail, account, callback)
        verdict = rail.authenticate(context_for(account), callback)
        name = rail.identify_event(callback) if verdict.is_genuine else "forged:"
        message = _Message(account.id, None, delivery, name, kept, verdict)
        if _store(message):
            wake(PROCESS_TASK)
    return rail.acknowledge_event(delivery.kind)


@contextmanager
def _inside(delivery: Delivery, keys: Sequence[bytes]) -> Iterator[UUID]:
    """Inside the books of the tenant that the token names; gives what else it names."""
    tenant_id, thing_id = tokens.unseal(delivery.token, keys)
    if len(delivery.body) > BODY_BYTES_MAX:
        raise CallbackTooLarge(bytes_max=BODY_BYTES_MAX)
    tenant = tenant_by_id(tenant_id)
    if tenant is None or tenant.state not in _KEPT_FOR:
        raise UnknownCallback
    with inside(tenant):
        yield thing_id


def _inbound_name(account: ProviderAccount) -> str:
    return connector(account.connector).inbound_name


@dataclass(frozen=True, slots=True)
class _Message:
    """A callback that is about to be kept; ``name`` is the provider's own for it."""

    account_id: UUID
    attempt_id: UUID | None
    delivery: Delivery
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    verdict: SignatureVerdict = GENUINE


def _store(message: _Message) -> bool:
    """Keep the bytes; true when there is something new to process."""
    digest = hashlib.sha256(message.delivery.body).hexdigest()
    beside = f"{message.name[:120]}#{digest}"
    if not message.verdict.is_genuine:
        _insert(message, beside, digest, message.verdict.why or "The signature is wrong.")
        return False
    kept = _insert(message, message.name, digest)
    if kept == digest:
        return True
    if kept is not None:
        # Same name, other bytes: evidence of something wrong. Its own name holds the digest.
        _insert(message, beside, digest, "Another message of this name was kept before.")
    return False


_UPSERT = """
    INSERT INTO payments_callback (id, tenant, provider_account_id, attempt_id, kind, dedupe, body,
        sealed_by, body_sha256, content_type, remote_ip, request_id, headers, is_genuine, state,
        tries, next_try_at, last_error, duplicates, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, 0, %s)
    ON CONFLICT (provider_account_id, dedupe) DO UPDATE SET
        duplicates = payments_callback.duplicates
            + (payments_callback.body_sha256 = excluded.body_sha256)::int,
        last_duplicate_at = excluded.received_at
    RETURNING body_sha256, duplicates
"""


def _insert(message: _Message, name: str, digest: str, doubt: str = "") -> str | None:
    """Insert or count. The digest when the row is new, nothing when it is an equal duplicate, and
    the kept row's digest when that differs.
    """
    now, delivery = clock.now(), message.delivery
    state = CallbackState.QUARANTINED if doubt else CallbackState.NEW
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                new_id(), current_tenant_id(), message.account_id, message.attempt_id,
                delivery.kind, name[:200], sealed_body(without_card_numbers(delivery.body)),
                sealed_by(), digest,
                delivery.content_type[:100], delivery.remote_ip, house_context.request_id.get(),
                json.dumps(dict(message.headers)), message.verdict.is_genuine, state, now,
                doubt[:300], now,
            ],
        )  # fmt: skip
        kept, duplicates = cursor.fetchone()
    if kept != digest:
        return str(kept)
    return digest if duplicates == 0 else None
