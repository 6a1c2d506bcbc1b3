"""Payees over HTTP. Verifying payout details is for people: not here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.settlements import selectors, services
from apps.settlements.api.serializers import (
    DetailsInput,
    PayeeFileInput,
    PayeeFileSerializer,
    PayeeInput,
    PayeeSerializer,
    PayeesQuery,
    PayeeWithDetailsSerializer,
)
from apps.settlements.api.views import SettlementsEndpoint, file_of
from apps.settlements.domain import PayeeKind, PayoutDetails, Rail
from apps.settlements.models import Payee
from apps.settlements.selectors.payees import payee_row, payees_with_details


def _payee(row: Payee) -> Mapping[str, Any]:
    return PayeeSerializer(payee_row(row)).data


def _whole(payee_id: UUID) -> Mapping[str, Any]:
    row = selectors.payee(payee_id=payee_id)
    if row is None:
        raise Http404
    versions = selectors.details_of(payee_id=payee_id)
    shape = PayeeWithDetailsSerializer().fields["versions"]
    body: dict[str, Any] = dict(PayeeSerializer(row).data)
    return body | {"versions": shape.to_representation(versions)}


def _details(facts: Mapping[str, Any]) -> PayoutDetails:
    return PayoutDetails(**{**facts, "rail": Rail(facts["rail"])})


class PayeeCollection(SettlementsEndpoint):
    """Whom the tenant pays."""

    @extend_schema(
        operation_id="settlements_payees_list",
        parameters=[PayeesQuery],
        responses=page_of(PayeeSerializer),
    )
    def get(self, request: Request) -> Response:
        """List payees, the newest first."""
        rows = payees_with_details().filter(**self.read_query(request, PayeesQuery))
        return CursorPages().answer(request, rows, _payee)

    @extend_schema(request=PayeeInput, responses={201: PayeeWithDetailsSerializer})
    def post(self, request: Request) -> Response:
        """Register a payee. A person verifies the details before money goes there."""
        facts = self.read(request, PayeeInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.register_payee(
                reference=facts["reference"],
                name=facts["name"],
                kind=PayeeKind(facts["kind"]),
                details=_details(facts["details"]),
                currency=facts["currency"],
                actor=self.actor(request),
            )
            return 201, _whole(Payee.objects.get(reference=facts["reference"]).id)

        return self.once(request, work)


class PayeeItem(SettlementsEndpoint):
    """One payee."""

    @extend_schema(operation_id="settlements_payees_retrieve", responses=PayeeWithDetailsSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show a payee with every version of its payout details."""
        return Response(_whole(self.read_id("payee", id)))


class PayeeDetails(SettlementsEndpoint):
    """Where a payee's money goes."""

    @extend_schema(request=DetailsInput, responses={201: PayeeWithDetailsSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Write new payout details. Money goes there once they are verified and have cooled."""
        payee_id = self.read_id("payee", id)
        facts = self.read(request, DetailsInput)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.change_payee_details(
                payee_id=payee_id, details=_details(facts), actor=self.actor(request)
            )
            return 201, _whole(payee_id)

        return self.once(request, work)


class PayeeFileCollection(SettlementsEndpoint):
    """Payees by the file."""

    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(request=PayeeFileInput, responses={201: PayeeFileSerializer})
    def post(self, request: Request) -> Response:
        """Import a CSV of payees. Wrong rows are left out and named; known rows change nothing."""
        name, content = file_of(self.read(request, PayeeFileInput))

        def work() -> tuple[int, Mapping[str, Any]]:
            file_id = services.import_payees(name=name, content=content, actor=self.actor(request))
            return 201, PayeeFileSerializer(selectors.payee_file(file_id=file_id)).data

        return self.once(request, work)
