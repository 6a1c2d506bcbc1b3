"""The calls of the door: each gathers with others of its tenant and waits for its own answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import structlog
from connectrpc.request import RequestContext
from opentelemetry import context as otel
from protobuf import Oneof

from apps.ledger.rpc.batches import Answer, Call, Change, balances, changes
from apps.ledger.rpc.callers import caller
from apps.ledger.rpc.frame import problem_of, raised
from apps.ledger.rpc.lanes import Lanes
from apps.ledger.rpc.problems import MessageRefused
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.ledger.rpc.v1.ledger_connect import LedgerService
from apps.platform import context

M = TypeVar("M")

#: Parts of one batch request.
PARTS_MAX = 1000


class Door(LedgerService):
    """Posting, holds and balances. One for each process; ``lanes`` gather what comes together."""

    def __init__(self, lanes: type[Lanes] = Lanes) -> None:
        self._changes: Lanes[UUID, Call[Change], Answer] = lanes(changes)
        self._balances: Lanes[UUID, Call[str], Answer] = lanes(balances)

    async def drain(self) -> None:
        """Finish what was begun."""
        await self._changes.drain()
        await self._balances.drain()

    async def post_entry(
        self, request: pb.PostEntryRequest, ctx: RequestContext
    ) -> pb.EntryReceipt:
        """Post a balanced entry."""
        return await self._change(request, ctx)

    async def post_entries(
        self, request: pb.PostEntriesRequest, ctx: RequestContext
    ) -> pb.PostEntriesResponse:
        """Post many entries, each by itself."""
        told = await self._change_all("/entries", request.entries, ctx)
        Result = pb.PostEntriesResponse.Result  # noqa: N806  a class
        return pb.PostEntriesResponse(results=[Result(outcome=_outcome(one)) for one in told])

    async def place_hold(self, request: pb.PlaceHoldRequest, ctx: RequestContext) -> pb.HoldReceipt:
        """Hold money."""
        return await self._change(request, ctx)

    async def capture_hold(
        self, request: pb.CaptureHoldRequest, ctx: RequestContext
    ) -> pb.HoldReceipt:
        """Post what is held."""
        return await self._change(request, ctx)

    async def release_hold(
        self, request: pb.ReleaseHoldRequest, ctx: RequestContext
    ) -> pb.HoldReceipt:
        """Give back what is held."""
        return await self._change(request, ctx)

    async def move_holds(
        self, request: pb.MoveHoldsRequest, ctx: RequestContext
    ) -> pb.MoveHoldsResponse:
        """Many steps on holds, each by itself."""
        steps: list[Change] = []
        for number, one in enumerate(request.steps):
            if one.step is None:
                raise MessageRefused(f"/steps/{number}", "required", "Say which step.")
            steps.append(one.step.value)
        told = await self._change_all("/steps", steps, ctx)
        Result = pb.MoveHoldsResponse.Result  # noqa: N806  a class
        return pb.MoveHoldsResponse(results=[Result(outcome=_outcome(one)) for one in told])

    async def get_balance(self, request: pb.GetBalanceRequest, ctx: RequestContext) -> pb.Balance:
        """What an account holds now."""
        call = _call([request.account], [""], ctx)
        answer = await self._balances.ask(call.caller.tenant_id, call)
        return raised(_parts(answer)[0])

    async def get_balances(
        self, request: pb.GetBalancesRequest, ctx: RequestContext
    ) -> pb.GetBalancesResponse:
        """What many accounts hold."""
        call = _call(request.accounts, _pointers("/accounts", request.accounts), ctx)
        told = _parts(await self._balances.ask(call.caller.tenant_id, call, len(call.parts)))
        Result = pb.GetBalancesResponse.Result  # noqa: N806  a class
        return pb.GetBalancesResponse(
            results=[Result(outcome=_outcome(one, "balance")) for one in told]
        )

    async def _change(self, request: Change, ctx: RequestContext) -> Any:
        call = _call([request], [""], ctx)
        return raised(_parts(await self._changes.ask(call.caller.tenant_id, call))[0])

    async def _change_all(
        self, pointer: str, requests: Sequence[Change], ctx: RequestContext
    ) -> list[Any]:
        call = _call(requests, _pointers(pointer, requests), ctx)
        return _parts(await self._changes.ask(call.caller.tenant_id, call, len(requests)))


def _call(parts: Sequence[M], pointers: Sequence[str], ctx: RequestContext) -> Call[M]:
    return Call(
        caller=caller(ctx),
        parts=parts,
        pointers=pointers,
        request_id=context.request_id.get(),
        trace=otel.get_current(),
    )


def _pointers(pointer: str, parts: Sequence[object]) -> list[str]:
    if not 1 <= len(parts) <= PARTS_MAX:
        raise MessageRefused(pointer, "max_length", f"Send 1 to {PARTS_MAX:,}.")
    return [f"{pointer}/{number}" for number in range(len(parts))]


def _parts(answer: Answer) -> list[Any]:
    """The parts, for whoever may have them; from here on the log knows who it was."""
    if answer.tenant:
        structlog.contextvars.bind_contextvars(tenant=answer.tenant)
    if answer.actor:
        structlog.contextvars.bind_contextvars(client=answer.actor.name)
    if answer.refusal:
        raise answer.refusal
    return answer.parts


def _outcome(part: Any, name: str = "receipt") -> Any:
    """The one of a result: what was asked for, or the problem."""
    told = problem_of(part)
    return Oneof(field=name, value=part) if told is None else Oneof(field="problem", value=told)
