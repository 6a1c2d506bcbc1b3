"""``/v1/payments/pay-ins``: money nobody asked for, and what it is used for.

Giving a pay-in back takes two people: it is asked for here and decided in the console.
"""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.domain.pay_ins import PayInRefundState, PayInState, PayInUse
from apps.payments.selectors.pay_ins import pay_in_row, pay_ins
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
OK, ACCEPTED = 200, 202


class PayInFilterSerializer(serializers.Serializer):
    """What to list."""

    state = serializers.ChoiceField([s.value for s in PayInState], required=False, default="")
    receipt = serializers.CharField(max_length=64, required=False, default="")
    reference = serializers.CharField(max_length=100, required=False, default="")


class PayInUseSerializer(serializers.Serializer):
    """A part of a pay-in that has found its place. ``rule`` is empty when a person decided."""

    use = serializers.ChoiceField([use.value for use in PayInUse])
    amount = MoneyField()
    target = serializers.CharField()
    intent_id = PublicIdField("pi", allow_null=True)
    entry_id = PublicIdField("je")
    rule = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class PayInRefundSerializer(serializers.Serializer):
    """A wish to give it back. ``said`` is the provider's receipt, or why it was not done."""

    id = PublicIdField("pir")
    state = serializers.ChoiceField([state.value for state in PayInRefundState])
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    said = serializers.CharField()


class PayInRefundRequestSerializer(serializers.Serializer):
    """Why it goes back."""

    reason = serializers.CharField(max_length=300)


class PayInSerializer(serializers.Serializer):
    """Money that came in unasked. ``left`` stands in suspense under the receipt."""

    id = PublicIdField("pin")
    provider_account = serializers.CharField()
    receipt = serializers.CharField()
    amount = MoneyField()
    left = MoneyField()
    state = serializers.ChoiceField([state.value for state in PayInState])
    account_reference = serializers.CharField()
    payer = serializers.CharField()
    learnt_from = serializers.CharField(source="source")
    doubt = serializers.CharField()
    paid_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    entry_id = PublicIdField("je")
    uses = PayInUseSerializer(many=True)
    refunds = PayInRefundSerializer(many=True)


class PayInCandidateSerializer(serializers.Serializer):
    """A payment that the pay-in may be meant for, and every reason to think so.

    ``why_not`` says why it cannot be applied to this payment now.
    """

    intent_id = PublicIdField("pi", source="payment.id")
    reference = serializers.CharField(source="payment.reference")
    asked = MoneyField(source="payment.asked")
    status = serializers.CharField(source="payment.status")
    score = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())
    why_not = serializers.CharField()


class PayInApplicationSerializer(serializers.Serializer):
    """The payment to settle, and how it is known to be this one."""

    intent_id = PublicIdField("pi")
    reason = serializers.CharField(max_length=300)


class PayInMoveSerializer(serializers.Serializer):
    """The party's account; without an amount, all that is left."""

    account = serializers.CharField(max_length=64)
    amount = MoneyField(positive=True, required=False)
    reason = serializers.CharField(max_length=300)


class PayInEndpoint(Endpoint):
    """Reading and using are two scopes."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    def shown(self, pay_in: str) -> dict[str, Any]:
        """The pay-in as it now stands."""
        return dict(PayInSerializer(selectors.pay_in(self.read_id("pin", pay_in))).data)


class PayIns(PayInEndpoint):
    """Pay-ins."""

    @extend_schema(
        operation_id="payments_list_pay_ins",
        parameters=[PayInFilterSerializer],
        responses=page_of(PayInSerializer),
    )
    def get(self, request: Request) -> Response:
        """Pay-ins, the newest first."""
        wanted = self.read_query(request, PayInFilterSerializer)
        return CursorPages("received_at").answer(
            request, pay_ins(**wanted), lambda row: PayInSerializer(pay_in_row(row)).data
        )


class PayInItem(PayInEndpoint):
    """One pay-in."""

    @extend_schema(operation_id="payments_read_pay_in", responses=PayInSerializer)
    def get(self, request: Request, pay_in: str) -> Response:
        """The pay-in with its uses."""
        return Response(self.shown(pay_in))


class PayInCandidates(PayInEndpoint):
    """Whose a pay-in may be."""

    @extend_schema(
        operation_id="payments_list_pay_in_candidates",
        responses=PayInCandidateSerializer(many=True),
    )
    def get(self, request: Request, pay_in: str) -> Response:
        """The payments it may be meant for, ranked, each with its reasons."""
        found = selectors.pay_in_candidates(self.read_id("pin", pay_in))
        return Response({"data": PayInCandidateSerializer(found, many=True).data})


class PayInApplication(PayInEndpoint):
    """Using a pay-in for a payment."""

    @extend_schema(
        operation_id="payments_apply_pay_in",
        request=PayInApplicationSerializer,
        responses=PayInSerializer,
    )
    def post(self, request: Request, pay_in: str) -> Response:
        """Settle a payment with it; what is more than that payment asks for stays."""
        asked = self.read(request, PayInApplicationSerializer)

        def work() -> tuple[int, Any]:
            services.apply_pay_in(
                pay_in_id=self.read_id("pin", pay_in),
                intent_id=asked["intent_id"],
                reason=asked["reason"],
                actor=self.actor(request),
            )
            return OK, self.shown(pay_in)

        return self.once(request, work)


class PayInMove(PayInEndpoint):
    """Using a pay-in for a party."""

    @extend_schema(
        operation_id="payments_move_pay_in", request=PayInMoveSerializer, responses=PayInSerializer
    )
    def post(self, request: Request, pay_in: str) -> Response:
        """Credit it, or a part of it, to the account of the party it belongs to."""
        asked = self.read(request, PayInMoveSerializer)

        def work() -> tuple[int, Any]:
            services.move_pay_in(
                pay_in_id=self.read_id("pin", pay_in), actor=self.actor(request), **asked
            )
            return OK, self.shown(pay_in)

        return self.once(request, work)


class PayInReturn(PayInEndpoint):
    """Giving a pay-in back."""

    @extend_schema(
        operation_id="payments_ask_pay_in_refund",
        request=PayInRefundRequestSerializer,
        responses={ACCEPTED: PayInSerializer},
    )
    def post(self, request: Request, pay_in: str) -> Response:
        """Ask that it goes back to its payer, whole. A person decides in the console."""
        asked = self.read(request, PayInRefundRequestSerializer)

        def work() -> tuple[int, Any]:
            services.ask_pay_in_refund(
                pay_in_id=self.read_id("pin", pay_in), actor=self.actor(request), **asked
            )
            return ACCEPTED, self.shown(pay_in)

        return self.once(request, work)
