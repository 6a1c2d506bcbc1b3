"""Webhooks over HTTP: ``/v1/webhooks/…``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.platform.actors import Actor
from apps.platform.api.endpoints import Endpoint
from apps.platform.api.pagination import CursorPages
from apps.platform.api.schema import page_of
from apps.platform.ids import public_id
from apps.webhooks import selectors, services
from apps.webhooks.api import serializers as shapes
from apps.webhooks.domain import DeliveryFilter, DeliveryState, EndpointDraft, SecretReceipt
from apps.webhooks.models import Delivery
from apps.webhooks.models import Endpoint as EndpointTable

READ, WRITE = "webhooks:read", "webhooks:write"


def _endpoint(endpoint_id: UUID) -> dict[str, Any]:
    row = selectors.endpoint(endpoint_id)
    if row is None:
        raise Http404
    return dict(shapes.EndpointSerializer(row).data)


def _delivery(delivery_id: UUID) -> dict[str, Any]:
    view = selectors.delivery(delivery_id)
    if view is None:
        raise Http404
    return {
        **shapes.DeliverySerializer(view.delivery).data,
        "body": view.body,
        "requests": shapes.DeliveryAttemptSerializer(view.tries, many=True).data,
    }


def _listed(row: EndpointTable) -> Mapping[str, Any]:
    return shapes.EndpointSerializer(selectors.endpoint_row(row)).data


def _logged(row: Delivery) -> Mapping[str, Any]:
    return shapes.DeliverySerializer(selectors.delivery_row(row)).data


class WebhooksEndpoint(Endpoint):
    """Reading and changing webhooks are two scopes."""

    required_scope: ClassVar[dict[str, str]] = {
        "GET": READ, "POST": WRITE, "PATCH": WRITE, "DELETE": WRITE,
    }  # fmt: skip

    def secretly(
        self, request: Request, status: int, make: Callable[[], SecretReceipt]
    ) -> Response:
        """Answer with an endpoint and its new secret.

        The answer that is stored for repetitions is without the secret: it is told once, and a
        client that lost it rotates.
        """
        told: list[str] = []

        def work() -> tuple[int, Mapping[str, Any]]:
            receipt = make()
            told[:] = [receipt.secret]
            return status, _endpoint(receipt.endpoint_id)

        response = self.once(request, work)
        response.data = {**response.data, "secret": told[0] if told else None}
        return response

    def changed(
        self, request: Request, id: str, change: Callable[[UUID, Actor], object]
    ) -> Response:
        """Change an endpoint once, and show it."""
        endpoint_id = self.read_id("whe", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            change(endpoint_id, self.actor(request))
            return 200, _endpoint(endpoint_id)

        return self.once(request, work)


class EndpointCollection(WebhooksEndpoint):
    """Whom the tenant has us tell."""

    @extend_schema(
        operation_id="webhooks_endpoints_list", responses=page_of(shapes.EndpointSerializer)
    )
    def get(self, request: Request) -> Response:
        """List endpoints, the newest first."""
        return CursorPages().answer(request, selectors.endpoints_with_secrets(), _listed)

    @extend_schema(
        request=shapes.EndpointInput, responses={201: shapes.EndpointWithSecretSerializer}
    )
    def post(self, request: Request) -> Response:
        """Register an address. Its secret is in this answer and nowhere else."""
        draft = EndpointDraft(**_tuple(self.read(request, shapes.EndpointInput)))
        actor = self.actor(request)
        return self.secretly(
            request, 201, lambda: services.create_endpoint(draft=draft, actor=actor)
        )


class EndpointItem(WebhooksEndpoint):
    """One endpoint."""

    @extend_schema(operation_id="webhooks_endpoints_retrieve", responses=shapes.EndpointSerializer)
    def get(self, request: Request, id: str) -> Response:
        """Show an endpoint, without its secret."""
        return Response(_endpoint(self.read_id("whe", id)))

    @extend_schema(request=shapes.EndpointChange, responses=shapes.EndpointSerializer)
    def patch(self, request: Request, id: str) -> Response:
        """Change its address, patterns, description or pace."""
        facts = _tuple(self.read(request, shapes.EndpointChange))

        def change(endpoint_id: UUID, actor: Actor) -> None:
            row = selectors.endpoint(endpoint_id)
            if row is None:
                raise Http404
            now = {name: getattr(row, name) for name in EndpointDraft.__dataclass_fields__}
            draft = EndpointDraft(**{**now, **facts})
            services.change_endpoint(endpoint_id=endpoint_id, draft=draft, actor=actor)

        return self.changed(request, id, change)

    @extend_schema(operation_id="webhooks_endpoints_remove", responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Remove it: its secrets are deleted, what waits is cancelled, its deliveries stay."""
        services.remove_endpoint(endpoint_id=self.read_id("whe", id), actor=self.actor(request))
        return Response(status=204)


