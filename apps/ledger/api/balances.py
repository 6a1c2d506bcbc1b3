"""Balances by both clocks, and statements, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import Side
from apps.ledger.selectors import (
    StatementBasis,
    account_balance,
    account_balance_as_of,
    account_statement,
)
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CURSOR, limit_of


@extend_schema_field({"oneOf": [{"type": "string", "format": f} for f in ("date", "date-time")]})
class MomentField(serializers.Field):
    """A day, which counts to its end in the tenant's zone, or an instant with its offset."""

    default_error_messages = {"invalid": "Expected a day (2026-01-31) or an instant with offset."}

    def to_internal_value(self, data: Any) -> date | datetime:
        """From a request."""
        text = data if isinstance(data, str) else ""
        try:
            day, instant = parse_date(text), parse_datetime(text)
        except ValueError:
            day = instant = None
        if day is not None and "T" not in text:
            return day
        if instant is None or instant.tzinfo is None:
            self.fail("invalid")
        return instant

    def to_representation(self, value: date | datetime) -> str:
        """For an answer."""
        return value.isoformat().replace("+00:00", "Z")


class BalancesQuery(serializers.Serializer):
    """As of when it took effect, and as of when it was recorded; without either, now."""

    effective_at = MomentField(required=False)
    recorded_as_of = MomentField(required=False)


class BalancesSerializer(serializers.Serializer):
    """What an account holds or held, on its normal side.

    ``posted`` is what entries say; ``pending_in`` and ``pending_out`` what open holds will bring
    and take; ``available`` is posted less pending out. What was pending then is not told of a time
    past: those three are null.
    """

    account = serializers.CharField()
    effective_at = MomentField(allow_null=True)
    recorded_as_of = MomentField(allow_null=True)
    debits = MoneyField()
    credits = MoneyField()
    posted = MoneyField()
    pending_in = MoneyField(allow_null=True)
    pending_out = MoneyField(allow_null=True)
    available = MoneyField(allow_null=True)
    version = serializers.IntegerField(
        allow_null=True, help_text="How many postings are numbered; null of a time past."
    )


class AccountBalances(LedgerEndpoint):
    """What an account holds or held, by both clocks."""

    @extend_schema(parameters=[BalancesQuery], responses=BalancesSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show the balances now; as of a value date or instant; as they were believed then."""
        asked = self.read_query(request, BalancesQuery)
        then = account_balance_as_of(
            code, asked.get("effective_at"), recorded_as_of=asked.get("recorded_as_of")
        )
        now = None if asked else account_balance(code)
        answer = {
            "account": code,
            "effective_at": then.as_of,
            "recorded_as_of": then.recorded_as_of,
            "debits": then.debits,
            "credits": then.credits,
            "posted": then.balance,
            "pending_in": now and now.pending_in,
            "pending_out": now and now.pending_out,
            "available": now and then.balance - now.pending_out,
            "version": now and now.version,
        }
        return Response(BalancesSerializer(answer).data)


class StatementQuery(serializers.Serializer):
    """Which window, by which clock, and as it was recorded when."""

    from_date = serializers.DateField()
    to_date = serializers.DateField()
    basis = serializers.ChoiceField(
        [value.value for value in StatementBasis], default=StatementBasis.VALUE.value
    )
    recorded_as_of = MomentField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """The window does not end before it starts."""
        if data["to_date"] < data["from_date"]:
            raise serializers.ValidationError({"to_date": ["On from_date, or later."]})
        return data


class StatementLineSerializer(serializers.Serializer):
    """One posting and the running balance after it."""

    entry_id = PublicIdField("je")
    leg = serializers.IntegerField()
    kind = serializers.CharField()
    description = serializers.CharField()
    source_event = serializers.CharField(allow_blank=True)
    value_date = serializers.DateField()
    effective_at = serializers.DateTimeField(allow_null=True)
    posted_at = serializers.DateTimeField()
    side = serializers.ChoiceField([value.value for value in Side])
    amount = MoneyField()
    balance = MoneyField()


class AccountStatementSerializer(serializers.Serializer):
    """What moved on an account in a window. Opening, sums and closing are of the whole window."""

    account = serializers.CharField()
    name = serializers.CharField()
    currency = serializers.CharField()
    normal_side = serializers.ChoiceField([value.value for value in Side])
    basis = serializers.ChoiceField([value.value for value in StatementBasis])
    from_date = serializers.DateField()
    to_date = serializers.DateField()
    recorded_as_of = serializers.DateTimeField()
    opening = MoneyField()
    debits = MoneyField()
    credits = MoneyField()
    closing = MoneyField()
    lines = StatementLineSerializer(many=True)
    next_cursor = serializers.CharField(source="next", allow_null=True)


class AccountStatementPage(LedgerEndpoint):
    """What moved on an account, between two balances that tie out."""

    @extend_schema(parameters=[StatementQuery], responses=AccountStatementSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show a page of a statement; ``next_cursor`` asked back as ``cursor`` is the next page."""
        asked = self.read_query(request, StatementQuery)
        told = account_statement(
            code,
            asked["from_date"],
            asked["to_date"],
            basis=StatementBasis(asked["basis"]),
            recorded_as_of=asked.get("recorded_as_of"),
            after=request.query_params.get(CURSOR) or None,
            limit=limit_of(request),
        )
        return Response(AccountStatementSerializer(told).data)
