"""Scopes."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class HasScope(BasePermission):
    """The credential carries the scope the view asks for."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refused unless authenticated."""
        return request.auth is not None
