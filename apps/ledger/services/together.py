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
from apps.ledger.services.entries import post_entry
from apps.ledger.services.holds import capture_hold, place_hold, release_hold
from apps.ledger.services.posting import Instruction, write
from apps.platform import audit, context
from apps.platform.actors import Actor
from apps.platform.errors import Busy, DomainError
from apps.platform.ids import public_id
from apps.platform.metrics import USE_CASE_SECONDS

POST = "ledger.post_entry"
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

    A refused order leaves no trace and does not touch the others. Repeating an order under its key
    returns the first receipt, as the use cases promise that it stands for. What another transaction
    was in the way of, and everything if the common transaction fails, is done again one by one.
    """
    outcomes: dict[int, Outcome] = {}
    if len(orders) > 1:
        try:
            with transaction.atomic():
                outcomes = _together(orders)
        except DatabaseError:
            outcomes = {}
    return [
        _alone(order) if isinstance(outcome := outcomes.get(number, Busy()), Busy) else outcome
        for number, order in enumerate(orders)
    ]


def _together(orders: Sequence[Order]) -> dict[int, Outcome]:
    """In the common transaction: entries in sets, then what concerns holds, each by itself."""
    entries: dict[tuple[Actor, int], list[int]] = defaultdict(list)
    rest: list[int] = []
    met = Counter[tuple[Actor, str]]()
    for number, order in enumerate(orders):
        if not isinstance(order.draft, EntryDraft):
            rest.append(number)
            continue
        name = (order.actor, order.idempotency_key)
        entries[order.actor, met[name]].append(number)  # a key's second comer goes a call later
        met[name] += 1
    if rest or len(entries) > 1:
        _lock(orders)
    outcomes: dict[int, Outcome] = {}
    for numbers in entries.values():
        outcomes |= zip(numbers, _post([orders[number] for number in numbers]), strict=True)
    for number in rest:
        outcomes[number] = _alone(orders[number])
    return outcomes


def _post(orders: Sequence[Order]) -> list[Outcome]:
    """Entries of one actor in one call; if the set is refused, one by one."""
    started = time.perf_counter()
    try:
        instructions = [_instruction(order) for order in orders]
        with transaction.atomic(), _for(orders[0]):
            receipts = write(instructions, orders[0].actor)
            _note(orders, receipts)
    except DomainError:
        _lock(orders)
        return [_alone(order) for order in orders]
    seconds = time.perf_counter() - started
    for _ in orders:
        USE_CASE_SECONDS.labels(use_case=POST, outcome="done").observe(seconds)
    return list(receipts)


def _alone(order: Order) -> Outcome:
    """The use case itself: in the common transaction a savepoint, outside one of its own."""
    about: dict[str, Any] = {"idempotency_key": order.idempotency_key, "actor": order.actor}
    hold: dict[str, Any] = {"hold_id": order.hold_id, **about}
    with _for(order):
        try:
            match order.draft:
                case EntryDraft() as entry:
                    return post_entry(draft=entry, **about)
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
        if holds:
            cursor.execute(_LOCK_HOLDS, [list(holds)])
        cursor.execute(_LOCK_BALANCES, [list(codes), list(holds)])


def _instruction(order: Order) -> Instruction:
    """What the books are told of an entry that could be posted. What could not is refused."""
    draft: Any = order.draft
    draft.check()
    return Instruction(
        draft=draft, idempotency_key=order.idempotency_key, fingerprint=draft.fingerprint()
    )


def _note(orders: Sequence[Order], receipts: Sequence[EntryReceipt]) -> None:
    """An audit record for each entry that is new, as its own use case would have left it."""
    audit.write_all(
        POST,
        [
            audit.Done(
                actor=order.actor,
                subject=public_id("je", receipt.entry_id),
                request_id=order.request_id,
                trace_id=_trace_id(order),
            )
            for order, receipt in zip(orders, receipts, strict=True)
            if not receipt.is_replay
        ],
    )


def _trace_id(order: Order) -> str:
    about = trace.get_current_span(order.trace).get_span_context()
    return format(about.trace_id, "032x") if about.is_valid else ""


@contextmanager
def _for(order: Order) -> Iterator[None]:
    """Within the block, work belongs to the order's request and continues its trace."""
    token = otel.attach(order.trace)
    try:
        with context.bound(context.request_id, order.request_id):
            yield
    finally:
        otel.detach(token)
