"""An endpoint that reads its request as every other does, and answers with nothing."""

from __future__ import annotations

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.endpoints import Endpoint


class Nothing(Endpoint):
    """The price of the framework: credential, scope, parsing, writing the answer."""

    required_scope: ClassVar[dict[str, str]] = {"POST": "ledger:write"}

    def post(self, request: Request) -> Response:
        """Read the body and forget it."""
        return Response({"read": len(request.data)})
