"""``/v1/payments/providers/{account}/register-callbacks``."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import services
from apps.platform.api.endpoints import Endpoint


class CallbackRegistrationSerializer(serializers.Serializer):
    """Whether the provider now calls this account's addresses, and what it said."""

    is_registered = serializers.BooleanField()
    said = serializers.CharField()


class CallbackRegistration(Endpoint):
    """Telling a provider where to call back."""

    required_scope: ClassVar[dict[str, str]] = {"POST": "payments:write"}

    @extend_schema(
        operation_id="payments_register_callbacks",
        request=None,
        responses=CallbackRegistrationSerializer,
    )
    def post(self, request: Request, account: str) -> Response:
        """Register the account's addresses. Asks the provider; doing it again is safe, so it takes
        no Idempotency-Key.
        """
        said = services.register_callbacks(provider_account=account, actor=self.actor(request))
        return Response(CallbackRegistrationSerializer(said).data)
