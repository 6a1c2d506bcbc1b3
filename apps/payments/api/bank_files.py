"""``/v1/payments/bank-files``: files that left for banks and came from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import services
from apps.payments.domain.bank_files import BankFileState
from apps.payments.models import BankFile
from apps.payments.selectors.bank_files import bank_file, bank_file_row, bank_files
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
_STATES = [state.value for state in BankFileState]


class BankFileSerializer(serializers.Serializer):
    """A file. Of one that leaves, count and total are our books'; of a statement, its entries'."""

    id = PublicIdField("bf")
    provider_account = serializers.CharField()
    direction = serializers.ChoiceField(["in", "out"])
    state = serializers.ChoiceField(_STATES)
    file_format = serializers.CharField()
    name = serializers.CharField()
    message_id = serializers.CharField()
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    count = serializers.IntegerField()
    total = MoneyField(allow_null=True)
    problem_code = serializers.CharField()
    problem = serializers.CharField()
    duplicates = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BankFilesQuery(serializers.Serializer):
    """Which files."""

    state = serializers.ChoiceField(_STATES, required=False)
    direction = serializers.ChoiceField(["in", "out"], required=False)
    account = serializers.SlugField(required=False)


class BankFileDiscardInput(serializers.Serializer):
    """Why the file means nothing."""

    reason = serializers.CharField(max_length=300)


class BankFiles(Endpoint):
    """Every file."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_bank_files",
        parameters=[BankFilesQuery],
        responses=page_of(BankFileSerializer),
    )
    def get(self, request: Request) -> Response:
        """Files that left and came in, the newest first."""
        rows = bank_files(**self.read_query(request, BankFilesQuery))
        return CursorPages().answer(request, rows, _shown)


class BankFileItem(Endpoint):
    """One file."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_bank_file", responses=BankFileSerializer)
    def get(self, request: Request, file: str) -> Response:
        """Show what it is and what became of it."""
        return Response(_one(self.read_id("bf", file)))


class BankFileRetry(Endpoint):
    """Reading a file again."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_retry_bank_file", request=None, responses=BankFileSerializer
    )
    def post(self, request: Request, file: str) -> Response:
        """Have a file that was put aside read again. Nothing is ever booked twice."""
        file_id = self.read_id("bf", file)

        def work() -> tuple[int, Any]:
            services.retry_bank_file(file_id=file_id, actor=self.actor(request))
            return 200, _one(file_id)

        return self.once(request, work)


class BankFileDiscard(Endpoint):
    """Deciding that a file means nothing."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_discard_bank_file",
        request=BankFileDiscardInput,
        responses=BankFileSerializer,
    )
    def post(self, request: Request, file: str) -> Response:
        """Discard a file that was put aside, with the reason. Its bytes are kept."""
        file_id, asked = self.read_id("bf", file), self.read(request, BankFileDiscardInput)

        def work() -> tuple[int, Any]:
            services.discard_bank_file(
                file_id=file_id, reason=asked["reason"], actor=self.actor(request)
            )
            return 200, _one(file_id)

        return self.once(request, work)


def _shown(file: BankFile) -> Mapping[str, Any]:
    return BankFileSerializer(bank_file_row(file)).data


def _one(file_id: UUID) -> Mapping[str, Any]:
    return BankFileSerializer(bank_file(file_id)).data
