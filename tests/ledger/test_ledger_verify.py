"""Proving the books offline: from an export, receipts and anchored heads alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.ledger import errors
from apps.ledger.domain import credit, debit
from apps.ledger.domain import ledger_verify as chain
from apps.ledger.models import JournalEntry, SealBatch
from apps.ledger.selectors import books_violations, journal_entry
from apps.ledger.selectors.sealing import receipt, signed_head
from apps.ledger.services import erase_metadata, erase_subject, post_entry
from apps.ledger.services.exporting import write_book_to
from apps.platform.actors import SYSTEM
from apps.platform.ids import new_id, public_id
from apps.tenancy.models import Tenant
from tests.ledger.conftest import draft, kes, sealed_soon, usd

Lines = list[dict[str, Any]]
PHONE = "+254 722 000 111"


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_a_merkle_tree_is_that_of_rfc_9162_and_each_leaf_has_its_path(leaves: list[bytes]) -> None:
    def root(part: list[bytes]) -> bytes:
        """As the RFC says it: split at the largest power of two below the size."""
        if len(part) == 1:
            return hashlib.sha256(b"\0" + part[0]).digest()
        cut = 1 << (len(part) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + root(part[:cut]) + root(part[cut:])).digest()

    assert chain.merkle_root(leaves) == root(leaves)
    for index, leaf in enumerate(leaves):
        path = chain.merkle_path(leaves, index)
        assert chain.root_of_path(leaf, index, len(leaves), path) == root(leaves)
        with pytest.raises(chain.Broken):
            chain.root_of_path(leaf, index, len(leaves), [*path, leaf])
        if path:
            with pytest.raises(chain.Broken):
                chain.root_of_path(leaf, index, len(leaves), path[:-1])


def post(**facts: object) -> UUID:
    made = draft(
        debit("9100", kes(100)), credit("9900", kes(100)), debit("9200", usd(7)),
        credit("9700", usd(7)), **facts,
    )  # fmt: skip
    return post_entry(draft=made, idempotency_key=str(new_id()), actor=SYSTEM).entry_id


class World(NamedTuple):
    """An export, its newest head, a receipt, the keys, and the entry of the receipt."""

    bundle: Path
    head: Path
    proof: Path
    keys: list[str]
    entry: UUID


@pytest.fixture
def world(sealing: Tenant, tmp_path: Path) -> World:
    """What a verifier has, of two batches at least."""
    odd = 'Ein "Café" \\ für\t1 € \x7f \u2028 😀'
    entry = post(description=odd, metadata={"payer": PHONE, "n": 1.50, "näme": "ü"})
    post()
    post()
    sealed_soon()
    post(source_event=str(new_id()))
    sealed_soon()
    bundle, head, proof = (tmp_path / name for name in ("b.jsonl.gz", "h.json", "r.json"))
    with bundle.open("wb") as file:
        write_book_to(file, export_format="bundle")
    batch = SealBatch.objects.latest("number")
    head.write_text(json.dumps(signed_head(batch)))
    proof.write_text(json.dumps(receipt(entry)))
    heads = [signed_head(batch) for batch in SealBatch.objects.all()]
    keys = {f"{kept['key']}={kept['public_key']}" for kept in heads}
    return World(bundle, head, proof, sorted(keys), entry)


def test_the_script_alone_proves_an_export(world: World) -> None:
    """In an interpreter that cannot import this project."""
    bundle, head, proof, keys, _ = world
    script = bundle.with_name("ledger_verify.py")
    script.write_bytes(Path(chain.__file__).read_bytes())
    command = [sys.executable, "-I", str(script), str(bundle), "--head", str(head)]
    command += ["--receipt", str(proof)]
    command += [word for key in keys for word in ("--key", key)]
    run = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"OK: {JournalEntry.objects.count()} entries")
    alone = subprocess.run(
        [sys.executable, "-I", str(script), "--receipt", str(proof)],
        env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 0
    head.write_text(head.read_text().replace("last", "lost"))
    with pytest.raises(SystemExit) as ended:
        call_command("ledger_verify", bundle=bundle, head=[head])
    assert ended.value.code == 1


def amount(lines: Lines) -> None:
    """One minor unit in one leg of the first entry."""
    fields = json.loads(lines[1]["payload"])
    fields[chain.FIELDS.index("amounts")][0] += 1
    lines[1]["payload"] = json.dumps(fields, ensure_ascii=False)


def rehashed(lines: Lines) -> None:
    """The same by somebody who knows how to hash: every seal after it is made anew."""
    amount(lines)
    fields = json.loads(lines[1]["payload"])
    fields[chain.FIELDS.index("amounts")][1] += 1
    lines[1]["payload"] = json.dumps(fields, ensure_ascii=False)
    head = chain.genesis(UUID(lines[0]["tenant"]))
    batch: list[bytes] = []
    for line in lines[1:]:
        if line["type"] == "entry":
            head = chain.seal_hash(line["seal"], head, chain.payload_hash(line["payload"]))
            line["hash"] = head.hex()
            batch.append(head)
        else:
            line["head"] = head.hex()
        if line["type"] == "batch":
            line["root"] = chain.merkle_root(batch).hex()
            batch = []


def cut(lines: Lines) -> None:
    """The last batch left out, and the end moved up to hide it."""
    ends = [i for i, line in enumerate(lines) if line["type"] == "batch"]
    del lines[ends[-2] + 1 : -1]
    lines[-1] |= {"last": lines[ends[-2]]["last"], "head": lines[ends[-2]]["head"]}


def inner(lines: Lines) -> int:
    """The place of an entry that another one follows, in its batch or the next."""
    kinds = [line["type"] for line in lines]
    return next(i for i in range(len(kinds)) if kinds[i : i + 2] == ["entry", "entry"])


def entry_with_metadata(lines: Lines) -> dict[str, Any]:
    return next(line for line in lines if line.get("metadata"))


#: What is done to an export, and what is said of it.
TAMPERINGS: dict[str, tuple[Callable[[Lines], object], str]] = {
    "an amount": (amount, "seal 1, entry je_.*altered"),
    "an amount, all hashes made anew": (rehashed, "head of batch 1"),
    "an entry left out": (lambda lines: lines.pop(inner(lines)), r"the seal after \d+ is missing"),
    "two entries exchanged": (
        lambda lines: lines.insert(inner(lines), lines.pop(inner(lines) + 1)),
        r"the seal after \d+ is missing",
    ),
    "the end left out": (lambda lines: lines.pop(), "breaks off"),
    "the last batch left out": (cut, "entries are cut off"),
    "metadata": (
        lambda lines: entry_with_metadata(lines).update(metadata="{}"), "metadata was altered",
    ),
    "metadata left out": (
        lambda lines: entry_with_metadata(lines).pop("metadata"), "was not erased",
    ),
    "another tenant": (
        lambda lines: lines[0].update(tenant=str(new_id())), "seal 1, .*another tenant",
    ),
    "another entry's name": (
        lambda lines: lines[1].update(entry=public_id("je", new_id())), "its text is of entry",
    ),
    "a root": (
        lambda lines: next(x for x in lines if x["type"] == "batch").update(root="00"), "its root",
    ),
    "a line of rubbish": (lambda lines: lines.insert(2, {"type": "x"}), "does not belong here"),
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_the_first_broken_place_is_named(world: World, tampering: str) -> None:
    bundle, head, _, keys, _ = world
    lines = [json.loads(line) for line in gzip.decompress(bundle.read_bytes()).splitlines()]
    tamper, said = TAMPERINGS[tampering]
    tamper(lines)
    bundle.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
    is_proved, sentence = chain.verify(bundle=bundle, heads=[head], keys=keys)
    assert not is_proved
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(sentence)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("payload", lambda told: told["payload"].replace("100", "900", 1)),
        ("seal", lambda told: told["seal"] + 1),
        ("previous", lambda _: "00" * 32),
        ("proof", lambda told: told["proof"] | {"index": told["proof"]["index"] ^ 1}),
        ("proof", lambda told: told["proof"] | {"path": []}),
        ("head", lambda _: None),
    ],
)
def test_a_receipt_that_was_changed_proves_nothing(
    world: World, what: str, change: Callable[[Any], object]
) -> None:
    told = json.loads(world[2].read_text())
    chain.Proof().verify_receipt(told)
    with pytest.raises(chain.Broken):
        chain.Proof().verify_receipt(told | {what: change(told)})


def test_metadata_is_erased_for_good_and_the_books_still_prove_themselves(
    world: World,
) -> None:
    bundle, head, proof, keys, entry = world
    assert journal_entry(entry).metadata["payer"] == PHONE
    assert PHONE not in proof.read_text()
    with pytest.raises(errors.ExplanationMissing):
        erase_metadata(entry_ids=[entry], reason=" ", actor=SYSTEM)
    assert erase_subject(name="payer", value=PHONE, reason="Art. 17", actor=SYSTEM) >= 1
    assert journal_entry(entry).metadata == {}
    with pytest.raises(errors.NoMetadata):
        erase_metadata(entry_ids=[entry], reason="again", actor=SYSTEM)
    assert books_violations() == []
    with bundle.open("wb") as file:
        write_book_to(file, export_format="bundle")
    assert PHONE.encode() not in gzip.decompress(bundle.read_bytes())
    is_proved, sentence = chain.verify(bundle=bundle, heads=[head], receipts=[proof], keys=keys)
    assert is_proved, sentence
    assert "erased" in sentence
    told = receipt(entry)
    assert told["metadata_erased"]["reason"] == "Art. 17"
    chain.Proof().verify_receipt(told)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_journal_entry SET metadata = '{}', metadata_salt = NULL WHERE id = %s",
        "UPDATE ledger_journal_entry SET description = 'x' WHERE id = %s",
        """SELECT ledger_erase_metadata_v1(tenant, ARRAY[id], '', 'x', NULL, now())
             FROM ledger_journal_entry WHERE id = %s""",
        """INSERT INTO ledger_metadata_erasure (tenant, entry_id, digest, reason, actor, erased_at)
           SELECT tenant, id, 'x', 'why', 'x', now() FROM ledger_journal_entry WHERE id = %s;
           UPDATE ledger_journal_entry SET metadata = '{}', metadata_salt = NULL""",
        """SELECT ledger_erase_metadata_v1(tenant, ARRAY[id], 'why', 'x', NULL, now())
             FROM ledger_journal_entry WHERE id = %s;
           UPDATE ledger_journal_entry SET description = 'x'""",
        "DELETE FROM ledger_metadata_erasure WHERE %s IS NOT NULL",
    ],
)
def test_there_is_one_door_and_nothing_else_leaves_by_it(books: Tenant, statement: str) -> None:
    entry = post(metadata={"payer": PHONE})
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.replace("%s", f"'{entry}'"))
    assert journal_entry(entry).metadata == {"payer": PHONE}
