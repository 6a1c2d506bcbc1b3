"""Putting journal entries into the books."""

from __future__ import annotations

from collections.abc import Mapping

from apps.ledger.domain import (
    EntryDraft,
    EntryReceipt,
)
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case


@again_when_in_the_way
@use_case("ledger.post_entry")
def post_entry(*, draft: EntryDraft, idempotency_key: str, actor: Actor) -> EntryReceipt:
    """Write a balanced entry, once per idempotency key.

    Asking again with the same key and the same draft returns the first receipt, marked as a replay;
    with another draft it is refused. A refusal leaves no trace: balances, postings and the key are
    as before. Takes the row locks of its accounts until the transaction ends, so a use case that
    posts does it last.
    """
    draft.check()
    receipt = write([_instruction(draft, idempotency_key)], actor)[0]
    _note([receipt])
    return receipt


@again_when_in_the_way
@use_case("ledger.post_entries")
def post_entries(*, drafts: Mapping[str, EntryDraft], actor: Actor) -> list[EntryReceipt]:
    """Write many entries, all or none, each under its idempotency key. Receipts in that order.

    Entries that are in the books already under their key are replays; the others are written. The
    limits of an account are held at the end of each entry, in the order given.
    """
    for draft in drafts.values():
        draft.check()
    receipts = write([_instruction(draft, key) for key, draft in drafts.items()], actor)
    _note(receipts)
    return receipts


def _instruction(draft: EntryDraft, idempotency_key: str) -> Instruction:
    if not idempotency_key:
        raise ValueError("posting takes an idempotency key")
    return Instruction(
        draft=draft, idempotency_key=idempotency_key, fingerprint=draft.fingerprint()
    )


def _note(receipts: list[EntryReceipt]) -> None:
    written = [receipt for receipt in receipts if not receipt.is_replay]
    if not written:
        audit.nothing_happened()
    elif len(written) == 1:
        audit.note(public_id("je", written[0].entry_id))
    else:
        audit.note(public_id("je", written[0].entry_id), entries=len(written))
