"""Putting journal entries into the books, and taking them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from apps.ledger.domain import (
    REVERSAL,
    EntryDraft,
    EntryReceipt,
    PostingDraft,
    Side,
    fingerprint,
)
from apps.ledger.errors import EntryNotFound
from apps.ledger.models import JournalEntry
from apps.ledger.services.posting import Instruction, write
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.ids import public_id
from apps.platform.money import Money
from apps.platform.tenant import current_tenant
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


@again_when_in_the_way
@use_case("ledger.reverse_entry")
def reverse_entry(
    *,
    entry_id: UUID,
    reason: str,
    idempotency_key: str,
    actor: Actor,
    value_date: date | None = None,
) -> EntryReceipt:
    """Take an entry back by a new one with the sides exchanged; the first is never touched.

    The reversal counts on ``value_date``, or today in the tenant's zone. An entry is reversed once:
    the same key answers with the first receipt, another key is refused. Limits hold as for any
    posting, so money that has moved on cannot be taken back out of an empty account.
    """
    original = JournalEntry.objects.filter(id=entry_id).first()
    if original is None:
        raise EntryNotFound(entry_id=public_id("je", entry_id))
    draft = EntryDraft(
        kind=REVERSAL,
        description=reason,
        value_date=value_date or clock.today(current_tenant().zone),
        postings=_opposite_postings(original),
    )
    request = fingerprint(REVERSAL, str(entry_id), reason, value_date)
    receipt = write(
        [
            Instruction(
                draft=draft,
                idempotency_key=idempotency_key,
                fingerprint=request,
                reverses_id=entry_id,
            )
        ],
        actor,
    )[0]
    _note([receipt])
    return receipt


def _instruction(draft: EntryDraft, idempotency_key: str) -> Instruction:
    if not idempotency_key:
        raise ValueError("posting takes an idempotency key")
    return Instruction(
        draft=draft, idempotency_key=idempotency_key, fingerprint=draft.fingerprint()
    )


def _opposite_postings(entry: JournalEntry) -> list[PostingDraft]:
    return [
        PostingDraft(
            posting.account.code,
            Side.of_letter(posting.side).opposite,
            Money(posting.amount_minor, posting.currency),
        )
        for posting in entry.postings.select_related("account").order_by("leg")
    ]


def _note(receipts: list[EntryReceipt]) -> None:
    written = [receipt for receipt in receipts if not receipt.is_replay]
    if not written:
        audit.nothing_happened()
    elif len(written) == 1:
        audit.note(public_id("je", written[0].entry_id))
    else:
        audit.note(public_id("je", written[0].entry_id), entries=len(written))
