"""``/v1/payments/balances|discrepancies|withdrawals``: provider money against our books."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api.operations import NoDetails
from apps.payments.domain.balances import DiscrepancyKind, DiscrepancyState, WithdrawalStatus
from apps.payments.selectors.balances import (
    discrepancies,
    discrepancy_row,
    withdrawal_row,
    withdrawals,
)
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
OK, ACCEPTED = 200, 202


class ProviderBalanceSerializer(serializers.Serializer):
    """What a provider holds beside our mirror, as of the newest reading; null before the first.

    ``coming`` and ``going`` are of payments without proof yet, ``fees`` are promised and not
    booked; ``unexplained`` is what none of that accounts for.
    """

    provider_account = serializers.CharField(source="account")
    held = MoneyField(allow_null=True)
    ledger = MoneyField(allow_null=True)
    coming = MoneyField(allow_null=True)
    going = MoneyField(allow_null=True)
    fees = MoneyField(allow_null=True)
    unexplained = MoneyField(allow_null=True)
    read_at = serializers.DateTimeField(source="at", allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField()


class ProviderBalancesSerializer(serializers.Serializer):
    """Every account whose provider tells balances."""

    data = ProviderBalanceSerializer(many=True)  # type: ignore[assignment]  # a field of that name


class DiscrepancyFilterSerializer(serializers.Serializer):
    """What to list."""

    state = serializers.ChoiceField([s.value for s in DiscrepancyState], required=False, default="")
    kind = serializers.ChoiceField([k.value for k in DiscrepancyKind], required=False, default="")


class DiscrepancySerializer(serializers.Serializer):
    """Where the provider and our books do not say the same."""

    id = PublicIdField("dcy")
    kind = serializers.ChoiceField([kind.value for kind in DiscrepancyKind])
    state = serializers.ChoiceField([state.value for state in DiscrepancyState])
    provider_account = serializers.CharField()
    expected = MoneyField()
    found = MoneyField()
    said = serializers.CharField()
    intent_id = PublicIdField("pi", allow_null=True)
    owner = serializers.CharField(source="owner_name")
    opened_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    explanation = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)


class ExplanationSerializer(serializers.Serializer):
    """What it was."""

    explanation = serializers.CharField(max_length=1000)


class WithdrawalFilterSerializer(serializers.Serializer):
    """What to list."""

    status = serializers.ChoiceField(
        [s.value for s in WithdrawalStatus], required=False, default=""
    )


class WithdrawalSerializer(serializers.Serializer):
    """A payout of a provider to our own bank."""

    id = PublicIdField("wdr")
    provider_account = serializers.CharField()
    reference = serializers.CharField()
    amount = MoneyField()
    status = serializers.ChoiceField([status.value for status in WithdrawalStatus])
    bank = serializers.CharField()
    arrival_at = serializers.DateTimeField(allow_null=True)
    heard_at = serializers.DateTimeField()


class Balances(Endpoint):
    """Balances of provider accounts."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_list_balances", responses=ProviderBalancesSerializer)
    def get(self, request: Request) -> Response:
        """The newest reading of each account."""
        rows = selectors.provider_balances()
        return Response({"data": ProviderBalanceSerializer(rows, many=True).data})


class BalanceReading(Endpoint):
    """Asking a provider."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_read_balance",
        request=NoDetails,
        responses={ACCEPTED: ProviderBalancesSerializer},
    )
    def post(self, request: Request, account: str) -> Response:
        """Ask the provider what it holds now. Some answer later. Asking again is safe."""
        self.read(request, NoDetails)
        services.read_balance_now(provider_account=account, actor=self.actor(request))
        rows = [row for row in selectors.provider_balances() if row.account == account]
        data = {"data": ProviderBalanceSerializer(rows, many=True).data}
        return Response(data, status=ACCEPTED)


class Discrepancies(Endpoint):
    """What does not agree."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_discrepancies",
        parameters=[DiscrepancyFilterSerializer],
        responses=page_of(DiscrepancySerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, DiscrepancyFilterSerializer)
        return CursorPages("opened_at").answer(
            request,
            discrepancies(**wanted),
            lambda row: DiscrepancySerializer(discrepancy_row(row)).data,
        )


class Discrepancy(Endpoint):
    """One of them."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_discrepancy", responses=DiscrepancySerializer)
    def get(self, request: Request, discrepancy: str) -> Response:
        """As it stands."""
        found = selectors.discrepancy(self.read_id("dcy", discrepancy))
        return Response(DiscrepancySerializer(found).data)


class DiscrepancyExplanation(Endpoint):
    """Explaining it."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_explain_discrepancy",
        request=ExplanationSerializer,
        responses=DiscrepancySerializer,
    )
    def post(self, request: Request, discrepancy: str) -> Response:
        """Close it with what explains it. No money moves."""
        discrepancy_id = self.read_id("dcy", discrepancy)
        asked = self.read(request, ExplanationSerializer)

        def work() -> tuple[int, Any]:
            services.explain_discrepancy(
                discrepancy_id=discrepancy_id, actor=self.actor(request), **asked
            )
            return OK, DiscrepancySerializer(selectors.discrepancy(discrepancy_id)).data

        return self.once(request, work)


class Withdrawals(Endpoint):
    """Payouts of providers to our bank."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_withdrawals",
        parameters=[WithdrawalFilterSerializer],
        responses=page_of(WithdrawalSerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, WithdrawalFilterSerializer)
        return CursorPages("heard_at").answer(
            request,
            withdrawals(**wanted),
            lambda row: WithdrawalSerializer(withdrawal_row(row)).data,
        )
