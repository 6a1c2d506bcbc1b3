"""What follows a piece of work around: its request, its cause, and its place in a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import propagate, trace
from opentelemetry.context import Context

#: The request this work began with; for work an event set off, the event's id.
request_id: ContextVar[str] = ContextVar("request_id", default="")
#: Who acts, as ``kind:name``.
actor: ContextVar[str] = ContextVar("actor", default="")
#: What the sender of an event said it belongs together with; handed on to events that follow.
correlation: ContextVar[str] = ContextVar("correlation", default="")


def traceparent(of: Context | None = None) -> str:
    """The W3C ``traceparent`` of the present span (or of that in ``of``); empty outside any."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context=of)
    return carrier.get("traceparent", "")


def trace_id() -> str:
    """The present trace's id as 32 hex digits, or an empty text outside any."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""


def span_id() -> str:
    """The present span's id as 16 hex digits, or an empty text outside any."""
    context = trace.get_current_span().get_span_context()
    return format(context.span_id, "016x") if context.is_valid else ""


@contextmanager
def bound(variable: ContextVar[str], value: str) -> Iterator[None]:
    """Within the block, ``variable`` is ``value``; an empty value leaves it as it is."""
    if not value:
        yield
        return
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
