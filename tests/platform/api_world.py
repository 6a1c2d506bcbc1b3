"""A small API of the tests' own, on the real base: a till that rings things up.

The caller's name and scopes come from two headers. What a test rings up is one audit record, by a
real use case in a real transaction.
"""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.platform import audit, clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import MoneyField, PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.errors import Busy, DomainError, Kind
from apps.platform.ids import new_id, public_id
from apps.platform.models import AuditRecord
from apps.platform.money import Money
from apps.platform.use_cases import use_case

RINGING = "tests.ring_up"


class TillClosed(DomainError):
    """The till is closed."""

    code = "tests/till-closed"
    kind = Kind.CONFLICT


class Principal:
    """Who asks, as the real principals are: an actor and scopes."""

    is_authenticated = True

    def __init__(self, name: str, scopes: list[str]) -> None:
        self.actor = Actor(ActorKind.SERVICE, name, UUID(int=sum(name.encode())))
        self.scopes = scopes


class ByHeader(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        name = request.headers.get("X-Client")
        if not name:
            return None
        principal = Principal(name, request.headers.get("X-Scopes", "till:ring").split())
        return principal, principal

    def authenticate_header(self, request: Request) -> str:
        return "Test"


class Scoped(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        required: dict[str, str] = getattr(view, "required_scope", {})
        scopes: list[str] = getattr(request.user, "scopes", [])
        return required.get(str(request.method)) in scopes


class LineSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=20)
    count = serializers.IntegerField(min_value=1, default=1)


class RingSerializer(serializers.Serializer):
    amount = MoneyField(positive=True)
    mode = serializers.ChoiceField(
        ["fine", "closed", "bug", "slow", "asleep", "cut"], default="fine"
    )
    account = PublicIdField("acc", required=False)
    lines = LineSerializer(many=True, required=False)
    serial = serializers.CharField(read_only=True)


class RungSerializer(serializers.Serializer):
    id = PublicIdField("rng")
    amount = MoneyField()


@use_case(RINGING)
def ring_up(*, amount: Money, mode: str, actor: Actor) -> str:
    """Leave one audit record, or fail in the way asked for, after having written it."""
    id = public_id("rng", new_id())
    audit.nothing_happened()
    AuditRecord.objects.create(
        use_case=RINGING, actor_kind=actor.kind, subject=id, recorded_at=clock.now()
    )
    match mode:
        case "closed":
            raise TillClosed
        case "bug":
            raise RuntimeError("a secret detail of ours")
        case "slow":
            time.sleep(3.5)
        case "asleep":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(3)")
        case "cut":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        case "die":
            os._exit(9)
    return id


class TillEndpoint(Endpoint):
    authentication_classes = [ByHeader]
    permission_classes = [Scoped]
    required_scope: ClassVar[dict[str, str]] = {"POST": "till:ring", "GET": "till:ring"}


class Rings(TillEndpoint):
    """The rings of a till."""

    @extend_schema(request=RingSerializer, responses={201: RungSerializer})
    def post(self, request: Request) -> Response:
        """Ring something up."""
        body = self.read(request, RingSerializer)

        def work() -> tuple[int, dict[str, Any]]:
            amount = body["amount"]
            id = ring_up(amount=amount, mode=body["mode"], actor=self.actor(request))
            return 201, {"id": id, "amount": amount}

        return self.once(request, work)

    @extend_schema(responses=page_of(RungSerializer))
    def get(self, request: Request) -> Response:
        """What has been rung up, newest first."""
        rows = AuditRecord.objects.filter(use_case=request.query_params.get("use_case", RINGING))
        return CursorPages("recorded_at").answer(
            request, rows, lambda row: {"id": row.id, "subject": row.subject}
        )


class Ring(TillEndpoint):
    """One ring."""

    @extend_schema(responses=RungSerializer)
    def get(self, request: Request, id: str) -> Response:
        """The ring of that id."""
        return Response({"id": self.read_id("rng", id)})


class Unreachable(TillEndpoint):
    """Always busy."""

    @extend_schema(responses=None)
    def get(self, request: Request) -> Response:
        """Never answers."""
        raise Busy(retry_after_seconds=7)


api: list[URLPattern | URLResolver] = [
    path("till/rings", Rings.as_view()),
    path("till/rings/<str:id>", Ring.as_view()),
    path("till/busy", Unreachable.as_view()),
    path("", include("config.urls_api")),
]
urlpatterns = [path("v1/", include(api)), path("elsewhere", Unreachable.as_view())]
