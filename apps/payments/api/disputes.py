"""``/v1/payments/disputes``."""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.domain.disputes import DisputeStage, DisputeStatus
from apps.payments.selectors.disputes import dispute_row
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED, ACCEPTED = 201, 202
#: Characters of base64: a document of 1.5 MB.
DOCUMENT_MAX = 2_000_000


class EvidenceDocument(serializers.Serializer):
    """A document that was put with a dispute."""

    id = PublicIdField("ev")
    name = serializers.CharField()
    kind = serializers.CharField()
    content_type = serializers.CharField()
    sha256 = serializers.CharField()
    added_at = serializers.DateTimeField()


class PaymentDispute(serializers.Serializer):
    """A dispute as its provider last told it. ``due_by`` is when our answer must be in."""

    id = PublicIdField("dp")
    intent = PublicIdField("pi", source="intent_id")
    reference = serializers.CharField()
    provider_account = serializers.CharField()
    provider_reference = serializers.CharField()
    amount = MoneyField()
    withdrawn = MoneyField()
    fee = MoneyField()
    stage = serializers.ChoiceField([s.value for s in DisputeStage])
    status = serializers.ChoiceField([s.value for s in DisputeStatus])
    reason = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_by = serializers.DateTimeField(allow_null=True)
    answer = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField()
    evidence = EvidenceDocument(many=True)


class DisputeFilter(serializers.Serializer):
    """What to list."""

    status = serializers.ChoiceField([s.value for s in DisputeStatus], required=False, default="")


class NewEvidence(serializers.Serializer):
    """A document, its bytes in base64."""

    name = serializers.CharField(max_length=200)
    content_type = serializers.CharField(max_length=100)
    content = serializers.CharField(max_length=DOCUMENT_MAX)
    kind = serializers.CharField(max_length=60, required=False, default="")

    def validate_content(self, value: str) -> bytes:
        """The bytes."""
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise serializers.ValidationError("This is not base64.") from None


class DisputeAnswer(serializers.Serializer):
    """Our side in words, or why we give in (``is_accepted``)."""

    text = serializers.CharField(max_length=20_000)
    is_accepted = serializers.BooleanField(required=False, default=False)


class Disputes(Endpoint):
    """All disputes."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_disputes",
        parameters=[DisputeFilter],
        responses=PaymentDispute(many=True),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, DisputeFilter)
        rows = selectors.disputes(status=wanted["status"])
        return CursorPages("opened_at").answer(
            request, rows, lambda row: PaymentDispute(dispute_row(row)).data
        )


class Dispute(Endpoint):
    """One dispute."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_dispute", responses=PaymentDispute)
    def get(self, request: Request, dispute: str) -> Response:
        """With its documents."""
        return Response(_shown(self.read_id("dp", dispute)))


class Evidence(Endpoint):
    """Documents of a dispute."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_add_dispute_evidence",
        request=NewEvidence,
        responses={CREATED: PaymentDispute},
    )
    def post(self, request: Request, dispute: str) -> Response:
        """Put a document with the dispute; it leaves with the answer."""
        dispute_id = self.read_id("dp", dispute)
        asked = self.read(request, NewEvidence)

        def work() -> tuple[int, dict[str, Any]]:
            services.add_dispute_evidence(
                dispute_id=dispute_id,
                name=asked["name"],
                content_type=asked["content_type"],
                body=asked["content"],
                kind=asked["kind"],
                actor=self.actor(request),
            )
            return CREATED, _shown(dispute_id)

        return self.once(request, work)


class Answer(Endpoint):
    """Answering a dispute."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_answer_dispute",
        request=DisputeAnswer,
        responses={ACCEPTED: PaymentDispute},
    )
    def post(self, request: Request, dispute: str) -> Response:
        """Hand in our side with all documents, or give in. Once."""
        dispute_id = self.read_id("dp", dispute)
        asked = self.read(request, DisputeAnswer)

        def work() -> tuple[int, dict[str, Any]]:
            services.answer_dispute(
                dispute_id=dispute_id,
                text=asked["text"],
                is_accepted=asked["is_accepted"],
                actor=self.actor(request),
            )
            return ACCEPTED, _shown(dispute_id)

        return self.once(request, work)


def _shown(dispute_id: UUID) -> dict[str, Any]:
    return dict(PaymentDispute(selectors.dispute(dispute_id)).data)
