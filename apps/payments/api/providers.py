"""``/v1/payments/providers``: how provider accounts do, and holding requests back."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import services
from apps.payments.domain.breaking import BreakerState
from apps.payments.domain.states import Operation
from apps.payments.selectors import provider_health
from apps.platform.api.endpoints import Endpoint

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
_OPERATIONS = [operation.value for operation in Operation]


class ProviderBreakerSerializer(serializers.Serializer):
    """The circuit breaker: what it counted in the last minute, and until when requests wait."""

    state = serializers.ChoiceField([state.value for state in BreakerState])
    calls = serializers.IntegerField()
    troubles = serializers.IntegerField()
    until = serializers.DateTimeField(allow_null=True)


class ProviderStopSerializer(serializers.Serializer):
    """That people let nothing leave."""

    reason = serializers.CharField()
    by = serializers.CharField()
    since = serializers.DateTimeField()


class HealthSerializer(serializers.Serializer):
    """One operation of one provider account; the tallies are of the last 24 hours."""

    account = serializers.CharField()
    operation = serializers.ChoiceField(_OPERATIONS)
    is_active = serializers.BooleanField()
    breaker = ProviderBreakerSerializer(allow_null=True)
    stop = ProviderStopSerializer(allow_null=True)
    succeeded = serializers.IntegerField()
    refused = serializers.IntegerField()
    unknown = serializers.IntegerField()
    waiting = serializers.IntegerField()
    oldest_waiting = serializers.DateTimeField(allow_null=True)


class NewStop(serializers.Serializer):
    """What to stop, and why."""

    operation = serializers.ChoiceField(_OPERATIONS)
    reason = serializers.CharField(max_length=300)


class Resumption(serializers.Serializer):
    """What to let leave again."""

    operation = serializers.ChoiceField(_OPERATIONS)


class Providers(Endpoint):
    """How provider accounts do."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_list_providers", responses=HealthSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every operation of every provider account, by label."""
        return Response(HealthSerializer(provider_health(), many=True).data)


class ProviderStop(Endpoint):
    """Letting nothing leave."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_stop_provider",
        request=NewStop,
        responses=HealthSerializer,
    )
    def post(self, request: Request, account: str) -> Response:
        """Stop one operation of the account until it is resumed; what waits stays queued."""
        asked = self.read(request, NewStop)

        def work() -> tuple[int, Any]:
            services.stop_provider(
                provider_account=account,
                operation=Operation(asked["operation"]),
                reason=asked["reason"],
                actor=self.actor(request),
            )
            return 200, _of(account, asked["operation"])

        return self.once(request, work)


class ProviderResumption(Endpoint):
    """Letting requests leave again."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_resume_provider",
        request=Resumption,
        responses=HealthSerializer,
    )
    def post(self, request: Request, account: str) -> Response:
        """End a stop. What waits leaves at once."""
        asked = self.read(request, Resumption)

        def work() -> tuple[int, Any]:
            services.resume_provider(
                provider_account=account,
                operation=Operation(asked["operation"]),
                actor=self.actor(request),
            )
            return 200, _of(account, asked["operation"])

        return self.once(request, work)


def _of(account: str, operation: str) -> Any:
    return next(
        HealthSerializer(health).data
        for health in provider_health()
        if (health.account, health.operation) == (account, operation)
    )
