"""Scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.identity.errors import ScopeMissing
from apps.identity.services import ServicePrincipal

if TYPE_CHECKING:  # the framework's views import this module while they are being imported
    from rest_framework.views import APIView


class HasScope(BasePermission):
    """The credential carries the scope that the view's ``required_scope`` names for the method.

    A view that names none for a method is closed to everybody: forgetting is refused.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """401 without a credential, ``ScopeMissing`` with one that carries too little."""
        principal = request.user
        if not isinstance(principal, ServicePrincipal):
            return False
        if request.method == "OPTIONS":
            return True
        method = "GET" if request.method == "HEAD" else str(request.method)
        required: str = getattr(view, "required_scope", {}).get(method, "")
        if required not in principal.scopes:
            raise ScopeMissing(required=required)
        return True
