"""``/v1/payments/strays``: money that came otherwise than it was asked for, and its verbs."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api.rulings import AttemptVerbSerializer
from apps.payments.domain.strays import StrayKind, StrayState, StrayUseKind
from apps.payments.selectors.strays import stray_row, strays
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
OK = 200


class StrayFilterSerializer(serializers.Serializer):
    """What to list."""

    state = serializers.ChoiceField([s.value for s in StrayState], required=False, default="")
    kind = serializers.ChoiceField([k.value for k in StrayKind], required=False, default="")


class StrayUseSerializer(serializers.Serializer):
    """Where a part of it went; a refund that failed has the opposite sign."""

    use = serializers.ChoiceField([use.value for use in StrayUseKind])
    amount = MoneyField()
    account = serializers.CharField()
    refund_id = PublicIdField("rf", allow_null=True)
    entry_id = PublicIdField("je")
    reason = serializers.CharField()
    at = serializers.DateTimeField()


class StraySerializer(serializers.Serializer):
    """Strayed money. ``left`` stands in suspense, and is negative where less came than booked."""

    id = PublicIdField("str")
    kind = serializers.ChoiceField([kind.value for kind in StrayKind])
    state = serializers.ChoiceField([state.value for state in StrayState])
    amount = MoneyField()
    left = MoneyField()
    provider_account = serializers.CharField()
    provider_reference = serializers.CharField()
    intent_id = PublicIdField("pi", allow_null=True)
    reference = serializers.CharField()
    refund_id = PublicIdField("rf", allow_null=True)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    uses = StrayUseSerializer(many=True)


class StrayWithVerbsSerializer(StraySerializer):
    """With every verb, and why it is not allowed now."""

    verbs = AttemptVerbSerializer(many=True)


class StrayReasonSerializer(serializers.Serializer):
    """Why it is decided so."""

    reason = serializers.CharField(max_length=200)


class StrayMoveSerializer(serializers.Serializer):
    """The party's account, and how it is known."""

    account = serializers.CharField(max_length=64)
    reason = serializers.CharField(max_length=300)


class StrayEndpoint(Endpoint):
    """Reading and deciding are two scopes."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    def shown(self, stray: str) -> dict[str, Any]:
        """It as it now stands."""
        stray_id = self.read_id("str", stray)
        row = StraySerializer(selectors.stray(stray_id)).data
        verbs = AttemptVerbSerializer(selectors.stray_verbs(stray_id), many=True).data
        return {**row, "verbs": verbs}


class Strays(StrayEndpoint):
    """All of it."""

    @extend_schema(
        operation_id="payments_list_strays",
        parameters=[StrayFilterSerializer],
        responses=page_of(StraySerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, StrayFilterSerializer)
        return CursorPages("opened_at").answer(
            request, strays(**wanted), lambda row: StraySerializer(stray_row(row)).data
        )


class Stray(StrayEndpoint):
    """One of it."""

    @extend_schema(operation_id="payments_read_stray", responses=StrayWithVerbsSerializer)
    def get(self, request: Request, stray: str) -> Response:
        """With its uses and verbs."""
        return Response(self.shown(stray))


class StrayAcceptance(StrayEndpoint):
    """To the payment after all."""

    @extend_schema(
        operation_id="payments_accept_stray",
        request=StrayReasonSerializer,
        responses=StrayWithVerbsSerializer,
    )
    def post(self, request: Request, stray: str) -> Response:
        """Credit those whom the payment belongs to; it counts as paid."""
        stray_id = self.read_id("str", stray)
        asked = self.read(request, StrayReasonSerializer)

        def work() -> tuple[int, Any]:
            services.accept_stray(stray_id=stray_id, actor=self.actor(request), **asked)
            return OK, self.shown(stray)

        return self.once(request, work)


class StrayRefund(StrayEndpoint):
    """Back to the payer."""

    @extend_schema(
        operation_id="payments_refund_stray",
        request=StrayReasonSerializer,
        responses=StrayWithVerbsSerializer,
    )
    def post(self, request: Request, stray: str) -> Response:
        """Ask for a refund of all that is left. A person decides in the console."""
        stray_id = self.read_id("str", stray)
        asked = self.read(request, StrayReasonSerializer)

        def work() -> tuple[int, Any]:
            actor = self.actor(request)
            services.refund_stray(
                stray_id=stray_id,
                idempotency_key=f"api:{actor.id}:{request.headers['Idempotency-Key']}",
                actor=actor,
                **asked,
            )
            return OK, self.shown(stray)

        return self.once(request, work)


class StrayMove(StrayEndpoint):
    """To a party."""

    @extend_schema(
        operation_id="payments_move_stray",
        request=StrayMoveSerializer,
        responses=StrayWithVerbsSerializer,
    )
    def post(self, request: Request, stray: str) -> Response:
        """Credit it to the account of the party it belongs to."""
        stray_id = self.read_id("str", stray)
        asked = self.read(request, StrayMoveSerializer)

        def work() -> tuple[int, Any]:
            services.move_stray(stray_id=stray_id, actor=self.actor(request), **asked)
            return OK, self.shown(stray)

        return self.once(request, work)
