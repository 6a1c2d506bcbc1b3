"""``/v1/payments/capabilities``: what can be asked for, with which limits."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments.domain.states import Operation
from apps.payments.selectors.capabilities import (
    account_offers,
    connector_offers,
    connector_promises,
)
from apps.platform.api.endpoints import Endpoint


class AmountLimitSerializer(serializers.Serializer):
    """The amounts of some currencies; without any, those of the account's own."""

    currencies = serializers.ListField(child=serializers.CharField())
    least_minor = serializers.IntegerField()
    most_minor = serializers.IntegerField()
    step_minor = serializers.IntegerField()


class OfferSerializer(serializers.Serializer):
    """One operation. ``account`` is empty for what a connector can do at most."""

    connector = serializers.CharField()
    account = serializers.CharField(allow_blank=True)
    operation = serializers.ChoiceField([one.value for one in Operation])
    parties = serializers.ListField(child=serializers.CharField())
    limits = AmountLimitSerializer(many=True)
    key = serializers.CharField()
    parts = serializers.CharField(allow_blank=True)
    callback_auth = serializers.CharField()


class PromisesSerializer(serializers.Serializer):
    """What a connector promises besides its operations."""

    connector = serializers.CharField()
    promises = serializers.ListField(child=serializers.CharField())


class CapabilitiesSerializer(serializers.Serializer):
    """The whole matrix."""

    accounts = OfferSerializer(many=True)
    connectors = OfferSerializer(many=True)
    promises = PromisesSerializer(many=True)


class Capabilities(Endpoint):
    """The capability and limit matrix."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "payments:read"}

    @extend_schema(operation_id="payments_read_capabilities", responses=CapabilitiesSerializer)
    def get(self, request: Request) -> Response:
        """What this tenant's accounts do, and what the connectors could, from their code."""
        whole = {
            "accounts": account_offers(),
            "connectors": connector_offers(),
            "promises": connector_promises(),
        }
        return Response(CapabilitiesSerializer(whole).data)
