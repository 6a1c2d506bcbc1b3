"""What follows a piece of work around: its request id and its place in a trace."""

from __future__ import annotations

from contextvars import ContextVar

from opentelemetry import propagate, trace

request_id: ContextVar[str] = ContextVar("request_id", default="")


def traceparent() -> str:
    """The W3C ``traceparent`` of the present span, or an empty text outside any."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent", "")


def trace_id() -> str:
    """The present trace's id as 32 hex digits, or an empty text outside any."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else ""
