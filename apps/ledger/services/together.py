"""Committing what many clients ask for in one transaction, each with an outcome of its own."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from opentelemetry import context as otel
from opentelemetry import trace

from apps.ledger.domain import (
    CaptureDraft,
    EntryDraft,
    EntryReceipt,
    HoldDraft,
    HoldReceipt,
    ReleaseDraft,
)
from apps.ledger.services.each import write_each
from apps.ledger.services.entries import POST, post_entry
from apps.ledger.services.holds import capture_hold, place_hold, release_hold
from apps.ledger.services.posting import Instruction
from apps.platform import audit, context
from apps.platform.actors import Actor
from apps.platform.errors import Busy, DomainError
from apps.platform.ids import public_id
from apps.platform.metrics import USE_CASE_SECONDS

_LOCK_JOURNAL = "LOCK TABLE ledger_journal_entry IN ROW EXCLUSIVE MODE"  # before who changes modes
_LOCK_HOLDS = "SELECT id FROM ledger_hold WHERE id = ANY (%s) ORDER BY id FOR NO KEY UPDATE"
_LOCK_BALANCES = """
    SELECT b.account_id FROM ledger_account_balance b
      JOIN ledger_account a ON a.id = b.account_id
     WHERE (a.code = ANY (%s)
            OR a.id IN (SELECT l.account_id FROM ledger_hold_leg l WHERE l.hold_id = ANY (%s)))
       AND b.mode = 'synchronous'
     ORDER BY b.account_id FOR NO KEY UPDATE OF b
"""
Draft = EntryDraft | HoldDraft | CaptureDraft | ReleaseDraft
Receipt = EntryReceipt | HoldReceipt
#: A refusal, or what the database said that no rule of ours explains.
Outcome = Receipt | DomainError | DatabaseError


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing asked for, under its key, and whose request it came with.

    ``hold_id`` names the hold that is captured or released.
    """

    draft: Draft
    idempotency_key: str
    actor: Actor
    hold_id: UUID | None = None
    request_id: str = ""
    trace: otel.Context = field(default_factory=otel.Context)


def carry_out(*, orders: Sequence[Order]) -> list[Outcome]:
    """Do all of them, committed together, and say of each what came of it.

    A refused order does not touch the others; of an entry, a final refusal is kept and uses up its
    key, as ``post_each`` keeps it. Repeating an order under its key returns the first receipt, as
    the use cases promise that it stands for. What another transaction was in the way of, and
    everything if the common transaction fails, is done again one by one.
    """
    outcomes: dict[int, Outcome] = {}
    if len(orders) > 1:
        try:
            with transaction.atomic():
                outcomes = _together(orders)
        except (DatabaseError, DomainError):
            outcomes = {}
    return [
        _alone(order) if isinstance(outcome := outcomes.get(number, Busy()), Busy) else outcome
        for number, order in enumerate(orders)
    ]


def _together(orders: Sequence[Order]) -> dict[int, Outcome]:
    """In the common transaction: entries as a set, then what concerns holds, each by itself."""
    calls: dict[int, list[int]] = defaultdict(list)
    rest: list[int] = []
    met = Counter[str]()
    for number, order in enumerate(orders):
        if isinstance(order.draft, EntryDraft):
            calls[met[order.idempotency_key]].append(number)  # a key's second comer: a call later
            met[order.idempotency_key] += 1
        else:
            rest.append(number)
    if rest or len(calls) > 1:
        _lock(orders)
    outcomes: dict[int, Outcome] = {}
    for numbers in calls.values():
        outcomes |= zip(numbers, _post([orders[number] for number in numbers]), strict=True)
    for number in rest:
        outcomes[number] = _alone(orders[number])
    return outcomes


def _post(orders: Sequence[Order]) -> Sequence[Outcome]:
    """Entries in one call, each with the audit record that its own use case would have left."""
    started = time.perf_counter()
    outcomes = write_each([_instruction(order) for order in orders], orders[0].actor)
    done = [
        (order, outcome)
        for order, outcome in zip(orders, outcomes, strict=True)
        if isinstance(outcome, EntryReceipt)
    ]
    audit.write_all(
        POST, [_record(order, receipt) for order, receipt in done if not receipt.is_replay]
    )
    seconds = time.perf_counter() - started
    for outcome in outcomes:
        how = "done" if isinstance(outcome, EntryReceipt) else "refused"
        USE_CASE_SECONDS.labels(use_case=POST, outcome=how).observe(seconds)
    return outcomes


def _alone(order: Order) -> Outcome:
    """The use case itself: in the common transaction a savepoint, outside one of its own."""
    about: dict[str, Any] = {"idempotency_key": order.idempotency_key, "actor": order.actor}
    hold: dict[str, Any] = {"hold_id": order.hold_id, **about}
    with _for(order):
        try:
            match order.draft:
                case EntryDraft() as entry:
                    return post_entry(draft=entry, is_refusal_kept=True, **about)
                case HoldDraft() as placed:
                    return place_hold(draft=placed, **about)
                case CaptureDraft() as captured:
                    return capture_hold(draft=captured, **hold)
                case ReleaseDraft() as released:
                    return release_hold(draft=released, **hold)
        except (DomainError, DatabaseError) as error:
            return error


def _lock(orders: Iterable[Order]) -> None:
    """Everything that several statements will lock, in the order in which everybody locks it."""
    codes, holds = set[str](), set[UUID]()
    for order in orders:
        if isinstance(order.draft, EntryDraft | HoldDraft):
            codes.update(leg.account for leg in order.draft.postings)
        elif order.hold_id is not None:
            holds.add(order.hold_id)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_JOURNAL)
        if holds:
            cursor.execute(_LOCK_HOLDS, [list(holds)])
        cursor.execute(_LOCK_BALANCES, [list(codes), list(holds)])


def _instruction(order: Order) -> Instruction:
    draft: Any = order.draft
    return Instruction(
        draft=draft,
        idempotency_key=order.idempotency_key,
        fingerprint=draft.fingerprint(),
        actor=order.actor,
        traceparent=context.traceparent(order.trace),
    )


def _record(order: Order, receipt: EntryReceipt) -> audit.Done:
    about = trace.get_current_span(order.trace).get_span_context()
    return audit.Done(
        actor=order.actor,
        subject=public_id("je", receipt.entry_id),
        request_id=order.request_id,
        trace_id=format(about.trace_id, "032x") if about.is_valid else "",
    )


@contextmanager
def _for(order: Order) -> Iterator[None]:
    """Within the block, work belongs to the order's request and continues its trace."""
    token = otel.attach(order.trace)
    try:
        with context.bound(context.request_id, order.request_id):
            yield
    finally:
        otel.detach(token)
