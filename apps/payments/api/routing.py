"""``/v1/payments/routing``: rules by which payments choose an account, and what they would do."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.domain.routing import METHODS, ROUTED, RoutingState, Verdict, Wish
from apps.payments.domain.states import Operation
from apps.platform.api.endpoints import Endpoint
from apps.platform.money import Money

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
CREATED = 201
_OPERATIONS = [operation.value for operation in ROUTED]


class TargetSerializer(serializers.Serializer):
    """An account; the lowest ``priority`` first, equals share by ``weight``."""

    account = serializers.SlugField(max_length=40)
    priority = serializers.IntegerField(min_value=1, max_value=100, required=False)
    weight = serializers.IntegerField(min_value=1, max_value=1000, required=False)


class RuleSerializer(serializers.Serializer):
    """Payments that meet every condition go to the targets; what is left out is met by all.

    Without ``falls_back`` a payment waits for the targets of the lowest priority.
    """

    name = serializers.CharField(max_length=60)
    operations = serializers.ListField(child=serializers.ChoiceField(_OPERATIONS), required=False)
    currencies = serializers.ListField(child=serializers.RegexField(r"^[A-Z]{3}$"), required=False)
    methods = serializers.ListField(child=serializers.ChoiceField(METHODS), required=False)
    countries = serializers.ListField(child=serializers.RegexField(r"^[A-Z]{2}$"), required=False)
    least_minor = serializers.IntegerField(min_value=0, required=False)
    most_minor = serializers.IntegerField(min_value=0, required=False)
    metadata = serializers.DictField(child=serializers.CharField(max_length=500), required=False)
    falls_back = serializers.BooleanField(required=False)
    targets = TargetSerializer(many=True, allow_empty=False)


class NewRouting(serializers.Serializer):
    """The next version of all rules, in order, and what it changes."""

    rules = RuleSerializer(many=True)
    note = serializers.CharField(max_length=300)


class RoutingSerializer(serializers.Serializer):
    """One version of the rules."""

    version = serializers.IntegerField()
    state = serializers.ChoiceField([state.value for state in RoutingState])
    rules = RuleSerializer(many=True)
    note = serializers.CharField()
    proposed_by = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    said = serializers.CharField()


class RouteQuery(serializers.Serializer):
    """A payment that might be asked for. ``reference`` is what shares payments out among equals."""

    operation = serializers.ChoiceField(_OPERATIONS, required=False, default="purchase")
    amount_minor = serializers.IntegerField(min_value=1)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    method = serializers.ChoiceField(METHODS, required=False, default="phone")
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False, default="")
    reference = serializers.CharField(max_length=100, required=False, default="")
    metadata = serializers.JSONField(required=False, default=dict)


class PassedOverSerializer(serializers.Serializer):
    """A rule that did not apply."""

    rule = serializers.CharField()
    why = serializers.CharField()


class ConsideredSerializer(serializers.Serializer):
    """An account, and what was said of it."""

    account = serializers.CharField()
    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict])
    why = serializers.CharField()
    fee_minor = serializers.IntegerField(required=False)


class RouteSerializer(serializers.Serializer):
    """Where the payment would go; ``account`` is empty when no account can carry it out."""

    account = serializers.CharField(allow_blank=True)
    rule = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    passed_over = PassedOverSerializer(many=True)
    considered = ConsideredSerializer(many=True)


class Routing(Endpoint):
    """The rules, in versions."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_list_routing", responses=RoutingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every version, the newest first; at most one is active and one proposed."""
        return Response(RoutingSerializer(selectors.routing_versions(), many=True).data)

    @extend_schema(
        operation_id="payments_propose_routing",
        request=NewRouting,
        responses={CREATED: RoutingSerializer},
    )
    def post(self, request: Request) -> Response:
        """Propose the next version. A person in the console makes it the active one."""
        asked = self.read(request, NewRouting)

        def work() -> tuple[int, dict[str, Any]]:
            version = services.propose_routing(
                rules=[_plain(rule) for rule in asked["rules"]],
                note=asked["note"],
                actor=self.actor(request),
            )
            return CREATED, dict(RoutingSerializer(_version(version)).data)

        return self.once(request, work)


class RouteExplanation(Endpoint):
    """What would happen to a payment, and why."""

    required_scope: ClassVar[dict[str, str]] = {"GET": "payments:read"}

    @extend_schema(
        operation_id="payments_explain_route", parameters=[RouteQuery], responses=RouteSerializer
    )
    def get(self, request: Request) -> Response:
        """By the rules in force and how accounts stand now. Nothing is written or sent."""
        asked = self.read_query(request, RouteQuery)
        about = asked["metadata"] if isinstance(asked["metadata"], dict) else {}
        wish = Wish(
            operation=Operation(asked["operation"]),
            amount=Money(asked["amount_minor"], asked["currency"]),
            method=asked["method"],
            key=asked["reference"],
            country=asked["country"],
            about={str(name): str(value) for name, value in about.items()},
        )
        return Response(RouteSerializer(selectors.explain_route(wish).facts()).data)


def _version(number: int) -> selectors.RoutingRow:
    return next(row for row in selectors.routing_versions() if row.version == number)


def _plain(rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "targets": [dict(target) for target in rule["targets"]]}
