"""Doing what a client asks once, however often it asks.

One transaction holds the claim on the key, the work and the stored answer. So there is no moment
at which a crash leaves a key "in progress" or an effect without its answer. A twin that arrives
meanwhile waits inside PostgreSQL for the first to commit or roll back, at most two seconds.

A refusal rolls back together with its key, and the corrected or repeated request works; unless the
work itself answers with one, as those do that decide for good. The semantics follow
draft-ietf-httpapi-idempotency-key-header-07.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, transaction
from django.db.models import Case, F, TextField, Value, When
from psycopg import errors as postgres

from apps.platform import clock
from apps.platform.durability import flush
from apps.platform.errors import IdempotencyKeyMissing, IdempotencyKeyReused, RequestInFlight
from apps.platform.ids import new_id
from apps.platform.models import IdempotencyKey
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id, database

Work = Callable[[], tuple[int, Mapping[str, Any]]]

#: How long a twin waits for the first; also the longest any lock of the work is waited for.
LOCK_TIMEOUT = "2s"
#: After this the stored answer, which may hold personal data, is emptied; the key stays for ever.
ANSWER_LIFETIME = timedelta(days=30)
PURGE_BATCH = 1000
#: From this status on an answer is a refusal: it holds no personal data, and its body stays.
REFUSED = 400
# The timeout is set before the row is tried: what is inserted is read from the statement that does.
_CLAIM = f"""
    INSERT INTO platform_idempotency_key (
        id, tenant, scope, key, fingerprint, body, object_id, created_at)
    SELECT %s::uuid, %s::uuid, %s::text, %s::text, %s::bytea, '', '', %s::timestamptz
      FROM (SELECT set_config('lock_timeout', '{LOCK_TIMEOUT}', true)) patience
    ON CONFLICT (scope, key) DO NOTHING RETURNING id
"""  # noqa: S608  our own text
_KEEP = "UPDATE platform_idempotency_key SET status = %s, body = %s, object_id = %s WHERE id = %s"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Intention:
    """What a client wants done once: who asks, under which key, and for what exactly."""

    scope: str
    key: str
    fingerprint: bytes

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise IdempotencyKeyMissing


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client is told. ``is_stale``: the answer itself was purged, only the id is left."""

    status: int
    body: dict[str, Any]
    is_replay: bool = False
    is_stale: bool = False


class WireEncoder(DjangoJSONEncoder):
    """JSON as the API writes it: instants with all their digits, money with its decimals."""

    def default(self, o: object) -> Any:
        """What plain JSON does not know."""
        if isinstance(o, datetime):
            return o.isoformat().replace("+00:00", "Z")
        if isinstance(o, Money):
            return money_body(o)
        return super().default(o)


def money_body(amount: Money) -> dict[str, object]:
    """Money as the API writes it: minor units, currency, and the decimal amount for people."""
    return {
        "amount": amount.minor,
        "currency": amount.currency,
        "amount_decimal": format(amount.major, "f"),
    }


def fingerprint(*parts: object) -> bytes:
    """SHA-256 of the canonical JSON of ``parts``: keys sorted, numbers with a fraction as text."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), cls=WireEncoder)
    return hashlib.sha256(text.encode()).digest()


def answer_once(intention: Intention, work: Work) -> Answer:
    """Run ``work`` and keep its answer, or repeat the answer kept when it first ran.

    ``IdempotencyKeyReused`` when the key was used for something else, ``RequestInFlight`` when the
    first request has not ended within two seconds. What ``work`` raises goes through, and leaves
    nothing behind. Whoever calls has already decided that the client may do this.
    """
    with transaction.atomic():
        claimed = _claim(intention)
        if claimed is None:
            # The first may have let others on before the disk had it, and still wait for it.
            transaction.on_commit(flush)
            return _replay(intention)
        status, body = work()
        text = json.dumps(body, cls=WireEncoder)
        plain: dict[str, Any] = json.loads(text)
        object_id = str(plain.get("id", ""))[:100]
        database.execute_prepared(_KEEP, [status, text, object_id, claimed])
    return Answer(status, plain)


def purge_answers() -> int:
    """Empty the answers older than 30 days; returns how many. A bounded batch, safe to repeat."""
    now = clock.now()
    old = IdempotencyKey.objects.filter(
        answer_purged_at=None, created_at__lt=now - ANSWER_LIFETIME
    ).order_by("created_at")[:PURGE_BATCH]
    return IdempotencyKey.objects.filter(id__in=old.values("id")).update(
        body=Case(When(status__lt=REFUSED, then=Value("", TextField())), default=F("body")),
        answer_purged_at=now,
    )


def _claim(intention: Intention) -> UUID | None:
    """Insert the key's row and return its id, or ``None`` when it is there already."""
    try:
        row = database.execute_prepared(
            _CLAIM,
            [
                new_id(),
                current_tenant_id(),
                intention.scope,
                intention.key,
                intention.fingerprint,
                clock.now(),
            ],
        ).fetchone()
    except OperationalError as error:
        if isinstance(error.__cause__, postgres.LockNotAvailable):
            raise RequestInFlight from error
        raise
    return row[0] if row else None


def _replay(intention: Intention) -> Answer:
    kept = IdempotencyKey.objects.get(scope=intention.scope, key=intention.key)
    if bytes(kept.fingerprint) != intention.fingerprint:
        raise IdempotencyKeyReused
    if kept.status is None:
        # Only within the transaction of the first: the work asked for itself again.
        raise RequestInFlight
    if kept.answer_purged_at is not None and kept.status < REFUSED:
        return Answer(kept.status, {"id": kept.object_id}, is_replay=True, is_stale=True)
    return Answer(kept.status, json.loads(kept.body), is_replay=True)
