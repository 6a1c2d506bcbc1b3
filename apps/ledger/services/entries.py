"""Putting journal entries into the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection, transaction

from apps.ledger.domain import (
    EntryDraft,
    EntryOutcome,
    EntryReceipt,
)
from apps.ledger.services.each import Group, Outcome, write_each
from apps.ledger.services.keeping import keep_refusals
from apps.ledger.services.posting import Instruction, write, write_alone
from apps.ledger.services.refusals import typed
from apps.ledger.services.retries import again_when_in_the_way
from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.errors import DomainError
from apps.platform.ids import public_id
from apps.platform.use_cases import use_case

POST = "ledger.post_entry"


def post_entry(
    *, draft: EntryDraft, idempotency_key: str, actor: Actor, is_refusal_kept: bool = False
) -> EntryReceipt:
    """Write a balanced entry, once per idempotency key.

    Asking again with the same key and the same draft returns the first receipt, marked as a replay;
    with another draft it is refused. A refusal leaves no trace: balances, postings and the key are
    as before. With ``is_refusal_kept`` a final one (``services.refusals.is_final``) uses up the key
    instead, and is the answer from then on; for callers that commit whatever the answer is. Takes
    the row locks of its accounts until the transaction ends, so a use case that posts does it last.
    """
    try:
        return _post_entry(draft=draft, idempotency_key=idempotency_key, actor=actor)
    except DomainError as refusal:
        if is_refusal_kept:
            with transaction.atomic():
                keep_refusals([(_instruction(draft, idempotency_key), refusal)], actor)
        raise


@again_when_in_the_way
@use_case(POST, is_one_statement=True)
def _post_entry(*, draft: EntryDraft, idempotency_key: str, actor: Actor) -> EntryReceipt:
    draft.check()
    return write_alone(_instruction(draft, idempotency_key), actor, POST)


@again_when_in_the_way
@use_case("ledger.post_entries")
def post_entries(*, drafts: Mapping[str, EntryDraft], actor: Actor) -> list[EntryReceipt]:
    """Write many entries, all or none, each under its idempotency key. Receipts in that order.

    Entries that are in the books already under their key are replays; the others are written. The
    limits of an account are held at the end of each entry, in the order given.
    """
    for draft in drafts.values():
        draft.check()
    receipts = write(_instructions(drafts), actor)
    _note(receipts)
    return receipts


@again_when_in_the_way
@use_case("ledger.post_each")
def post_each(
    *, drafts: Mapping[str, EntryDraft], actor: Actor, groups: Mapping[str, str] | None = None
) -> list[EntryOutcome]:
    """Write those of many entries that can be written, each under its idempotency key.

    A refused entry neither undoes another nor counts for it: the outcomes, in the order given, are
    those of posting one after the other. ``groups`` names the group of a key: its entries are
    posted all or none, where the first of them stands, and what one of them is refused for refuses
    the others with ``LinkedEntryRefused``. Final refusals are kept and use up their key. One
    transaction for all; ``PostingStopped`` and the like refuse the call.
    """
    outcomes = _each(drafts, groups, actor)
    _note([one.receipt for one in outcomes if one.receipt])
    return outcomes


@again_when_in_the_way
def rehearse_entries(
    *, drafts: Mapping[str, EntryDraft], actor: Actor, groups: Mapping[str, str] | None = None
) -> list[EntryOutcome]:
    """Say what ``post_each`` would answer now. Writes nothing and uses up no key.

    All of it is done and taken back, checks of the commit included; so it takes the same locks for
    as long. The ids of receipts that are no replays are those of entries that never were.
    """
    with transaction.atomic():
        outcomes = _each(drafts, groups, actor)
        with typed():
            connection.check_constraints()
        transaction.set_rollback(True)
    return outcomes


def _each(
    drafts: Mapping[str, EntryDraft], groups: Mapping[str, str] | None, actor: Actor
) -> list[EntryOutcome]:
    outcomes = write_each(_instructions(drafts), actor, _places(list(drafts), groups or {}))
    return [_outcome(key, outcome) for key, outcome in zip(drafts, outcomes, strict=True)]


def _places(keys: Sequence[str], groups: Mapping[str, str]) -> list[Group]:
    """The places of each group, in the order of their first; a key without one is by itself."""
    places: dict[tuple[bool, str], list[int]] = {}
    for place, key in enumerate(keys):
        group = groups.get(key)
        places.setdefault((group is None, key if group is None else group), []).append(place)
    return list(places.values())


def _outcome(key: str, outcome: Outcome) -> EntryOutcome:
    if isinstance(outcome, DomainError):
        return EntryOutcome(idempotency_key=key, refusal=outcome)
    return EntryOutcome(idempotency_key=key, receipt=outcome)


def _instructions(drafts: Mapping[str, EntryDraft]) -> list[Instruction]:
    return [_instruction(draft, key) for key, draft in drafts.items()]


def _instruction(draft: EntryDraft, idempotency_key: str) -> Instruction:
    if not idempotency_key:
        raise ValueError("posting takes an idempotency key")
    return Instruction(
        draft=draft, idempotency_key=idempotency_key, fingerprint=draft.fingerprint()
    )


def _note(receipts: Sequence[EntryReceipt]) -> None:
    written = [receipt for receipt in receipts if not receipt.is_replay]
    if not written:
        audit.nothing_happened()
    elif len(written) == 1:
        audit.note(public_id("je", written[0].entry_id))
    else:
        audit.note(public_id("je", written[0].entry_id), entries=len(written))
