"""The one way into the books: a call of the tenant's posting function."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from apps.ledger.domain import EntryDraft, EntryReceipt
from apps.ledger.domain.periods import Late
from apps.ledger.errors import PeriodHardClosed, PeriodSoftClosed
from apps.ledger.events import EntryPosted
from apps.ledger.services.approval_rules import require_approval
from apps.ledger.services.late import on_open_days
from apps.ledger.services.refusals import typed
from apps.platform import audit, clock, context
from apps.platform.actors import Actor
from apps.platform.durability import flush
from apps.platform.events import payload_of
from apps.platform.ids import new_id, public_id
from apps.platform.messaging.wakeup import wake_relay
from apps.platform.metrics import entries_posted
from apps.platform.money import Money
from apps.platform.tenant import current_tenant_id, database

# Arrays go over in binary (%b): written as text, each of their values is searched for letters to
# escape, and that took longer than the rest of the call.
# Whoever asks for early release promises to flush before anybody is told: see ``write``. A session
# that never had the setting answers NULL, and "NULL AND f()" calls f: only CASE leaves it alone.
_ROW = """
    SELECT r.*, CASE WHEN current_setting('ledger.releases_early', true) = 'on'
                     THEN ledger_release_early_v1() ELSE false END
"""
_ONE = f"""{_ROW}
      FROM ledger_post_entry_v1(
        %s::uuid, %s::timestamptz, %s::text, %s::uuid, %s::text, %s::text,
        %s::uuid, %s::text, %s::text, %s::date, %s::timestamptz, %s::text, %s::bytea, %s::text,
        %s::uuid, %s::text, %s::uuid, %s::text, %s::jsonb, %s::uuid, %s::text, %s::jsonb,
        %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[]) r
"""
_MANY = f"""{_ROW}
      FROM ledger_post_entries_v1(
        %s::uuid, %s::timestamptz, %b::text[], %b::uuid[], %b::text[], %b::text[],
        %b::uuid[], %b::text[], %b::text[], %b::date[], %b::timestamptz[], %b::text[],
        %b::bytea[], %b::text[], %b::uuid[], %b::text[], %b::uuid[], %b::text[],
        %b::text[]::jsonb[], %b::uuid[], %b::text[], %b::text[]::jsonb[],
        %b::int[], %b::text[], %b::text[], %b::bigint[], %b::text[], %b::text[], %s::jsonb) r
    ORDER BY ordinal
"""
_FEW = _MANY.replace("ledger_post_entries_v1", "ledger_post_few_entries_v1")
#: So many entries are posted by a plan that is kept; more get one of their own.
FEW = 64
# With the audit record of the use case that is nothing but this posting.
_AUDITED = """
    WITH posted AS MATERIALIZED ({posting}),
         done AS (SELECT NOT is_replay AS is_new FROM posted),
         audited AS ({audit})
    SELECT * FROM posted
"""
_ONE_AUDITED, _FEW_AUDITED = (
    _AUDITED.format(posting=posting, audit=audit.INSERT_WHERE_DONE) for posting in (_ONE, _FEW)
)


#: Accounts that were not kept synchronously when they were last posted to. For them the light way
#: would be tried in vain; both ways are right for every account, so being out of date costs time
#: and nothing else.
_kept_otherwise: set[tuple[UUID, str]] = set()
KEPT_OTHERWISE_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A checked draft with what makes it one request: its key, its fingerprint, its origin.

    Whoever posts for several requests at once says whose each is: ``actor`` and ``traceparent``.
    """

    draft: EntryDraft
    idempotency_key: str
    fingerprint: bytes
    reverses_id: UUID | None = None
    id: UUID = field(default_factory=new_id)
    actor: Actor | None = None
    traceparent: str | None = None


class Row(NamedTuple):
    """What the posting functions answer for each entry."""

    ordinal: int
    entry_id: UUID
    is_replay: bool
    value_date: date
    posted_at: datetime
    accounts: list[str]
    balances: list[int]
    is_let_go: bool


def write(instructions: Sequence[Instruction], actor: Actor) -> list[EntryReceipt]:
    """Post them all or none, each new entry with its event, in one call of the database.

    Runs in the caller's transaction. Receipts come in the order of the instructions. Where an
    account is released early, the commit lets others on before the disk has it, and the outermost
    transaction waits for the disk after its commit, before its caller is answered. A replay waits
    as well: what it repeats may have been committed a moment ago by somebody who still waits.
    """
    if not instructions:
        return []
    instructions = _in_open_days(instructions, actor)
    for one in instructions:
        require_approval(one.draft)
    return _carried_out(instructions, *call_of(instructions, actor))


def write_alone(instruction: Instruction, actor: Actor, use_case: str) -> EntryReceipt:
    """Post one entry for a use case that does nothing else, its audit record in the same statement.

    Outside a transaction that one statement is all there is to it, so the calendar is looked at
    only once its guard has refused the entry's day; inside one, where a refusal would be the end of
    the transaction, it is asked beforehand.
    """
    require_approval(instruction.draft)
    audit.nothing_happened()  # the statement writes it
    if not connection.in_atomic_block:
        try:
            return _written_alone(instruction, actor, use_case)
        except (PeriodHardClosed, PeriodSoftClosed):
            if instruction.draft.late is Late.REFUSE:
                raise
    with transaction.atomic() if not connection.in_atomic_block else nullcontext():
        (instruction,) = _in_open_days([instruction], actor)
        return _written_alone(instruction, actor, use_case)


