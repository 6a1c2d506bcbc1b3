"""The shapes of the webhooks API."""

from __future__ import annotations

from rest_framework import serializers

from apps.platform.api.fields import PublicIdField
from apps.webhooks.domain import PATTERN_MAX, PATTERNS_MAX, DeliveryState, EndpointState, Outcome

STATES = [value.value for value in DeliveryState]
OVERLAP_HOURS_MAX = 30 * 24


def _patterns(**options: object) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=PATTERN_MAX),
        max_length=PATTERNS_MAX,
        help_text="Types of events, with * for any letters: payments.*",
        **options,  # type: ignore[arg-type]  # the field's own
    )


class SecretSerializer(serializers.Serializer):
    """A working secret, without itself. The one that ends is a former one."""

    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class EndpointSerializer(serializers.Serializer):
    """An address that is told of events."""

    id = PublicIdField("whe")
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    patterns = _patterns()
    state = serializers.ChoiceField([value.value for value in EndpointState])
    state_reason = serializers.CharField(allow_blank=True, help_text="Why it was disabled.")
    rate_per_minute = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)
    resting_until = serializers.DateTimeField(allow_null=True)
    secrets = SecretSerializer(many=True)
    created_at = serializers.DateTimeField()


class EndpointWithSecretSerializer(EndpointSerializer):
    """An endpoint with its new secret, which is told once: a repeated request gets null."""

    secret = serializers.CharField(allow_null=True)


class EndpointInput(serializers.Serializer):
    """A new endpoint."""

    url = serializers.CharField(max_length=2000)
    patterns = _patterns(min_length=1)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    rate_per_minute = serializers.IntegerField(min_value=1, max_value=6000, required=False)


class EndpointChange(serializers.Serializer):
    """What is to change; the rest stays."""

    url = serializers.CharField(max_length=2000, required=False)
    patterns = _patterns(min_length=1, required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    rate_per_minute = serializers.IntegerField(min_value=1, max_value=6000, required=False)


class RotationInput(serializers.Serializer):
    """How long both secrets sign. 0 ends the former one at once, as a leak asks for."""

    overlap_hours = serializers.IntegerField(min_value=0, max_value=OVERLAP_HOURS_MAX, default=24)


class DeliverySerializer(serializers.Serializer):
    """One message to one endpoint. ``message`` is what ``webhook-id`` says."""

    id = PublicIdField("whd")
    message = PublicIdField("msg", source="message_id")
    endpoint = PublicIdField("whe", source="endpoint_id")
    event_type = serializers.CharField()
    subject = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(STATES)
    attempts = serializers.IntegerField()
    last_status = serializers.IntegerField(allow_null=True)
    last_problem = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class DeliveryAttemptSerializer(serializers.Serializer):
    """One request. ``response_head`` is the answer's first 2 kB, secrets covered."""

    number = serializers.IntegerField()
    outcome = serializers.ChoiceField([value.value for value in Outcome])
    status = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    elapsed_ms = serializers.IntegerField(allow_null=True)
    response_headers = serializers.DictField(child=serializers.CharField())
    response_head = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()


class DeliveryWithAttemptsSerializer(DeliverySerializer):
    """A delivery with the bytes it sends and every request so far, the newest first."""

    body = serializers.CharField()
    requests = DeliveryAttemptSerializer(many=True)


class DeliveriesQuery(serializers.Serializer):
    """Filters of the delivery log; times are of when it was queued."""

    endpoint = PublicIdField("whe", required=False, source="endpoint_id")
    state = serializers.ChoiceField(STATES, required=False)
    event_type = serializers.CharField(max_length=PATTERN_MAX, required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class ReplayInput(serializers.Serializer):
    """What is to be delivered again. ``include_missed`` asks for an endpoint."""

    endpoint = PublicIdField("whe", required=False, source="endpoint_id")
    state = serializers.ChoiceField(["delivered", "given_up"], required=False)
    event_type = serializers.CharField(max_length=PATTERN_MAX, required=False)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(required=False)
    include_missed = serializers.BooleanField(
        default=False,
        help_text="Also events that the endpoint wants and was never told.",
    )


class ReplaySerializer(serializers.Serializer):
    """The job that does it; follow it at /v1/jobs/{id}."""

    job = PublicIdField("job")
