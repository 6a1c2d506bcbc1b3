"""``/v1/payments/intents``."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api import serializers
from apps.payments.domain import Allocation, CaptureMethod
from apps.payments.selectors.rows import intent_row
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.pagination import CursorPages

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED, ACCEPTED = 201, 202


class Intents(Endpoint):
    """Ask for payments, and list those asked for."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_create_intent",
        request=serializers.NewIntent,
        responses={CREATED: serializers.IntentDetail},
    )
    def post(self, request: Request) -> Response:
        """Make a payment intent, once per Idempotency-Key. Nothing is collected yet."""
        asked = self.read(request, serializers.NewIntent)

        def work() -> tuple[int, dict[str, Any]]:
            receipt = services.create_payment_intent(
                reference=asked["reference"],
                amount=asked["amount"],
                payer_phone=asked["payer_phone"],
                payment_method=asked["payment_method"],
                capture_method=CaptureMethod(asked["capture_method"]),
                return_url=asked["return_url"],
                allocation=[Allocation(**leg) for leg in asked["allocation"]],
                description=asked["description"],
                metadata=asked["metadata"],
                idempotency_key=f"api:{self.actor(request).id}:{request.headers['Idempotency-Key']}",
                actor=self.actor(request),
            )
            return CREATED, intent_detail(receipt.intent_id)

        return self.once(request, work)

    @extend_schema(
        operation_id="payments_list_intents",
        parameters=[serializers.IntentFilter],
        responses=serializers.Intent(many=True),
    )
    def get(self, request: Request) -> Response:
        """Payment intents, the newest first. ``payer_phone`` finds those of exactly that number."""
        wanted = self.read_query(request, serializers.IntentFilter)
        return CursorPages().answer(
            request,
            selectors.intents(**wanted),
            lambda intent: serializers.Intent(intent_row(intent)).data,
        )


class Intent(Endpoint):
    """One payment intent."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_intent", responses=serializers.IntentDetail)
    def get(self, request: Request, intent: str) -> Response:
        """The intent with its attempts."""
        return Response(intent_detail(self.read_id("pi", intent)))


class IntentPayer(Endpoint):
    """The payer's whole number."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "payments:phones"}

    @extend_schema(
        operation_id="payments_read_payer",
        parameters=[serializers.RevealReason],
        responses=serializers.Payer,
    )
    def get(self, request: Request, intent: str) -> Response:
        """Opened for this client alone, and on record with its reason. Elsewhere it is masked."""
        phone = services.reveal_payer_phone(
            intent_id=self.read_id("pi", intent),
            reason=self.read_query(request, serializers.RevealReason)["reason"],
            actor=self.actor(request),
        )
        return Response(serializers.Payer({"phone": phone}).data)


class Collect(Endpoint):
    """Collecting an intent."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_collect_intent",
        request=serializers.Collection,
        responses={ACCEPTED: serializers.IntentDetail},
    )
    def post(self, request: Request, intent: str) -> Response:
        """Prompt the payer's phone. The answer says accepted; how it ended comes later."""
        intent_id = self.read_id("pi", intent)
        asked = self.read(request, serializers.Collection)

        def work() -> tuple[int, dict[str, Any]]:
            services.start_collection(
                intent_id=intent_id,
                provider_account=asked["provider_account"],
                actor=self.actor(request),
            )
            return ACCEPTED, intent_detail(intent_id)

        return self.once(request, work)


class IntentEvents(Endpoint):
    """The facts about one payment."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_intent_events", responses=serializers.Event(many=True)
    )
    def get(self, request: Request, intent: str) -> Response:
        """In the order they were learnt."""
        events = selectors.intent_events(self.read_id("pi", intent))
        return Response({"data": serializers.Event(events, many=True).data})


def intent_detail(intent_id: UUID) -> dict[str, Any]:
    """The intent as it stands, with its attempts."""
    view = selectors.payment(intent_id)
    whole = {
        **{name: getattr(view.intent, name) for name in view.intent.__slots__},
        "allocation": [{"account": leg.account, "amount": leg.amount} for leg in view.allocation],
        "action": view.action,
        "metadata": view.metadata,
        "attempts": view.attempts,
    }
    return dict(serializers.IntentDetail(whole).data)
