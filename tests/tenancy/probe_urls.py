"""The program's own addresses, and one that says whose request it was served as."""

from __future__ import annotations

from typing import ClassVar

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.platform.tenant import current_tenant
from config.urls import urlpatterns as own


class Whose(APIView):
    """``GET /v1/whose``: the tenant and the client, for a key or token with ``ledger:read``."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "ledger:read", "POST": "ledger:write"}

    def get(self, request: Request) -> Response:
        """As the view sees it."""
        return Response({"tenant": current_tenant().slug, "client": str(request.auth.actor)})  # type: ignore[union-attr]  # a ServicePrincipal

    post = get


urlpatterns = [*own, path("v1/whose", Whose.as_view())]
