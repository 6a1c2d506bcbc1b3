"""The frame around every call: its id, its trace, its deadline, its figures, and its refusal."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext
from opentelemetry import propagate, trace

from apps.ledger.rpc.problems import (
    MessageRefused,
    connect_error,
    internal_error,
    internal_problem,
    problem,
)
from apps.ledger.rpc.v1 import ledger_pb as pb
from apps.platform import context
from apps.platform.errors import DomainError
from apps.platform.ids import new_id
from apps.platform.metrics import RPC_SECONDS

logger = structlog.get_logger("house.requests")
tracer = trace.get_tracer("countinghouse")

#: For who says nothing of a deadline.
DEADLINE_SECONDS = 30.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Frame:
    """An interceptor of connectrpc."""

    async def intercept_unary(
        self,
        call_next: Callable[[Any, RequestContext], Awaitable[Any]],
        request: Any,
        ctx: RequestContext,
    ) -> Any:
        """Answer the call, or refuse it the way every refusal looks."""
        headers = ctx.request_headers
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id().hex
        ctx.response_headers["x-request-id"] = request_id
        cause = propagate.extract({"traceparent": headers.get("traceparent", "")})
        name = ctx.method.name
        started, outcome = time.perf_counter(), "internal"
        structlog.contextvars.clear_contextvars()
        with (
            context.bound(context.request_id, request_id),
            tracer.start_as_current_span(
                f"{ctx.method.service_name}/{name}", context=cause, kind=trace.SpanKind.SERVER
            ),
        ):
            try:
                answer = await _in_time(call_next(request, ctx), ctx)
                outcome = "ok"
            except ConnectError as error:
                outcome = error.code.value
                raise
            except asyncio.CancelledError:
                outcome = "canceled"
                raise
            finally:
                seconds = time.perf_counter() - started
                RPC_SECONDS.labels(method=name, code=outcome).observe(seconds)
                logger.info("rpc.done", method=name, code=outcome, seconds=round(seconds, 4))
        return answer


async def _in_time(work: Awaitable[Any], ctx: RequestContext) -> Any:
    """The answer, or the refusal as a Connect error. The caller's own deadline is the library's."""
    try:
        if ctx.timeout_ms is not None:
            return await work
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await work
    except (DomainError, MessageRefused) as error:
        raise connect_error(error) from error
    except TimeoutError as error:
        raise ConnectError(Code.DEADLINE_EXCEEDED, "Ask again with the same key.") from error
    except ConnectError:
        raise
    except Exception as error:
        logger.exception("rpc.failed", method=ctx.method.name)
        raise internal_error() from error


def problem_of(part: object) -> pb.Problem | None:
    """The problem that a part of a batch came to; nothing if it went well."""
    if isinstance(part, DomainError | MessageRefused):
        return problem(part)
    if isinstance(part, Exception):
        logger.error("rpc.part_failed", exc_info=part)
        return internal_problem()
    return None


def raised(part: Any) -> Any:
    """The one part of a call that has no others: returned, or raised."""
    if isinstance(part, Exception):
        raise part
    return part
