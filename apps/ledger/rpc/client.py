"""A typed client of the door, for any Python program: it needs ``connectrpc`` and nothing of ours.

    with ledger_client("https://door.example", key) as ledger:
        receipt = ledger.post_entry(
            PostEntryRequest(
                description="Order A-1",
                value_date="2026-03-02",
                postings=[debit("1200", 1000, "KES"), credit("4000", 1000, "KES")],
            )
        )

The calls are those of ``v1/ledger.proto``. A request without an idempotency key gets one, and is
sent again under it while the door says that it is busy. A refusal is raised as ``Refused``.
"""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from pyqwest import Client, SyncClient

from apps.ledger.rpc.v1.ledger_connect import LedgerServiceClient, LedgerServiceClientSync
from apps.ledger.rpc.v1.ledger_pb import (
    Money,
    MoveHoldsRequest,
    PostEntriesRequest,
    Posting,
    Problem,
    Side,
)

TRIES_MAX = 4
FIRST_PAUSE_SECONDS = 0.05
TIMEOUT_SECONDS = 10.0


class Refused(Exception):
    """The door refused. ``problem`` says why; without one, the call itself went wrong.

    ``reason`` is Connect's code. After ``DEADLINE_EXCEEDED`` or a lost connection nobody knows
    whether it was done: ask again with the same key.
    """

    def __init__(self, reason: Code, message: str, problem: Problem | None) -> None:
        super().__init__(f"{problem.code}: {message}" if problem else message)
        self.reason = reason
        self.problem = problem

    @property
    def code(self) -> str:
        """What programs compare, such as ``ledger/insufficient-funds``; empty without a problem."""
        return self.problem.code if self.problem else ""

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the refusal."""
        return dict(self.problem.facts.to_python()) if self.problem and self.problem.facts else {}


def debit(account: str, amount: int, currency: str, clearing_key: str = "") -> Posting:
    """A leg on the debit side, in whole minor units."""
    return _leg(Side.DEBIT, account, Money(amount=amount, currency=currency), clearing_key)


def credit(account: str, amount: int, currency: str, clearing_key: str = "") -> Posting:
    """A leg on the credit side, in whole minor units."""
    return _leg(Side.CREDIT, account, Money(amount=amount, currency=currency), clearing_key)


def ledger_client(
    address: str,
    credential: str,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    http_client: SyncClient | None = None,
) -> LedgerServiceClientSync:
    """A client for plain code. ``credential`` is an API key or an access token."""
    return LedgerServiceClientSync(
        address,
        timeout_ms=int(timeout_seconds * 1000),
        interceptors=[_Manners(credential)],
        send_compression=None,
        http_client=http_client,
    )


def async_ledger_client(
    address: str,
    credential: str,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    http_client: Client | None = None,
) -> LedgerServiceClient:
    """The same for ``asyncio``: what many tasks ask at once, the door commits together."""
    return LedgerServiceClient(
        address,
        timeout_ms=int(timeout_seconds * 1000),
        interceptors=[_Manners(credential)],
        send_compression=None,
        http_client=http_client,
    )


class _Manners:
    """Says who asks, names each intention, asks again while the door is busy."""

    def __init__(self, credential: str) -> None:
        self._bearer = f"Bearer {credential}"

    async def intercept_unary(
        self,
        call_next: Callable[[Any, RequestContext], Awaitable[Any]],
        request: Any,
        ctx: RequestContext,
    ) -> Any:
        self._introduce(request, ctx)
        for pause in _pauses():
            try:
                return await call_next(request, ctx)
            except ConnectError as error:
                if not _is_worth_repeating(error, pause):
                    raise _refused(error) from error
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def intercept_unary_sync(
        self, call_next: Callable[[Any, RequestContext], Any], request: Any, ctx: RequestContext
    ) -> Any:
        self._introduce(request, ctx)
        for pause in _pauses():
            try:
                return call_next(request, ctx)
            except ConnectError as error:
                if not _is_worth_repeating(error, pause):
                    raise _refused(error) from error
                time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _introduce(self, request: Any, ctx: RequestContext) -> None:
        ctx.request_headers["authorization"] = self._bearer
        for part in _intentions(request):
            if not getattr(part, "idempotency_key", "set"):
                part.idempotency_key = str(uuid.uuid4())  # noqa: TID251  the caller's, not an id of ours


def _intentions(request: Any) -> Iterable[Any]:
    match request:
        case PostEntriesRequest():
            return request.entries
        case MoveHoldsRequest():
            return [step.step.value for step in request.steps if step.step]
    return [request]


def _pauses() -> list[float]:
    """Before each further try; nothing after the last."""
    growing = [FIRST_PAUSE_SECONDS * 2**n for n in range(TRIES_MAX - 1)]
    return [pause * (0.5 + random.random()) for pause in growing] + [0.0]  # noqa: S311  jitter


def _is_worth_repeating(error: ConnectError, pause: float) -> bool:
    return error.code is Code.UNAVAILABLE and pause > 0


def _refused(error: ConnectError) -> Refused:
    told = (detail.value(Problem) for detail in error.details)
    return Refused(error.code, error.message, next((one for one in told if one), None))


def _leg(side: Side, account: str, amount: Money, clearing_key: str) -> Posting:
    return Posting(account=account, side=side, amount=amount, clearing_key=clearing_key)