def _written_alone(instruction: Instruction, actor: Actor, use_case: str) -> EntryReceipt:
    query, arguments = call_of([instruction], actor)
    query = _ONE_AUDITED if query is _ONE else _FEW_AUDITED
    record = audit.values(use_case, actor, public_id("je", instruction.id))
    (receipt,) = _carried_out([instruction], query, [*arguments, *record])
    return receipt


def _in_open_days(instructions: Sequence[Instruction], actor: Actor) -> list[Instruction]:
    days = on_open_days(
        [one.draft for one in instructions], [one.actor or actor for one in instructions]
    )
    return [replace(one, draft=draft) for one, draft in zip(instructions, days, strict=True)]


def _carried_out(
    instructions: Sequence[Instruction], query: str, arguments: Sequence[Any]
) -> list[EntryReceipt]:
    with typed():
        rows = [Row(*row) for row in database.execute_prepared(query, arguments).fetchall()]
    if any(row.is_let_go or row.is_replay for row in rows):
        transaction.on_commit(flush)
    if len(instructions) == 1 and not rows[0].is_replay:
        _remember(rows[0], instructions[0].draft)
    receipts = [
        _receipt(instruction.draft, row)
        for instruction, row in zip(instructions, rows, strict=True)
    ]
    written = sum(not receipt.is_replay for receipt in receipts)
    transaction.on_commit(lambda: entries_posted(written))
    wake_relay()
    return receipts


def _remember(row: Row, draft: EntryDraft) -> None:
    """Accounts without a balance in the answer are not kept with each posting."""
    tenant, known = current_tenant_id(), set(row.accounts)
    if len(_kept_otherwise) > KEPT_OTHERWISE_MAX:
        _kept_otherwise.clear()
    for leg in draft.postings:
        if leg.account in known:
            _kept_otherwise.discard((tenant, leg.account))
        else:
            _kept_otherwise.add((tenant, leg.account))


def call_of(instructions: Sequence[Instruction], actor: Actor) -> tuple[str, list[Any]]:
    """The statement that posts them, and its arguments: a lighter one for a plain single entry."""
    columns, legs = _columns(instructions, actor)
    head = [current_tenant_id(), clock.now()]
    conditions = _conditions(instructions)
    accounts = set(legs[1])
    is_plain = len(instructions) == 1 and not conditions and len(accounts) == len(legs[1])
    if is_plain and _kept_otherwise.isdisjoint((head[0], account) for account in accounts):
        return _ONE, [*head, *(column[0] for column in columns), *legs[1:]]
    query = _FEW if len(instructions) <= FEW else _MANY
    return query, [*head, *columns, *legs, json.dumps(conditions) if conditions else None]


def _conditions(instructions: Sequence[Instruction]) -> list[dict[str, object]]:
    return [
        {
            "entry": number,
            "account": condition.account,
            "version": condition.version,
            "min": condition.min_balance_minor,
            "max": condition.max_balance_minor,
        }
        for number, instruction in enumerate(instructions, start=1)
        for condition in instruction.draft.preconditions
    ]


def _columns(
    instructions: Sequence[Instruction], actor: Actor
) -> tuple[list[list[Any]], list[list[Any]]]:
    """The drafts as one array for each column: first of the entries, then of their legs."""
    trace, correlation = context.traceparent(), context.correlation.get()
    entries = [
        (
            str(instruction.actor or actor),
            (instruction.actor or actor).id,
            trace if instruction.traceparent is None else instruction.traceparent,
            correlation,
            instruction.id,
            instruction.draft.kind,
            instruction.draft.description,
            instruction.draft.value_date,
            instruction.draft.effective_at,
            instruction.idempotency_key,
            instruction.fingerprint,
            instruction.draft.source_event,
            instruction.reverses_id,
            instruction.draft.reason,
            instruction.draft.approval_id,
            instruction.draft.template,
            json.dumps(dict(instruction.draft.metadata), cls=DjangoJSONEncoder),
            new_id(),
            public_id("je", instruction.id),
            json.dumps(payload_of(_event(instruction)), cls=DjangoJSONEncoder),
        )
        for instruction in instructions
    ]
    legs = [
        (
            number,
            leg.account,
            leg.side.letter,
            leg.amount.minor,
            leg.amount.currency,
            leg.clearing_key or None,
        )
        for number, instruction in enumerate(instructions, start=1)
        for leg in instruction.draft.postings
    ]
    return [list(column) for column in zip(*entries, strict=True)], [
        list(column) for column in zip(*legs, strict=True)
    ]


def _receipt(draft: EntryDraft, row: Row) -> EntryReceipt:
    currency = {leg.account: leg.amount.currency for leg in draft.postings}
    return EntryReceipt(
        entry_id=row.entry_id,
        value_date=row.value_date,
        posted_at=row.posted_at,
        is_replay=row.is_replay,
        balances={
            account: Money(minor, currency[account])
            for account, minor in zip(row.accounts, row.balances, strict=True)
        },
    )


def _event(instruction: Instruction) -> EntryPosted:
    draft = instruction.draft
    return EntryPosted(
        entry_id=instruction.id,
        kind=draft.kind,
        value_date=draft.value_date,
        totals=draft.totals(),
        source_event=draft.source_event,
        reverses_id=instruction.reverses_id,
    )
