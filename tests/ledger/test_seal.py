"""The chain over the journal: complete, in commit order, signed, and kept where we cannot reach."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from apps.ledger.domain import credit, debit
from apps.ledger.domain import ledger_verify as chain
from apps.ledger.errors import NotSealedYet
from apps.ledger.models import JournalEntry, Seal, SealBatch
from apps.ledger.selectors import books_violations
from apps.ledger.selectors.sealing import receipt
from apps.ledger.services import post_entries, post_entry, seal_entries
from apps.ledger.services.sealing import anchor_head, seal_books
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id
from apps.platform.models import OutboxMessage
from apps.platform.storage import TenantStorage
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, sealed_soon
from tests.ledger.test_races import all_at_once


def sale(**facts: object) -> Any:
    return draft(debit("9100", kes(100)), credit("9900", kes(100)), **facts)


def post(count: int = 1, **facts: object) -> list[UUID]:
    drafts = {str(new_id()): sale(**facts) for _ in range(count)}
    return [receipt.entry_id for receipt in post_entries(drafts=drafts, actor=SYSTEM)]


def test_what_was_taken_early_and_committed_late_is_sealed_late_and_not_skipped(
    sealing: Tenant,
) -> None:
    """A takes its transaction id and entry id first; B commits; the sealer runs; A commits."""
    has_posted, may_commit = threading.Event(), threading.Event()
    early: list[UUID] = []

    def a() -> None:
        with inside(sealing), transaction.atomic():
            early.append(
                post_entry(draft=sale(), idempotency_key=str(new_id()), actor=SYSTEM).entry_id
            )
            has_posted.set()
            assert may_commit.wait(60)
        connection.close()

    thread = threading.Thread(target=a)
    thread.start()
    assert has_posted.wait(60)
    late = draft(debit("9110", kes(5)), credit("9500.one", kes(5)))  # waits for none of A's rows
    b = post_entry(draft=late, idempotency_key=str(new_id()), actor=SYSTEM).entry_id
    for _ in range(3):
        seal_books()
    assert not Seal.objects.filter(entry_id__in=[*early, b]).exists()
    with pytest.raises(NotSealedYet):
        receipt(b)
    may_commit.set()
    thread.join()
    sealed_soon()
    numbers = dict(Seal.objects.filter(entry_id__in=[*early, b]).values_list("entry_id", "number"))
    assert numbers[early[0]] < numbers[b]  # in the order of their transactions
    assert Seal.objects.count() == JournalEntry.objects.count()


def test_writers_and_sealers_at_once_leave_a_dense_chain(sealing: Tenant) -> None:
    before = Seal.objects.count()

    def write() -> None:
        for _ in range(10):
            post(2)

    def seal() -> None:
        for _ in range(10):
            seal_entries(limit=3, actor=SYSTEM)

    work: list[Callable[[], object]] = [write, write, write, seal, seal, seal]
    assert all_at_once(sealing, work) == [None] * 6
    sealed_soon()
    assert Seal.objects.count() == before + 60
    assert books_violations() == []


def test_the_database_refuses_a_link_that_does_not_continue(sealing: Tenant) -> None:
    """Whoever writes: a gap, another's text, a wrong hash, and any change afterwards."""
    entry = post()[0]
    last = Seal.objects.order_by("-number").first()
    digest = bytes(JournalEntry.objects.get(id=entry).digest)
    head = bytes(last.hash) if last else chain.genesis(sealing.id)
    number = last.number + 1 if last else 1

    def link(number: int, payload: bytes, previous: bytes, link: bytes) -> str:
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            Seal.objects.create(
                number=number, entry_id=entry, payload=payload, previous=previous, hash=link,
                algorithm=1,
            )  # fmt: skip
        return str(getattr(refused.value.__cause__, "sqlstate", ""))

    def good(number: int, payload: bytes = digest, previous: bytes = head) -> tuple[Any, ...]:
        return number, payload, previous, chain.seal_hash(number, previous, payload)

    assert link(*good(number + 1)) == "LG095"
    assert link(*good(number, payload=b"x" * 32)) == "LG095"
    assert link(*good(number, previous=b"x" * 32)) == "LG095"
    assert link(number, digest, head, b"x" * 32) == "LG095"
    sealed_soon()  # and the honest one is the same link
    assert bytes(Seal.objects.get(number=number).hash) == good(number)[3]
    for statement in (
        "UPDATE ledger_seal SET algorithm = 2",
        "DELETE FROM ledger_seal",
        "UPDATE ledger_seal_batch SET root = 'x'",
        "UPDATE ledger_seal_batch SET statement = 'x'",
        "UPDATE ledger_seal_batch SET object_name = 'x'",
        "DELETE FROM ledger_seal_batch",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_head_is_signed_told_and_kept_outside_and_keys_rotate(
    sealing: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_LEDGER_SEAL_CURRENT")
    post(3)
    sealed_soon()
    waiting = SealBatch.objects.latest("number")
    assert (waiting.signature, waiting.anchored_at) == (None, None)  # the chain went on
    monkeypatch.setenv("SECRET_LEDGER_SEAL_CURRENT", "k2")
    monkeypatch.setenv("SECRET_LEDGER_SEAL_KEY_K2", base64.b64encode(b"2" * 32).decode())
    seal_books()
    batch = SealBatch.objects.get(number=waiting.number)
    assert batch.key_id == "k2"
    with TenantStorage().open(batch.object_name) as file:
        kept = json.loads(file.read())
    anchor_head(number=batch.number)  # a worker that died between copy and note
    proof = chain.Proof(keys={"k2": bytes(batch.public_key or b"")})
    stated = proof.verify_head(kept)
    assert (stated["last"], stated["head"]) == (batch.last, bytes(batch.head).hex())
    told = OutboxMessage.objects.filter(name="ledger.head_sealed").latest("sequence").payload
    assert {key: told[key] for key in kept} == kept
    with pytest.raises(chain.Broken, match="not trusted"):
        chain.Proof(keys={"k1": b"1" * 32}).verify_head(kept)
    with pytest.raises(chain.Broken, match="signature"):
        proof.verify_head(kept | {"statement": kept["statement"].replace('"last":', '"last":1')})


def test_books_restored_on_another_server_are_sealed_all_the_same(sealing: Tenant) -> None:
    """Their transaction ids lie in the future of this one, and so does the last horizon."""
    ids = post(3)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE ledger_journal_entry SET txid = (4000000000000 + number)::text::xid8"
            "  FROM unnest(%s::uuid[]) WITH ORDINALITY x(entry, number) WHERE id = entry", [ids],
        )  # fmt: skip
        cursor.execute(
            "UPDATE ledger_seal_batch SET horizon = '4000000000002'"
            " WHERE number = (SELECT max(number) FROM ledger_seal_batch)"
        )
    assert [v.check for v in books_violations("full")] == []
    assert seal_entries(limit=2, actor=SYSTEM) == 2
    ids += post(2)  # of this server
    sealed_soon()
    numbers = dict(Seal.objects.filter(entry_id__in=ids).values_list("entry_id", "number"))
    assert set(numbers) == set(ids)
    post(1)
    sealed_soon()


#: What is done to the chain behind the guards' back, and the laws that notice.
FAULTS = [
    ("UPDATE ledger_seal SET hash = sha256(hash) WHERE number = {n}",
     {"chain_holds", "chain_ends_in_its_last_batch", "batches_are_their_seals"}),
    ("UPDATE ledger_seal SET hash = sha256(hash) WHERE number = {n} - 1", {"chain_holds"}),
    ("UPDATE ledger_seal SET entry_id = gen_random_uuid() WHERE number = {n} - 1",
     {"chain_holds", "every_settled_entry_is_sealed"}),
    ("DELETE FROM ledger_seal WHERE number = {n} - 1",
     {"chain_holds", "every_settled_entry_is_sealed"}),
    ("DELETE FROM ledger_seal WHERE number = {n}",
     {"chain_ends_in_its_last_batch", "batches_are_their_seals", "every_settled_entry_is_sealed"}),
    ("UPDATE ledger_seal_batch SET first = first - 1 WHERE last = {n}",
     {"batches_are_their_seals"}),
    ("UPDATE ledger_seal_batch SET head = sha256(head) WHERE last = {n}",
     {"chain_ends_in_its_last_batch", "batches_are_their_seals"}),
    # An entry and its digest rewritten together: only the chain still knows.
    (("UPDATE ledger_journal_entry e SET digest = sha256('x') FROM ledger_seal s"
      " WHERE s.entry_id = e.id AND s.number = {n}"), {"chain_holds", "entries_are_as_written"}),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "laws"), FAULTS, ids=[fault[:60] for fault, _ in FAULTS])
def test_the_audit_finds_what_was_done_to_the_chain(
    sealing: Tenant, fault: str, laws: set[str]
) -> None:
    batch = SealBatch.objects.latest("number")
    while batch.last - batch.first < 2:
        post(3)
        sealed_soon()
        batch = SealBatch.objects.latest("number")
    number = Seal.objects.count()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(fault.format(n=number))
        assert cursor.rowcount == 1
        cursor.execute("SET LOCAL session_replication_role = origin")
        found = {violation.check for violation in books_violations("full")}
        transaction.set_rollback(True)
    assert found == {f"ledger.{law}" for law in laws}
