#!/usr/bin/env python3
"""Prove a ledger from its export, offline: no database, no network, no Django.

    python ledger_verify.py BUNDLE.jsonl.gz [--head HEAD.json …] [--receipt RECEIPT.json …]
                            [--key KEYID=BASE64 …]

Needs Python 3.11 and the package ``cryptography``, and nothing else of this house. Ends with 0 and
``OK`` when every entry hashes to what the chain holds, the chain runs on without a gap from the
tenant's genesis, every batch has the root its head was signed with, every entry balances, and the
receipts and anchored heads given agree with it. Otherwise ends with 1 and names the first broken
place. ``--key`` names the public keys that are trusted; without any, signatures are checked against
the key each head brings, which proves that heads are whole but not whose they are.

The house itself seals with the functions of this file, so there is one definition of the chain:

- payload  SHA-256 of the entry's canonical text (``FIELDS``), metadata by its salted digest only
- seal     SHA-256(``SEAL`` ‖ number, 8 bytes ‖ previous seal ‖ payload)
- genesis  SHA-256(``GENESIS`` ‖ tenant, 16 bytes): the first seal's previous one
- root     the Merkle tree of RFC 9162 over the seals of a batch
- head     a JSON statement of number, last seal and root, signed with Ed25519 after ``HEAD``
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHM = 1
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
GENESIS = b"countinghouse/ledger/genesis/1"
SEAL = b"countinghouse/ledger/seal/1"
HEAD = b"countinghouse/ledger/head/1\n"
BUNDLE_FORMAT = "countinghouse.ledger.bundle/1"
HEAD_FORMAT = "countinghouse.ledger.head/1"
RECEIPT_FORMAT = "countinghouse.ledger.receipt/1"

#: What the canonical text of an entry says, in its order (algorithm 1).
FIELDS = (
    "tenant", "id", "kind", "description", "value_date", "effective_at", "posted_at",
    "idempotency_key", "fingerprint", "source_event", "reverses", "reason", "approval",
    "template", "actor", "actor_id", "metadata_digest", "accounts", "sides", "amounts",
    "currencies", "clearing_keys",
)  # fmt: skip


_NOBODY = UUID(int=0)


class Broken(Exception):
    """What was given does not prove itself; the text says where and how."""


def genesis(tenant: UUID) -> bytes:
    """What the first seal of a tenant's chain follows."""
    return hashlib.sha256(GENESIS + tenant.bytes).digest()


def payload_hash(payload: str) -> bytes:
    """The hash of an entry's canonical text."""
    return hashlib.sha256(payload.encode()).digest()


def seal_hash(number: int, previous: bytes, payload: bytes) -> bytes:
    """The seal of the entry with this number; numbers are 1, 2, 3 and so on without a gap."""
    return hashlib.sha256(SEAL + number.to_bytes(8, "big") + previous + payload).digest()


def metadata_digest(text: str, salt: str) -> str:
    """How metadata enters the canonical text: hexadecimal, under a salt that can be destroyed."""
    return hashlib.sha256(UUID(salt).bytes + text.encode()).hexdigest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of RFC 9162 over these leaves, at least one."""
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]  # an odd one rises as it is
    return level[0]


def merkle_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings from leaf ``index`` (from 0) up to the root: the proof that it is below it."""
    path = []
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
        index //= 2
    return path


