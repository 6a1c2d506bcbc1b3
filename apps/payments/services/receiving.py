"""Callbacks at the door: recognised, stored, answered. Nothing is understood here yet."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from django.db import connection

from apps.payments.connectors.base import HttpReply, RawCallback, WebhookReader
from apps.payments.connectors.registry import connector_called_back_at
from apps.payments.domain import tokens
from apps.payments.domain.states import CallbackState
from apps.payments.errors import CallbackTooLarge, UnknownCallback, UnknownConnector
from apps.payments.models import Attempt
from apps.payments.selectors.contexts import callback_keys
from apps.platform import clock
from apps.platform import context as house_context
from apps.platform.ids import new_id
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


def receive_callback(*, delivery: Delivery) -> HttpReply:
    """Store a callback in its tenant's books and say what to answer.

    The token in the address is the only credential and names tenant and attempt. An address that
    was never given out is ``UnknownCallback``, whatever is wrong with it. A repeated message only
    counts up; one that reuses a message's name with other bytes is kept in quarantine.
    """
    try:
        rail = connector_called_back_at(delivery.inbound_name)
    except UnknownConnector:
        raise UnknownCallback from None
    if not isinstance(rail, WebhookReader) or delivery.kind not in rail.callback_kinds:
        raise UnknownCallback
    tenant_id, attempt_id = tokens.unseal(delivery.token, callback_keys())
    if len(delivery.body) > BODY_BYTES_MAX:
        raise CallbackTooLarge(bytes_max=BODY_BYTES_MAX)
    tenant = tenant_by_id(tenant_id)
    if tenant is None or tenant.state not in _KEPT_FOR:
        raise UnknownCallback
    with inside(tenant):
        attempt = Attempt.objects.select_related("provider_account").filter(id=attempt_id).first()
        if attempt is None or attempt.provider_account.connector != rail.code:
            raise UnknownCallback
        known = bytes(attempt.callback_token_hash)
        if not hmac.compare_digest(known, tokens.fingerprint(delivery.token)):
            raise UnknownCallback
        name = rail.identify(RawCallback(delivery.kind, delivery.body))
        if _store(attempt, delivery, name):
            wake(PROCESS_TASK)
    return rail.acknowledge()


def _store(attempt: Attempt, delivery: Delivery, name: str) -> bool:
    """Keep the bytes; true when there is something new to process."""
    digest = hashlib.sha256(delivery.body).hexdigest()
    kept = _insert(attempt, delivery, name, digest, CallbackState.NEW)
    if kept == digest:
        return True
    if kept is not None:
        # Same name, other bytes: evidence of something wrong. Its own name holds the digest.
        beside = f"{name[:120]}#{digest}"
        _insert(attempt, delivery, beside, digest, CallbackState.QUARANTINED)
    return False


_UPSERT = """
    INSERT INTO payments_callback (id, tenant, provider_account_id, attempt_id, kind, dedupe, body,
        body_sha256, content_type, remote_ip, request_id, state, tries, next_try_at, last_error,
        duplicates, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s, 0, %s)
    ON CONFLICT (provider_account_id, dedupe) DO UPDATE SET
        duplicates = payments_callback.duplicates
            + (payments_callback.body_sha256 = excluded.body_sha256)::int,
        last_duplicate_at = excluded.received_at
    RETURNING body_sha256, duplicates
"""


def _insert(
    attempt: Attempt, delivery: Delivery, name: str, digest: str, state: CallbackState
) -> str | None:
    """Insert or count. The digest when the row is new, nothing when it is an equal duplicate, and
    the kept row's digest when that differs.
    """
    now = clock.now()
    doubt = "Another message of this name was kept before." if state != CallbackState.NEW else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                new_id(), current_tenant_id(), attempt.provider_account_id, attempt.id,
                delivery.kind, name, delivery.body, digest, delivery.content_type[:100],
                delivery.remote_ip, house_context.request_id.get(), state, now, doubt, now,
            ],
        )  # fmt: skip
        kept, duplicates = cursor.fetchone()
    if kept != digest:
        return str(kept)
    return digest if duplicates == 0 else None
