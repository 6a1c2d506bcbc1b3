"""``/v1/payments/unknown``: attempts nobody can vouch for, and what is said about them.

Programs ask the provider and hand in what they know. Rulings are decided by people in the console.
"""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api.operations import NoDetails
from apps.payments.domain.rulings import RulingState, RulingVerb
from apps.payments.domain.states import AttemptState, Operation
from apps.payments.selectors.rulings import ruling_row, rulings, unproved, view_of_unproved
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED, ACCEPTED = 201, 202


class AttemptVerbSerializer(serializers.Serializer):
    """A verb, what it means, and why it is not allowed now; empty when it is."""

    verb = serializers.CharField()
    meaning = serializers.CharField()
    why_not = serializers.CharField()


class RulingSerializer(serializers.Serializer):
    """What one person says became of an attempt. ``digest`` is over all that was shown."""

    id = PublicIdField("rul")
    attempt_id = PublicIdField("att")
    verb = serializers.ChoiceField([verb.value for verb in RulingVerb])
    reference = serializers.CharField()
    evidence = serializers.CharField()
    digest = serializers.CharField()
    state = serializers.ChoiceField([state.value for state in RulingState])
    asked_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decision_reason = serializers.CharField()


class UnprovedAttemptSerializer(serializers.Serializer):
    """An attempt of unknown outcome, with every verb."""

    id = PublicIdField("att", source="attempt.id")
    operation = serializers.ChoiceField([o.value for o in Operation], source="attempt.operation")
    state = serializers.ChoiceField([s.value for s in AttemptState], source="attempt.state")
    amount = MoneyField(source="attempt.amount")
    provider_account = serializers.CharField(source="attempt.provider_account")
    provider_key = serializers.CharField(source="attempt.provider_key")
    intent_id = PublicIdField("pi", source="attempt.intent_id", allow_null=True)
    reference = serializers.CharField()
    code = serializers.CharField(source="attempt.code")
    message = serializers.CharField(source="attempt.message")
    checks = serializers.IntegerField(source="attempt.checks")
    sends = serializers.IntegerField(source="attempt.sends")
    unknown_since = serializers.DateTimeField(source="attempt.unknown_since", allow_null=True)
    next_check_at = serializers.DateTimeField(source="attempt.next_check_at", allow_null=True)
    verbs = AttemptVerbSerializer(many=True)
    rulings = RulingSerializer(many=True)


class NewRulingSerializer(serializers.Serializer):
    """What became of the attempt, and how it is known. A success names the provider's reference."""

    verb = serializers.ChoiceField([verb.value for verb in RulingVerb])
    evidence = serializers.CharField(max_length=500)
    reference = serializers.CharField(max_length=64, required=False, default="")


class RulingFilterSerializer(serializers.Serializer):
    """What to list."""

    state = serializers.ChoiceField([s.value for s in RulingState], required=False, default="")


class UnprovedAttempts(Endpoint):
    """Attempts of unknown outcome."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_unknown", responses=page_of(UnprovedAttemptSerializer)
    )
    def get(self, request: Request) -> Response:
        """Attempts nobody can vouch for, the newest first, each with what may be done about it."""
        return CursorPages().answer(
            request,
            unproved().prefetch_related("rulings"),
            lambda row: UnprovedAttemptSerializer(view_of_unproved(row)).data,
        )


class UnprovedAttempt(Endpoint):
    """One attempt."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_unknown", responses=UnprovedAttemptSerializer)
    def get(self, request: Request, attempt: str) -> Response:
        """The attempt as it stands, with every verb and why it is not allowed."""
        return Response(_shown(self.read_id("att", attempt)))


class UnprovedCheck(Endpoint):
    """Asking the provider."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_check_unknown",
        request=NoDetails,
        responses={ACCEPTED: UnprovedAttemptSerializer},
    )
    def post(self, request: Request, attempt: str) -> Response:
        """Have the provider asked now; what it says comes later."""
        attempt_id = self.read_id("att", attempt)
        self.read(request, NoDetails)

        def work() -> tuple[int, Any]:
            services.check_attempt_now(attempt_id=attempt_id, actor=self.actor(request))
            return ACCEPTED, _shown(attempt_id)

        return self.once(request, work)


class NewRuling(Endpoint):
    """Saying what became of an attempt."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_ask_ruling",
        request=NewRulingSerializer,
        responses={CREATED: RulingSerializer},
    )
    def post(self, request: Request, attempt: str) -> Response:
        """Hand in what is known. A person decides in the console before anything happens."""
        attempt_id = self.read_id("att", attempt)
        asked = self.read(request, NewRulingSerializer)

        def work() -> tuple[int, Any]:
            ruling_id = services.ask_ruling(
                attempt_id=attempt_id,
                verb=RulingVerb(asked["verb"]),
                evidence=asked["evidence"],
                reference=asked["reference"],
                actor=self.actor(request),
            )
            return CREATED, RulingSerializer(selectors.ruling(ruling_id)).data

        return self.once(request, work)


class Rulings(Endpoint):
    """All rulings."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_rulings",
        parameters=[RulingFilterSerializer],
        responses=page_of(RulingSerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        wanted = self.read_query(request, RulingFilterSerializer)
        return CursorPages("asked_at").answer(
            request, rulings(**wanted), lambda row: RulingSerializer(ruling_row(row)).data
        )


class Ruling(Endpoint):
    """One ruling."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_ruling", responses=RulingSerializer)
    def get(self, request: Request, ruling: str) -> Response:
        """As it stands."""
        return Response(RulingSerializer(selectors.ruling(self.read_id("rul", ruling))).data)


def _shown(attempt_id: Any) -> dict[str, Any]:
    return dict(UnprovedAttemptSerializer(selectors.attempt_view(attempt_id)).data)
