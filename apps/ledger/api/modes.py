"""How accounts are kept that many post to at once, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.ledger.api.views import LedgerEndpoint
from apps.ledger.domain import BalanceMode
from apps.ledger.selectors import account_keeping, hot_accounts
from apps.ledger.services import change_account_mode

MODES = [value.value for value in BalanceMode]


class KeepingSerializer(serializers.Serializer):
    """A mode, and whether postings give way before their commit is on the disk."""

    mode = serializers.ChoiceField(MODES)
    releases_early = serializers.BooleanField()


class KeptAccountSerializer(serializers.Serializer):
    """How an account is kept, how long the queue for it was, and what would suit it better."""

    account = serializers.CharField()
    keeping = KeepingSerializer()
    waiting = serializers.FloatField(
        help_text="Postings that waited for it at any moment of the worst hour of the last day."
    )
    unfolded = serializers.IntegerField(help_text="Postings its stored balance does not hold yet.")
    advice = KeepingSerializer(allow_null=True)


class KeepingInput(serializers.Serializer):
    """How to keep an account from now on, and why."""

    mode = serializers.ChoiceField(MODES)
    releases_early = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=200)


class AccountKeeping(LedgerEndpoint):
    """How one account is kept."""

    @extend_schema(operation_id="ledger_account_mode", responses=KeptAccountSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Show how an account is kept."""
        return Response(KeptAccountSerializer(account_keeping(code)).data)

    @extend_schema(
        operation_id="ledger_account_change_mode",
        request=KeepingInput,
        responses=KeptAccountSerializer,
    )
    def post(self, request: Request, code: str) -> Response:
        """Keep an account another way from now on. Nothing it holds changes."""
        facts = self.read(request, KeepingInput)
        mode = BalanceMode(facts.pop("mode"))

        def work() -> tuple[int, Mapping[str, Any]]:
            change_account_mode(code=code, mode=mode, actor=self.actor(request), **facts)
            return 200, KeptAccountSerializer(account_keeping(code)).data

        return self.once(request, work)


class HotAccounts(LedgerEndpoint):
    """Accounts that many wait for."""

    @extend_schema(operation_id="ledger_hot_accounts", responses=KeptAccountSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List accounts somebody waited for or that are kept another way, the worst first."""
        return Response(KeptAccountSerializer(hot_accounts(), many=True).data)
