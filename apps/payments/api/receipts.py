"""``/v1/payments/receipts``: receipts recorded by hand. They are approved in the console."""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.domain.pay_ins import METHODS, ReceiptDraft, ReceiptState
from apps.payments.errors import ReceiptUnsound
from apps.payments.selectors.receipts import receipt_row, receipts
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED, OK = 201, 200
_BASE64_MAX = 7_000_000  # five megabytes


class EvidenceFileSerializer(serializers.Serializer):
    """A photograph or scan: a PDF, PNG or JPEG of at most five megabytes."""

    name = serializers.CharField(max_length=200)
    content_base64 = serializers.CharField(max_length=_BASE64_MAX)


class NewReceiptSerializer(serializers.Serializer):
    """Money that was handed over. A payment's reference in ``account_reference`` settles it."""

    provider_account = serializers.SlugField(max_length=40)
    method = serializers.ChoiceField(METHODS)
    number = serializers.CharField(max_length=60)
    amount = MoneyField(positive=True)
    received_date = serializers.DateField()
    account_reference = serializers.CharField(max_length=100, required=False, default="")
    payer_name = serializers.CharField(max_length=100, required=False, default="")
    note = serializers.CharField(max_length=300, required=False, default="")
    evidence = EvidenceFileSerializer()


class ReceiptCancellationSerializer(serializers.Serializer):
    """Why it is given up."""

    reason = serializers.CharField(max_length=300)


class ReceiptFilterSerializer(serializers.Serializer):
    """What to list."""

    state = serializers.ChoiceField([s.value for s in ReceiptState], required=False, default="")


class ManualReceiptSerializer(serializers.Serializer):
    """A receipt recorded by hand, and the pay-in it became when another person approved it."""

    id = PublicIdField("rcp")
    provider_account = serializers.CharField()
    method = serializers.ChoiceField(METHODS)
    number = serializers.CharField()
    amount = MoneyField()
    received_date = serializers.DateField()
    account_reference = serializers.CharField()
    payer_name = serializers.CharField()
    note = serializers.CharField()
    state = serializers.ChoiceField([state.value for state in ReceiptState])
    evidence_sha256 = serializers.CharField()
    recorded_by = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decision_reason = serializers.CharField()
    pay_in_id = PublicIdField("pin", allow_null=True)


class Receipts(Endpoint):
    """Receipts recorded by hand."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_receipts",
        parameters=[ReceiptFilterSerializer],
        responses=page_of(ManualReceiptSerializer),
    )
    def get(self, request: Request) -> Response:
        """Receipts, the newest first."""
        wanted = self.read_query(request, ReceiptFilterSerializer)
        return CursorPages("recorded_at").answer(
            request, receipts(**wanted), lambda row: ManualReceiptSerializer(receipt_row(row)).data
        )

    @extend_schema(
        operation_id="payments_record_receipt",
        request=NewReceiptSerializer,
        responses={CREATED: ManualReceiptSerializer},
    )
    def post(self, request: Request) -> Response:
        """Record a receipt with its evidence. Another person lets it into the books."""
        asked = self.read(request, NewReceiptSerializer)
        file = asked.pop("evidence")

        def work() -> tuple[int, Any]:
            receipt_id = services.record_receipt(
                draft=ReceiptDraft(**asked),
                evidence_name=file["name"],
                evidence=_decoded(file["content_base64"]),
                actor=self.actor(request),
            )
            return CREATED, ManualReceiptSerializer(selectors.receipt(receipt_id)).data

        return self.once(request, work)


class ReceiptItem(Endpoint):
    """One receipt."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_receipt", responses=ManualReceiptSerializer)
    def get(self, request: Request, receipt: str) -> Response:
        """The receipt as it stands."""
        found = selectors.receipt(self.read_id("rcp", receipt))
        return Response(ManualReceiptSerializer(found).data)


class ReceiptCancellation(Endpoint):
    """Giving a receipt up."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_cancel_receipt",
        request=ReceiptCancellationSerializer,
        responses=ManualReceiptSerializer,
    )
    def post(self, request: Request, receipt: str) -> Response:
        """Cancel a receipt that was not approved."""
        receipt_id = self.read_id("rcp", receipt)
        asked = self.read(request, ReceiptCancellationSerializer)

        def work() -> tuple[int, Any]:
            services.cancel_receipt(
                receipt_id=receipt_id, reason=asked["reason"], actor=self.actor(request)
            )
            return OK, ManualReceiptSerializer(selectors.receipt(receipt_id)).data

        return self.once(request, work)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ReceiptUnsound(field="evidence", problem="is not base64") from None
