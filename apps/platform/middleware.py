"""What happens to a request before anybody asks whose it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from apps.platform import context, metrics
from apps.platform.ids import new_id

logger = structlog.get_logger("house.requests")

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_PROBES = frozenset({"/livez", "/healthz", "/metrics"})


class RequestContext:
    """Give each request an id: the caller's ``X-Request-Id`` if it is well-formed, else a new one.

    Outermost of the house's own, it also measures and logs. The route's pattern is told, never the
    path: patterns are few, and paths of callbacks carry tokens.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id for the time of the request and send it back."""
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else new_id().hex
        structlog.contextvars.clear_contextvars()
        with context.bound(context.request_id, request_id):
            started = time.perf_counter()
            response = self.get_response(request)
            if request.path_info not in _PROBES:
                _tell(request, response, time.perf_counter() - started)
        response["X-Request-Id"] = request_id
        return response


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    about = {
        "route": match.route if match else "unmatched",
        "method": request.method if request.method in _METHODS else "other",
        "status": str(response.status_code),
    }
    metrics.HTTP_SECONDS.labels(**about).observe(seconds)
    tenant = getattr(getattr(request, "tenant", None), "slug", None)
    logger.info("request.done", **about, seconds=round(seconds, 4), tenant=tenant)


#: RFC 9110, 9.1. A method is the caller's free text, and every new text would be a new series.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Probes:
    """Health and metrics need no tenant and no host name: they are answered before either."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """``/livez`` asks nothing, ``/healthz`` asks the database, ``/metrics`` tells all."""
        match request.path_info:
            case "/livez":
                return HttpResponse("ok\n", content_type="text/plain")
            case "/healthz":
                return _health()
            case "/metrics":
                return _metrics(request)
        return self.get_response(request)


def _health() -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})


def _metrics(request: HttpRequest) -> HttpResponse:
    """Only for who asks this process itself: metrics name tenants and are not for the public.

    A request that came through the proxy in front says so in a header that its sender cannot
    take away.
    """
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return HttpResponse("Not found\n", status=404, content_type="text/plain")
    told = metrics.exposition(with_readings=True)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)
