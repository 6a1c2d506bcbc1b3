"""``/v1/payments/refunds`` and the refunds of an intent."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api.serializers import AllocationLeg
from apps.payments.domain import Allocation
from apps.payments.domain.refunds import RefundStatus
from apps.payments.selectors.refunds import refund_row
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED = 201


class NewRefund(serializers.Serializer):
    """What to give back; all that is left when no amount is named.

    ``allocation`` says who bears it: those who were credited, in proportion, when it is empty.
    """

    amount = MoneyField(positive=True, required=False, default=None)
    reason = serializers.CharField(max_length=200)
    allocation = AllocationLeg(many=True, required=False, default=list)


class PaymentRefund(serializers.Serializer):
    """A refund. A second person decides in the console before anything leaves."""

    id = PublicIdField("rf")
    intent = PublicIdField("pi", source="intent_id")
    reference = serializers.CharField()
    amount = MoneyField()
    status = serializers.ChoiceField([s.value for s in RefundStatus])
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    problem = serializers.CharField()


class RefundFilter(serializers.Serializer):
    """What to list."""

    status = serializers.ChoiceField([s.value for s in RefundStatus], required=False, default="")


class IntentRefunds(Endpoint):
    """Refunds of one payment."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_create_refund",
        request=NewRefund,
        responses={CREATED: PaymentRefund},
    )
    def post(self, request: Request, intent: str) -> Response:
        """Ask for a refund, once per Idempotency-Key. Nothing leaves before it is approved."""
        intent_id = self.read_id("pi", intent)
        asked = self.read(request, NewRefund)

        def work() -> tuple[int, dict[str, Any]]:
            actor = self.actor(request)
            receipt = services.request_refund(
                intent_id=intent_id,
                amount=asked["amount"],
                reason=asked["reason"],
                allocation=[Allocation(**leg) for leg in asked["allocation"]],
                idempotency_key=f"api:{actor.id}:{request.headers['Idempotency-Key']}",
                actor=actor,
            )
            return CREATED, dict(PaymentRefund(selectors.refund(receipt.refund_id)).data)

        return self.once(request, work)

    @extend_schema(operation_id="payments_list_intent_refunds", responses=PaymentRefund(many=True))
    def get(self, request: Request, intent: str) -> Response:
        """The newest first."""
        intent_id = self.read_id("pi", intent)
        selectors.payment(intent_id)
        rows = selectors.refunds(intent_id=intent_id)
        return CursorPages("asked_at").answer(
            request, rows, lambda row: PaymentRefund(refund_row(row)).data
        )


class Refunds(Endpoint):
    """All refunds."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_refunds",
        parameters=[RefundFilter],
        responses=PaymentRefund(many=True),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, RefundFilter)
        rows = selectors.refunds(status=wanted["status"])
        return CursorPages("asked_at").answer(
            request, rows, lambda row: PaymentRefund(refund_row(row)).data
        )


class Refund(Endpoint):
    """One refund."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_refund", responses=PaymentRefund)
    def get(self, request: Request, refund: str) -> Response:
        """As it stands."""
        return Response(PaymentRefund(selectors.refund(self.read_id("rf", refund))).data)
