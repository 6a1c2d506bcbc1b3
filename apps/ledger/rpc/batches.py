"""What is done with a batch, on a thread, inside the books of its tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError
from opentelemetry import context as otel

from apps.ledger.domain import EntryReceipt, HoldReceipt
from apps.ledger.errors import AccountNotFound
from apps.ledger.rpc import reading, telling
from apps.ledger.rpc.callers import Caller, Guests, books_of
from apps.ledger.rpc.problems import MessageRefused, Refusal
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.ledger.selectors.chart import account_row, accounts_with_balances
from apps.ledger.services.together import Order, Outcome, carry_out
from apps.platform.actors import Actor
from apps.platform.errors import Busy, DomainError
from apps.platform.tenant import current_tenant

logger = structlog.get_logger("house.door")
M = TypeVar("M")
Change = pb.PostEntryRequest | pb.PlaceHoldRequest | pb.CaptureHoldRequest | pb.ReleaseHoldRequest
#: A part's answer: a message, a refusal, or a mistake of ours.
Told = Any
READ, WRITE = "ledger:read", "ledger:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[M]):
    """One request: who asks for what. ``pointers`` say where in the request each part stands."""

    caller: Caller
    parts: Sequence[M]
    pointers: Sequence[str]
    request_id: str
    trace: otel.Context


@dataclass(slots=True)
class Answer:
    """What a call is answered: for each part what it came to, or one refusal of the whole."""

    parts: list[Told] = field(default_factory=list)
    refusal: Refusal | None = None
    actor: Actor | None = None
    tenant: str = ""


Begun = Sequence[tuple[Call[M], Answer]]


def changes(tenant_id: UUID, calls: Sequence[Call[Change]]) -> list[Answer]:
    """Carry out what all the calls ask for, committed together."""
    return _in_books(tenant_id, calls, WRITE, _carry_out)


def balances(tenant_id: UUID, calls: Sequence[Call[str]]) -> list[Answer]:
    """Read what the accounts of all calls hold, in one query."""
    return _in_books(tenant_id, calls, READ, _read)


def _in_books(
    tenant_id: UUID, calls: Sequence[Call[M]], scope: str, work: Callable[[Begun[M]], None]
) -> list[Answer]:
    try:
        with books_of(tenant_id):
            guests = Guests()
            answers = [_begun(call, guests, scope) for call in calls]
            allowed = [both for both in zip(calls, answers, strict=True) if not both[1].refusal]
            if allowed:
                work(allowed)
            return answers
    except DomainError as error:
        return [Answer(refusal=error) for _ in calls]
    except (OperationalError, InterfaceError) as error:
        logger.warning("door.database_busy", exc_info=error)
        return [Answer(refusal=Busy()) for _ in calls]


def _begun(call: Call[M], guests: Guests, scope: str) -> Answer:
    answer = Answer(parts=[None] * len(call.parts), tenant=current_tenant().slug)
    try:
        answer.actor = guests.actor(call.caller, scope)
    except DomainError as error:
        answer.refusal = error
    return answer


def _carry_out(begun: Begun[Change]) -> None:
    orders, places = list[Order](), list[tuple[Answer, int]]()
    for call, answer in begun:
        for number, message in enumerate(call.parts):
            try:
                orders.append(_order(message, call, answer))
            except MessageRefused as error:
                answer.parts[number] = error.below(call.pointers[number])
            except DomainError as error:
                answer.parts[number] = error
            else:
                places.append((answer, number))
    for (answer, number), outcome in zip(places, carry_out(orders=orders), strict=True):
        answer.parts[number] = _told(outcome)


def _order(message: Change, call: Call[Change], answer: Answer) -> Order:
    """The order in a message. The key is made the client's own, as the REST API makes it."""
    actor: Actor = answer.actor  # type: ignore[assignment]  # who has none was refused before
    key = f"api:{actor.id}:{reading.key(message.idempotency_key)}"
    named = None
    match message:
        case pb.PostEntryRequest():
            draft: Any = reading.entry(message)
        case pb.PlaceHoldRequest():
            draft = reading.hold(message)
        case pb.CaptureHoldRequest():
            draft, named = reading.capture(message), reading.hold_id(message.hold_id)
        case pb.ReleaseHoldRequest():
            draft, named = reading.release(message), reading.hold_id(message.hold_id)
    return Order(
        draft=draft,
        idempotency_key=key,
        actor=actor,
        hold_id=named,
        request_id=call.request_id,
        trace=call.trace,
    )


def _told(outcome: Outcome) -> Told:
    match outcome:
        case EntryReceipt():
            return telling.entry_receipt(outcome)
        case HoldReceipt():
            return telling.hold_receipt(outcome)
        case _:
            return outcome


def _read(begun: Begun[str]) -> None:
    wanted = {code for call, _ in begun for code in call.parts}
    found = {
        row.code: telling.balance(account_row(row))
        for row in accounts_with_balances().filter(code__in=wanted)
    }
    for call, answer in begun:
        answer.parts = [found.get(code) or AccountNotFound(account=code) for code in call.parts]
