"""The documentation of the API, served from here: nothing is fetched from anywhere else.

Everything on these pages is public and the same for every tenant, so no credential is asked for.
Scripts are files of our own; the pages work under the Content-Security-Policy of the house.
"""

from __future__ import annotations

import hashlib
from functools import cache

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import get_urlconf
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer

from apps.platform.api.catalogue import all_problems

CACHE_SECONDS = 300
#: Redoc and Swagger UI write their own styles into the page; scripts stay as strict as elsewhere.
styled_by_itself = csp_update({"style-src": [UNSAFE_INLINE]})


@cache
def _document(urlconf: str) -> bytes:
    """The description of every operation the address book knows; made once per process."""
    generator = SchemaGenerator(urlconf=urlconf)  # type: ignore[no-untyped-call]  # of the library
    schema = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    document: bytes = OpenApiJsonRenderer().render(schema, renderer_context={})
    return document


def openapi() -> bytes:
    """The OpenAPI 3.1 document as JSON."""
    return _document(get_urlconf() or settings.ROOT_URLCONF)


def _etag(_request: HttpRequest) -> str:
    return f'"{hashlib.sha256(openapi()).hexdigest()[:32]}"'


@require_safe
@condition(etag_func=_etag)
def openapi_json(_request: HttpRequest) -> HttpResponse:
    """``/v1/openapi.json``, for machines."""
    response = HttpResponse(openapi(), content_type="application/vnd.oai.openapi+json")
    patch_cache_control(response, public=True, max_age=CACHE_SECONDS)
    return response


@require_safe
@styled_by_itself
def reference(_request: HttpRequest) -> HttpResponse:
    """``/v1/docs``: the reference to read."""
    return HttpResponse(render_to_string("api/reference.html"))


@require_safe
@styled_by_itself
def workbench(_request: HttpRequest) -> HttpResponse:
    """``/v1/docs/swagger``: the operations to try, with a credential of one's own."""
    return HttpResponse(render_to_string("api/workbench.html"))


@require_safe
def problems(_request: HttpRequest) -> HttpResponse:
    """``/v1/docs/problems``: every refusal, what it means and what to do. From the code itself."""
    return HttpResponse(render_to_string("api/problems.html", {"problems": all_problems()}))
