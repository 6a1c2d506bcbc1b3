"""Traces: OpenTelemetry, set up once in each process.

Every process gives spans ids, so that logs, audit records and outbox rows can be joined into one
story. Spans leave the process only when ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set (OTLP over HTTP);
the SDK reads that and its other variables itself. Propagation is W3C Trace Context alone: baggage
would travel to providers.
"""

from __future__ import annotations

from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.env import load

#: Asked by machines every few seconds; they have no story.
_UNTRACED = "livez,healthz,metrics"
_providers: list[TracerProvider] = []


def set_up(process: str) -> TracerProvider:
    """Set up tracing for this process, named ``countinghouse-<process>``. Again does nothing.

    Call it after forking: the exporter's thread does not survive a fork. In a web process call it
    before the WSGI application is made, which reads the middleware list.
    """
    if _providers:
        return _providers[0]
    provider = TracerProvider(
        resource=Resource.create({"service.name": f"countinghouse-{process}"})
    )
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    _instrument()
    if load().otlp_endpoint:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        PsycopgInstrumentor().instrument(enable_commenter=False, capture_parameters=False)
    _providers.append(provider)
    return provider


def _instrument() -> None:
    """A span for each request and each task. Statements get theirs only when somebody looks."""
    options: dict[str, Any] = {"excluded_urls": _UNTRACED}
    DjangoInstrumentor().instrument(**options)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]  # the library's
