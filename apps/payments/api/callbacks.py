"""``/v1/payments/callbacks``: the inbox, without the bodies, and processing it again."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments import selectors, services
from apps.payments.api.operations import NoDetails
from apps.payments.domain.callbacks import REPLAYABLE, CallbackFilter
from apps.payments.domain.states import CallbackState
from apps.payments.selectors.callbacks import callbacks
from apps.payments.selectors.rows import callback_row
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.fields import PublicIdField
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.ids import public_id

_SCOPES = {"GET": "payments:read", "POST": "payments:write"}
ACCEPTED = 202


class CallbackFilterSerializer(serializers.Serializer):
    """Which callbacks: all of them where nothing is said."""

    state = serializers.ChoiceField([s.value for s in CallbackState], required=False, default="")
    provider_account = serializers.CharField(max_length=40, required=False, default="")
    kind = serializers.CharField(max_length=20, required=False, default="")
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)


class CallbackSerializer(serializers.Serializer):
    """A stored callback. Its body stays here: it names the payer."""

    id = PublicIdField("cb")
    kind = serializers.CharField()
    state = serializers.ChoiceField([state.value for state in CallbackState])
    attempt_id = PublicIdField("att", allow_null=True)
    received_at = serializers.DateTimeField()
    processed_at = serializers.DateTimeField(allow_null=True)
    duplicates = serializers.IntegerField()
    tries = serializers.IntegerField()
    last_error = serializers.CharField()
    body_sha256 = serializers.CharField()


class CallbackCountSerializer(serializers.Serializer):
    """How many dead and quarantined callbacks there are to be processed again."""

    count = serializers.IntegerField()


class CallbackReplaySerializer(serializers.Serializer):
    """What to process again, and how many that was when it was counted."""

    state = serializers.ChoiceField([s.value for s in REPLAYABLE], required=False)
    provider_account = serializers.CharField(max_length=40, required=False)
    kind = serializers.CharField(max_length=20, required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    counted = serializers.IntegerField(min_value=1)


class CallbackReplayStarted(serializers.Serializer):
    """The job that does it; follow it at /v1/jobs/{id}."""

    job = PublicIdField("job")


class Callbacks(Endpoint):
    """The inbox."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_list_callbacks",
        parameters=[CallbackFilterSerializer],
        responses=page_of(CallbackSerializer),
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        where = CallbackFilter(**self.read_query(request, CallbackFilterSerializer))
        return CursorPages("received_at").answer(
            request, callbacks(where), lambda row: CallbackSerializer(callback_row(row)).data
        )


class Callback(Endpoint):
    """One callback."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(operation_id="payments_read_callback", responses=CallbackSerializer)
    def get(self, request: Request, callback: str) -> Response:
        """What was made of it."""
        found = selectors.callback(self.read_id("cb", callback))
        return Response(CallbackSerializer(found).data)


class CallbackReplay(Endpoint):
    """One of them, again."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_replay_callback",
        request=NoDetails,
        responses={ACCEPTED: CallbackSerializer},
    )
    def post(self, request: Request, callback: str) -> Response:
        """Process a dead or quarantined one again. Nothing is ever booked twice."""
        callback_id = self.read_id("cb", callback)
        self.read(request, NoDetails)

        def work() -> tuple[int, Any]:
            services.replay_callback(callback_id=callback_id, actor=self.actor(request))
            return ACCEPTED, CallbackSerializer(selectors.callback(callback_id)).data

        return self.once(request, work)


class CallbackReplays(Endpoint):
    """Many of them, again: counted, then confirmed by that number."""

    required_scope: ClassVar[dict[str, str]] = _SCOPES

    @extend_schema(
        operation_id="payments_count_callback_replay",
        parameters=[CallbackFilterSerializer],
        responses=CallbackCountSerializer,
    )
    def get(self, request: Request) -> Response:
        """How many would be processed again."""
        where = CallbackFilter(**self.read_query(request, CallbackFilterSerializer))
        return Response({"count": selectors.replayable_count(where)})

    @extend_schema(
        operation_id="payments_start_callback_replay",
        request=CallbackReplaySerializer,
        responses={ACCEPTED: CallbackReplayStarted},
    )
    def post(self, request: Request) -> Response:
        """Start the job, if that many would still be processed."""
        asked = self.read(request, CallbackReplaySerializer)
        counted = asked.pop("counted")

        def work() -> tuple[int, Any]:
            job_id = services.start_callback_replay(
                where=CallbackFilter(**asked), counted=counted, actor=self.actor(request)
            )
            return ACCEPTED, {"job": public_id("job", job_id)}

        return self.once(request, work)
