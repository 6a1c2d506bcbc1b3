"""Where providers call back. Served on any host: the token in the address names the tenant."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.payments.errors import CallbackTooLarge, UnknownCallback
from apps.payments.selectors.contexts import EVENTS
from apps.payments.services import Delivery, receive_callback
from apps.payments.services.receiving import BODY_BYTES_MAX
from apps.platform.errors import DomainError, Kind

_LATER = {"Retry-After": "5"}


@csrf_exempt
@require_POST
def inbox(request: HttpRequest, connector: str, token: str, kind: str = EVENTS) -> HttpResponse:
    """Store, then answer 200, also for duplicates. 404 for an address never given out.

    A database or a secret that cannot be had is a 503; the provider may try again.
    """
    try:
        reply = receive_callback(
            delivery=Delivery(
                inbound_name=connector,
                token=token,
                kind=kind,
                body=_body(request),
                content_type=request.content_type or "",
                remote_ip=_remote_ip(request),
                headers={name.lower(): value for name, value in request.headers.items()},
            )
        )
    except UnknownCallback:
        return HttpResponse(status=404)
    except CallbackTooLarge:
        return HttpResponse(status=413)
    except DatabaseError:
        return HttpResponse(status=503, headers=_LATER)
    except DomainError as error:
        if error.kind is not Kind.UNAVAILABLE:
            raise
        return HttpResponse(status=503, headers=_LATER)
    return JsonResponse(dict(reply.body), status=reply.status)


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than is allowed; a longer body is not read."""
    declared = request.headers.get("Content-Length", "0")
    if declared.isdigit() and int(declared) > BODY_BYTES_MAX:
        raise CallbackTooLarge(bytes_max=BODY_BYTES_MAX)
    try:
        return request.read(BODY_BYTES_MAX + 1)
    except RawPostDataException:
        return b""


def _remote_ip(request: HttpRequest) -> str | None:
    """The nearest hop that is not a proxy of ours: the first entry anyone can write."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    proxies: int = settings.ENV.trusted_proxies
    nearest = hops[-1 - proxies] if proxies < len(hops) else hops[0]
    try:
        return str(ipaddress.ip_address(nearest))
    except ValueError:
        return None


urlpatterns = [
    path("<slug:connector>/<slug:token>", inbox, name="payments-account-inbox"),
    path("<slug:connector>/<slug:token>/<slug:kind>", inbox, name="payments-inbox"),
]
