"""``/v1/payments/intents/{id}/capture|void|cancel``."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import services
from apps.payments.api.intents import intent_detail
from apps.payments.api.serializers import AllocationLeg, IntentDetail
from apps.payments.domain import Allocation
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField

_SCOPES = {"POST": "payments:write"}
OK, ACCEPTED = 200, 202


class PaymentCapture(serializers.Serializer):
    """What to take of held money; all that is left when nothing is said.

    A part needs the legs it is credited to. ``is_last`` lets go of what is left.
    """

    amount = MoneyField(positive=True, required=False, default=None)
    allocation = AllocationLeg(many=True, required=False, default=list)
    is_last = serializers.BooleanField(required=False, allow_null=True, default=None)


class NoDetails(serializers.Serializer):
    """Nothing is needed."""


class Capture(Endpoint):
    """Taking held money."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_capture_intent",
        request=PaymentCapture,
        responses={ACCEPTED: IntentDetail},
    )
    def post(self, request: Request, intent: str) -> Response:
        """Take part or all of what is held; how it ended comes later."""
        intent_id = self.read_id("pi", intent)
        asked = self.read(request, PaymentCapture)

        def work() -> tuple[int, dict[str, Any]]:
            services.capture_payment(
                intent_id=intent_id,
                amount=asked["amount"],
                allocation=[Allocation(**leg) for leg in asked["allocation"]],
                is_last=asked["is_last"],
                actor=self.actor(request),
            )
            return ACCEPTED, intent_detail(intent_id)

        return self.once(request, work)


class Void(Endpoint):
    """Letting held money go."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_void_intent", request=NoDetails, responses={ACCEPTED: IntentDetail}
    )
    def post(self, request: Request, intent: str) -> Response:
        """Release what is still held; how it ended comes later."""
        intent_id = self.read_id("pi", intent)
        self.read(request, NoDetails)

        def work() -> tuple[int, dict[str, Any]]:
            services.void_payment(intent_id=intent_id, actor=self.actor(request))
            return ACCEPTED, intent_detail(intent_id)

        return self.once(request, work)


class Cancel(Endpoint):
    """Calling a payment off."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_cancel_intent", request=NoDetails, responses=IntentDetail)
    def post(self, request: Request, intent: str) -> Response:
        """Ask the payer no more. Refused once something is under way, held or paid."""
        intent_id = self.read_id("pi", intent)
        self.read(request, NoDetails)

        def work() -> tuple[int, dict[str, Any]]:
            services.cancel_payment_intent(intent_id=intent_id, actor=self.actor(request))
            return OK, intent_detail(intent_id)

        return self.once(request, work)