class EndpointPause(WebhooksEndpoint):
    """Not calling it for a while."""

    @extend_schema(request=None, responses=shapes.EndpointSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Stop calling it; what happens meanwhile waits."""
        return self.changed(
            request, id, lambda one, who: services.pause_endpoint(endpoint_id=one, actor=who)
        )


class EndpointActivation(WebhooksEndpoint):
    """Calling it again."""

    @extend_schema(request=None, responses=shapes.EndpointSerializer)
    def post(self, request: Request, id: str) -> Response:
        """Call it again, also one that was disabled."""
        return self.changed(
            request, id, lambda one, who: services.activate_endpoint(endpoint_id=one, actor=who)
        )


class EndpointRotation(WebhooksEndpoint):
    """Another secret."""

    @extend_schema(
        request=shapes.RotationInput, responses={200: shapes.EndpointWithSecretSerializer}
    )
    def post(self, request: Request, id: str) -> Response:
        """Give it a new secret; for the overlap messages are signed by both."""
        overlap = timedelta(hours=self.read(request, shapes.RotationInput)["overlap_hours"])
        endpoint_id, actor = self.read_id("whe", id), self.actor(request)
        return self.secretly(
            request,
            200,
            lambda: services.rotate_secret(endpoint_id=endpoint_id, actor=actor, overlap=overlap),
        )


class EndpointTest(WebhooksEndpoint):
    """Trying it out."""

    @extend_schema(request=None, responses={202: shapes.DeliveryWithAttemptsSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Send a made-up event of type webhooks.test.v1, whatever the endpoint listens to."""
        endpoint_id = self.read_id("whe", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            actor = self.actor(request)
            return 202, _delivery(services.send_test_event(endpoint_id=endpoint_id, actor=actor))

        return self.once(request, work)


class DeliveryCollection(WebhooksEndpoint):
    """The delivery log."""

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        parameters=[shapes.DeliveriesQuery],
        responses=page_of(shapes.DeliverySerializer),
    )
    def get(self, request: Request) -> Response:
        """List deliveries, the newest first."""
        rows = selectors.deliveries_of(_filter(self.read_query(request, shapes.DeliveriesQuery)))
        return CursorPages().answer(request, rows, _logged)


class DeliveryItem(WebhooksEndpoint):
    """One delivery."""

    @extend_schema(
        operation_id="webhooks_deliveries_retrieve",
        responses=shapes.DeliveryWithAttemptsSerializer,
    )
    def get(self, request: Request, id: str) -> Response:
        """Show a delivery with what was sent and what was answered."""
        return Response(_delivery(self.read_id("whd", id)))


class DeliveryReplay(WebhooksEndpoint):
    """Once more."""

    @extend_schema(request=None, responses={202: shapes.DeliveryWithAttemptsSerializer})
    def post(self, request: Request, id: str) -> Response:
        """Send it again now, with the same webhook-id."""
        delivery_id = self.read_id("whd", id)

        def work() -> tuple[int, Mapping[str, Any]]:
            services.replay_delivery(delivery_id=delivery_id, actor=self.actor(request))
            return 202, _delivery(delivery_id)

        return self.once(request, work)


class ReplayCollection(WebhooksEndpoint):
    """Many at once."""

    @extend_schema(request=shapes.ReplayInput, responses={202: shapes.ReplaySerializer})
    def post(self, request: Request) -> Response:
        """Start a job that sends again what the filter names."""
        facts = self.read(request, shapes.ReplayInput)
        is_missed_included = facts.pop("include_missed")

        def work() -> tuple[int, Mapping[str, Any]]:
            job_id = services.start_replay(
                where=_filter(facts),
                actor=self.actor(request),
                are_missed_included=is_missed_included,
            )
            return 202, {"job": public_id("job", job_id)}

        return self.once(request, work)


def _filter(facts: Mapping[str, Any]) -> DeliveryFilter:
    state = DeliveryState(facts["state"]) if "state" in facts else None
    return DeliveryFilter(**{**facts, "state": state})


def _tuple(facts: dict[str, Any]) -> dict[str, Any]:
    return facts | ({"patterns": tuple(facts["patterns"])} if "patterns" in facts else {})
