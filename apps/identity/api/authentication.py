"""Service credentials."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class ServiceAuthentication(BaseAuthentication):
    """API keys and access tokens of service clients."""

    def authenticate(self, request: Request) -> None:
        """Nobody yet."""
        return