def root_of_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that this proof leads to; ``Broken`` when the proof has the wrong length."""
    found, last, rest = hashlib.sha256(b"\0" + leaf).digest(), size - 1, list(path)
    while last > 0:
        if index ^ 1 <= last:
            if not rest:
                raise Broken("the inclusion proof is too short")
            sibling = rest.pop(0)
            found = _node(sibling, found) if index & 1 else _node(found, sibling)
        index, last = index // 2, last // 2
    if rest:
        raise Broken("the inclusion proof is too long")
    return found


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def canonical(facts: Mapping[str, object]) -> str:
    """JSON with one spelling."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Line(NamedTuple):
    """One line of a bundle and its number, from 1."""

    number: int
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Proof:
    """What was read so far, and the state of the chain."""

    keys: Mapping[str, bytes] = field(default_factory=dict)
    tenant: UUID = _NOBODY
    last: int = 0
    head: bytes = b""
    batch: list[bytes] = field(default_factory=list)
    seals: dict[int, bytes] = field(default_factory=dict)
    roots: dict[int, tuple[int, str]] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    erased: int = 0
    signed: int = 0
    untrusted: int = 0

    def verify_bundle(self, lines: Iterable[Line]) -> None:
        """Read a whole bundle or raise ``Broken`` at its first wrong line."""
        steps = {"entry": self._entry, "batch": self._batch, "end": self._end}
        is_ended = False
        for number, facts in lines:
            kind = facts.get("type")
            if number == 1:
                self._begin(facts)
            elif kind not in steps or is_ended:
                raise Broken(f"line {number}: {kind!r} does not belong here")
            else:
                steps[kind](facts)
            is_ended = kind == "end"
        if not is_ended:
            raise Broken(f"the bundle breaks off after seal {self.last}")

    def _begin(self, facts: Mapping[str, Any]) -> None:
        if facts.get("type") != "bundle" or facts.get("format") != BUNDLE_FORMAT:
            raise Broken(f"line 1: not a bundle of {BUNDLE_FORMAT}")
        self.tenant = UUID(facts["tenant"])
        self.head = genesis(self.tenant)

    def _entry(self, facts: Mapping[str, Any]) -> None:
        where = f"seal {facts['seal']}, entry {facts['entry']}"
        if facts["seal"] != self.last + 1:
            raise Broken(f"{where}: the seal after {self.last} is missing")
        entry = read_payload(facts["payload"], where)
        if UUID(entry["tenant"]) != self.tenant:
            raise Broken(f"{where}: belongs to another tenant")
        if facts["entry"] != reference(entry["id"]):
            raise Broken(f"{where}: its text is of entry {reference(entry['id'])}")
        found = seal_hash(facts["seal"], self.head, payload_hash(facts["payload"]))
        if found.hex() != facts["hash"]:
            raise Broken(f"{where}: its text or place in the chain was altered")
        self._balance(entry, where)
        self._metadata(facts, entry, where)
        self.last, self.head = facts["seal"], found
        self.seals[self.last] = found
        self.batch.append(found)

    def _balance(self, entry: Mapping[str, Any], where: str) -> None:
        sums: dict[str, int] = {}
        legs = zip(entry["sides"], entry["amounts"], entry["currencies"], strict=True)
        for side, amount, currency in legs:
            signed = amount if side == "D" else -amount
            sums[currency] = sums.get(currency, 0) + signed
            moved = amount if side == "D" else 0
            self.sums[currency] = self.sums.get(currency, 0) + moved
        for currency, total in sums.items():
            if total:
                raise Broken(f"{where}: debits less credits are {total} {currency}")

    def _metadata(self, facts: Mapping[str, Any], entry: Mapping[str, Any], where: str) -> None:
        digest = entry["metadata_digest"]
        if facts.get("erased"):
            self.erased += 1
        elif facts.get("metadata") is not None:
            if digest != metadata_digest(facts["metadata"], facts["salt"]):
                raise Broken(f"{where}: its metadata was altered")
        elif digest is not None:
            raise Broken(f"{where}: its metadata is missing and was not erased")

    def _batch(self, facts: Mapping[str, Any]) -> None:
        where = f"batch {facts['number']}"
        if not self.batch or facts["last"] != self.last:
            raise Broken(f"{where}: ends at seal {facts['last']}, the chain at {self.last}")
        root = merkle_root(self.batch).hex()
        if root != facts["root"] or self.head.hex() != facts["head"]:
            raise Broken(f"{where}: its root or head is not that of its entries")
        self.roots[facts["number"]] = (facts["last"], root)
        self.batch = []
        if facts.get("signature"):
            self.verify_head(facts)

    def _end(self, facts: Mapping[str, Any]) -> None:
        if self.batch or facts["last"] != self.last or facts["head"] != self.head.hex():
            raise Broken(f"the bundle says it ends at seal {facts['last']}, not {self.last}")

    def verify_head(self, head: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check a head's signature, and that it says what the chain says; returns its statement.

        A head past the end of the bundle shows that entries were cut off.
        """
        stated: dict[str, Any] = json.loads(head["statement"])
        where = f"head of batch {stated['batch']}"
        if stated.get("format") != HEAD_FORMAT:
            raise Broken(f"{where}: not of {HEAD_FORMAT}")
        if self.keys and stated["key"] not in self.keys:
            raise Broken(f"{where}: signed with {stated['key']}, which is not trusted")
        self.untrusted += not self.keys
        key = self.keys.get(stated["key"]) or base64.b64decode(head["public_key"])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(
                base64.b64decode(head["signature"]), HEAD + head["statement"].encode()
            )
        except (InvalidSignature, ValueError):
            raise Broken(f"{where}: its signature is not of key {stated['key']}") from None
        self.signed += 1
        if self.seals:
            self._compare(stated, where)
        return stated

    def _compare(self, stated: Mapping[str, Any], where: str) -> None:
        if UUID(stated["tenant"]) != self.tenant:
            raise Broken(f"{where}: is of another tenant")
        if stated["last"] > self.last:
            raise Broken(f"{where}: was signed at seal {stated['last']}; entries are cut off")
        if self.seals[stated["last"]].hex() != stated["head"]:
            raise Broken(f"{where}: the chain has another seal {stated['last']}: rewritten")
        if self.roots.get(stated["batch"]) != (stated["last"], stated["root"]):
            raise Broken(f"{where}: the chain has another root: rewritten")

    def verify_receipt(self, receipt: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check one entry's receipt from its text up to the signature; returns what it says."""
        entry = read_payload(receipt["payload"], "receipt")
        where = f"receipt of entry {reference(entry['id'])}"
        if receipt.get("format") != RECEIPT_FORMAT:
            raise Broken(f"{where}: not of {RECEIPT_FORMAT}")
        seal = seal_hash(
            receipt["seal"], bytes.fromhex(receipt["previous"]), payload_hash(receipt["payload"])
        )
        if seal.hex() != receipt["hash"]:
            raise Broken(f"{where}: its text was altered")
        proof = receipt["proof"]
        path = [bytes.fromhex(step) for step in proof["path"]]
        root = root_of_path(seal, proof["index"], proof["size"], path).hex()
        if not receipt.get("head"):
            raise Broken(f"{where}: its batch is not signed yet")
        stated = self.verify_head(receipt["head"])
        first = stated["last"] - proof["size"] + 1
        if root != stated["root"] or first + proof["index"] != receipt["seal"]:
            raise Broken(f"{where}: is not below the root that was signed")
        if entry["tenant"] != stated["tenant"]:
            raise Broken(f"{where}: belongs to another tenant")
        if self.seals and self.seals.get(receipt["seal"]) != seal:
            raise Broken(f"{where}: the bundle holds another seal {receipt['seal']}")
        return entry


def read_payload(payload: str, where: str) -> dict[str, Any]:
    """The fields of an entry's canonical text."""
    values = json.loads(payload)
    if len(values) != len(FIELDS):
        raise Broken(f"{where}: has {len(values)} fields, not {len(FIELDS)}")
    return dict(zip(FIELDS, values, strict=True))


def reference(id: str) -> str:
    """The entry's public id: its UUID in 26 letters of Crockford's base 32."""
    number = UUID(id).int
    return "je_" + "".join(BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def lines_of(file: Path) -> Iterator[Line]:
    """The lines of a bundle, compressed or not."""
    with (
        gzip.open(file, "rt", encoding="utf-8")
        if file.suffix == ".gz"
        else file.open(encoding="utf-8")
    ) as text:
        for number, line in enumerate(text, start=1):
            yield Line(number, json.loads(line))


def verify(
    *,
    bundle: Path | None = None,
    heads: Sequence[Path] = (),
    receipts: Sequence[Path] = (),
    keys: Sequence[str] = (),
) -> tuple[bool, str]:
    """Whether everything that is named proves itself, and the sentence to print."""
    proof = Proof()
    try:
        proof.keys = dict(_key(named) for named in keys)
        if bundle:
            proof.verify_bundle(lines_of(bundle))
        for file in heads:
            proof.verify_head(json.loads(file.read_text("utf-8")))
        for file in receipts:
            proof.verify_receipt(json.loads(file.read_text("utf-8")))
    except Broken as broken:
        return False, f"BROKEN: {broken}"
    except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
        return False, f"BROKEN: what was given cannot be read: {error!r}"
    return True, _report(proof, len(receipts))


def _key(named: str) -> tuple[str, bytes]:
    name, _, text = named.partition("=")
    return name, base64.b64decode(text)


def _report(proof: Proof, receipts: int) -> str:
    moved = ", ".join(f"{currency} {total}" for currency, total in sorted(proof.sums.items()))
    told = [f"OK: {proof.last} entries"]
    if proof.last:
        told += [f"  last seal {proof.head.hex()}", f"  moved in minor units: {moved}"]
    told.append(f"  {proof.signed} signatures, {receipts} receipts, {proof.erased} erased")
    if proof.untrusted:
        told.append("  no --key was given: signatures were checked with the keys they bring")
    return "\n".join(told)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What can be asked on a command line."""
    parser.add_argument("bundle", nargs="?", type=Path, help="an export, .jsonl or .jsonl.gz")
    parser.add_argument("--head", action="append", default=[], type=Path, help="an anchored head")
    parser.add_argument("--receipt", action="append", default=[], type=Path)
    parser.add_argument(
        "--key", action="append", default=[], metavar="ID=BASE64", help="a public key to trust"
    )


def main() -> int:
    """Print the sentence; 0 when all is proved, else 1."""
    parser = argparse.ArgumentParser(description="Prove a ledger from its export, offline.")
    add_arguments(parser)
    asked = parser.parse_args()
    is_proved, sentence = verify(
        bundle=asked.bundle, heads=asked.head, receipts=asked.receipt, keys=asked.key
    )
    sys.stdout.write(f"{sentence}\n")
    return 0 if is_proved else 1


if __name__ == "__main__":
    sys.exit(main())
