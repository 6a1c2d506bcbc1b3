"""What happens to a request before anybody asks whose it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.platform import context
from apps.platform.ids import new_id

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")


class RequestContext:
    """Give each request an id: the caller's ``X-Request-Id`` if it is well-formed, else a new one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id for the time of the request and send it back."""
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _REQUEST_ID.match(given) else new_id().hex
        token = context.request_id.set(request_id)
        structlog.contextvars.clear_contextvars()
        try:
            response = self.get_response(request)
        finally:
            context.request_id.reset(token)
        response["X-Request-Id"] = request_id
        return response


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
                return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
        return self.get_response(request)


def _health() -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "unreachable"}, status=503)
    return JsonResponse({"database": "ok"})
