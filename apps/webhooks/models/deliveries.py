"""What is told, to whom, and every request it took."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.platform.models.rows import Identified, choices
from apps.webhooks.domain.states import OPEN_DELIVERIES, DeliveryState, Outcome
from apps.webhooks.models.endpoints import Endpoint


class Message(Identified):
    """An event as receivers get it. Its id is the event's own, and what ``webhook-id`` says.

    ``body`` is what every try sends, byte for byte.
    """

    event_type = models.CharField(max_length=120)
    subject = models.CharField(max_length=255, blank=True)
    body = models.TextField()
    is_test = models.BooleanField(default=False)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "webhooks_message"
        indexes = [models.Index(fields=["subject"], name="webhooks_message_subject")]

    def __str__(self) -> str:
        return self.event_type


class Delivery(Identified):
    """One message to one endpoint: at most one row, whatever was heard twice.

    ``next_try_at`` is when a worker may take it: the next try, or, while it is ``sending``, when
    the worker that has it is taken for dead. ``tries`` counts since it was queued or replayed,
    ``attempts`` since ever.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries")
    event_type = models.CharField(max_length=120)
    state = models.CharField(
        max_length=10, choices=choices(DeliveryState), default=DeliveryState.PENDING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_problem = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "webhooks_delivery"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "message"], name="webhooks_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=list(DeliveryState)), name="webhooks_delivery_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_DELIVERIES, next_try_at__isnull=False, finished_at=None)
                | (~Q(state__in=OPEN_DELIVERIES) & Q(next_try_at=None, finished_at__isnull=False)),
                name="webhooks_delivery_open_or_finished",
            ),
            models.CheckConstraint(
                condition=Q(attempts__gte=F("tries")), name="webhooks_delivery_tries_counted"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_try_at"],
                condition=Q(state__in=OPEN_DELIVERIES),
                name="webhooks_delivery_due",
            ),
            models.Index(fields=["created_at", "id"], name="webhooks_delivery_newest"),
            models.Index(fields=["endpoint", "created_at", "id"], name="webhooks_delivery_theirs"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.endpoint_id}"


class Attempt(Identified):
    """One request. Written before it leaves, completed when it has ended.

    ``response_head`` is the answer's first 2 kB, with whatever looks secret covered. Signatures are
    not kept: they can be made again from the body and the time.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="requests")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=20, choices=choices(Outcome), default=Outcome.SENDING)
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=100, blank=True)
    elapsed_ms = models.PositiveIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_head = models.TextField(blank=True)
    started_at = models.DateTimeField()

    class Meta(Identified.Meta):
        db_table = "webhooks_attempt"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="webhooks_attempt_number"),
            models.CheckConstraint(
                condition=Q(outcome__in=list(Outcome)), name="webhooks_attempt_outcome_known"
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.ACCEPTED) | Q(status__gte=200, status__lt=300),
                name="webhooks_attempt_success_is_2xx",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"
