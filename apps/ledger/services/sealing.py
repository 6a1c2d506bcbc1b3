"""Sealing the journal: the chain, the signed heads, and their copies outside the house.

Three steps, each of which can fail and be done again without the others: links and a batch (one
transaction, nothing outside), the signature and its event (the key is read before), and the copy in
the object store (written before it is noted). A key or a store that is away delays, and the metrics
tell; it never stops the chain, which never stops posting.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from apps.ledger.domain import ledger_verify as chain
from apps.ledger.events import HeadSealed
from apps.ledger.models import Seal, SealBatch
from apps.platform import audit, clock
from apps.platform.actors import SYSTEM, Actor
from apps.platform.errors import DomainError, SecretMissing
from apps.platform.events import record
from apps.platform.ids import public_id
from apps.platform.locks import take_turns
from apps.platform.secrets import secret
from apps.platform.storage import TenantStorage
from apps.platform.tenant import current_tenant_id
from apps.platform.use_cases import use_case

logger = structlog.get_logger("house.ledger")

#: Entries of one batch, and batches of one run.
ENTRIES_MAX = 5000
BATCHES_MAX = 20
#: Heads signed or anchored in one run.
HEADS_MAX = 100
#: How long the object store is asked to keep a head: what tax and company law ask of books.
KEPT_FOR = timedelta(days=10 * 366)
KEYS = "ledger/seal"
_TURN = "ledger:seal"


class SigningKey(NamedTuple):
    """An Ed25519 key and the name under which heads say it."""

    id: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self.key.public_key().public_bytes_raw()


def signing_key() -> SigningKey:
    """The key heads are signed with now: ``current`` of ``ledger/seal`` names it.

    To rotate, store ``key_<new id>`` beside the old one and then change ``current``. Old keys are
    needed by nobody but whoever verifies, and only their public halves.
    """
    id = secret(KEYS, "current")
    try:
        return SigningKey(id, Ed25519PrivateKey.from_private_bytes(_raw(secret(KEYS, f"key_{id}"))))
    except ValueError:
        raise SecretMissing(path=KEYS, key=f"key_{id}") from None


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def seal_books() -> int:
    """Everything that is due in the present tenant's books; answers how many entries were sealed.

    Safe beside itself and to kill: what was not finished is found again.
    """
    sealed = 0
    for _ in range(BATCHES_MAX):
        count = seal_entries(limit=ENTRIES_MAX, actor=SYSTEM)
        sealed += count
        if count < ENTRIES_MAX:
            break
    try:
        _sign_and_anchor()
    except DomainError as error:
        logger.warning("seal.waiting", code=error.code, detail=error.detail)
    return sealed


def _sign_and_anchor() -> None:
    if SealBatch.objects.filter(signature=None).exists():
        key = signing_key()
        for number in _open_batches(signature=None):
            sign_head(number=number, key=key, actor=SYSTEM)
    for number in _open_batches(signature__isnull=False):
        anchor_head(number=number)


def _open_batches(**condition: object) -> list[int]:
    rows = SealBatch.objects.filter(anchored_at=None, **condition).order_by("number")
    return list(rows.values_list("number", flat=True)[:HEADS_MAX])


class _Unsealed(NamedTuple):
    entry_id: UUID
    digest: bytes
    horizon: str


@use_case("ledger.seal_entries")
def seal_entries(*, limit: int, actor: Actor) -> int:
    """Add up to ``limit`` committed entries to the chain, as one batch; answers how many.

    Sealers take turns, and the turn is taken in a statement before the one that picks: a wait
    within that one would leave it with what was to be seen before. A repetition finds the rest.
    """
    audit.nothing_happened()  # the batch is its own record
    take_turns(_TURN)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_unsealed_v1(%s)", [limit])
        picked = [_Unsealed(*row) for row in cursor.fetchall()]
    if not picked:
        return 0
    last = Seal.objects.order_by("-number").first()
    number, head = (
        (last.number, bytes(last.hash)) if last else (0, chain.genesis(current_tenant_id()))
    )
    links = []
    for entry in picked:
        number, previous = number + 1, head
        head = chain.seal_hash(number, previous, bytes(entry.digest))
        links.append((number, entry.entry_id, bytes(entry.digest), previous, head))
    _write_links(links)
    _write_batch(links, picked[0].horizon)
    return len(links)


def _write_links(links: list[tuple[int, UUID, bytes, bytes, bytes]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_seal"
            " (tenant, number, entry_id, payload, previous, hash, algorithm)"
            " SELECT %s, n, e, y, p, h, %s"
            "   FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[])"
            "        x(n, e, y, p, h)",
            [current_tenant_id(), chain.ALGORITHM, *map(list, zip(*links, strict=True))],
        )


def _write_batch(links: list[tuple[int, UUID, bytes, bytes, bytes]], horizon: str) -> None:
    before = SealBatch.objects.order_by("-number").values_list("number", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_seal_batch (tenant, number, first, last, root, head, sealed_at,"
            " horizon, key_id, statement, object_name)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::xid8, '', '', '')",
            [
                current_tenant_id(),
                (before or 0) + 1,
                links[0][0],
                links[-1][0],
                chain.merkle_root([link[4] for link in links]),
                links[-1][4],
                clock.now(),
                str(horizon),
            ],
        )


@use_case("ledger.sign_head")
def sign_head(*, number: int, key: SigningKey, actor: Actor) -> None:
    """Sign the head of a batch and tell the world; one that is signed is left as it is."""
    batch = SealBatch.objects.select_for_update().filter(number=number, signature=None).first()
    audit.nothing_happened()
    if batch is None:
        return
    take_turns(_TURN)  # heads are told in their order
    batch.key_id, batch.public_key, batch.signed_at = key.id, key.public, clock.now()
    batch.statement = chain.canonical(
        {
            "format": chain.HEAD_FORMAT,
            "algorithm": chain.ALGORITHM,
            "tenant": str(batch.tenant),
            "batch": batch.number,
            "first": batch.first,
            "last": batch.last,
            "head": bytes(batch.head).hex(),
            "root": bytes(batch.root).hex(),
            "sealed_at": batch.sealed_at.isoformat(),
            "key": key.id,
        }
    )
    batch.signature = key.key.sign(chain.HEAD + batch.statement.encode())
    batch.save(update_fields=["key_id", "public_key", "statement", "signature", "signed_at"])
    record(
        HeadSealed(
            batch=batch.number,
            last=batch.last,
            head=bytes(batch.head).hex(),
            statement=batch.statement,
            key=key.id,
            public_key=_text(key.public),
            signature=_text(batch.signature),
        ),
        aggregate=public_id("seal", batch.tenant),
    )


def anchor_head(*, number: int) -> None:
    """Keep a signed head in the object store, locked where the store can lock, and note it.

    The copy comes first and is the same to the letter each time, so that a worker killed between
    the two leaves nothing to mend.
    """
    batch = SealBatch.objects.get(number=number)
    name = f"seal/heads/{batch.number:012d}-{bytes(batch.head).hex()[:16]}.json"
    content = chain.canonical(signed_head(batch)).encode()
    until = TenantStorage().save_locked(name, content, clock.now() + KEPT_FOR)
    _note_anchor(number=number, name=name, locked_until=until, actor=SYSTEM)


@use_case("ledger.note_anchor")
def _note_anchor(*, number: int, name: str, locked_until: object, actor: Actor) -> None:
    audit.nothing_happened()
    SealBatch.objects.filter(number=number, anchored_at=None).update(
        object_name=name, locked_until=locked_until, anchored_at=clock.now()
    )


def signed_head(batch: SealBatch) -> dict[str, str]:
    """A signed head as it is anchored, and as ``ledger_verify --head`` reads it."""
    return {
        "statement": batch.statement,
        "key": batch.key_id,
        "public_key": _text(batch.public_key),
        "signature": _text(batch.signature),
    }


def _text(raw: bytes | memoryview | None) -> str:
    return base64.b64encode(bytes(raw or b"")).decode()
