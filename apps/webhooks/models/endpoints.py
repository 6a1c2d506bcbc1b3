"""Whom we tell, and what proves that it was us."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.platform.models.rows import Identified, choices
from apps.webhooks.domain.patterns import PATTERN_MAX
from apps.webhooks.domain.states import EndpointState


class Endpoint(Identified):
    """An address of a tenant's, and which events it wants.

    Its row lock is what workers take turns by: while it is held, requests are handed out, so the
    bounds on how many are under way and how many a minute hold with any number of workers.
    ``next_slot_at`` is when the next request is due at an even pace (generic cell rate algorithm).
    ``failing_since`` is the first failure since the last success, ``streak`` how many there were,
    and until ``resting_until`` nothing is sent.
    """

    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    patterns = ArrayField(models.CharField(max_length=PATTERN_MAX))
    state = models.CharField(
        max_length=10, choices=choices(EndpointState), default=EndpointState.ACTIVE
    )
    state_reason = models.CharField(max_length=200, blank=True)
    rate_per_minute = models.PositiveIntegerField()
    next_slot_at = models.DateTimeField(null=True)
    resting_until = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    streak = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=250)

    class Meta(Identified.Meta):
        db_table = "webhooks_endpoint"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=list(EndpointState)), name="webhooks_endpoint_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=EndpointState.DISABLED) | ~Q(state_reason=""),
                name="webhooks_endpoint_says_why",
            ),
            models.CheckConstraint(
                condition=Q(rate_per_minute__gte=1) & Q(rate_per_minute__lte=6000),
                name="webhooks_endpoint_rate_bounded",
            ),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="webhooks_endpoint_newest")]

    def __str__(self) -> str:
        return self.url


class EndpointSecret(Identified):
    """A secret of an endpoint, sealed. One is current; in a rotation a former one works, too."""

    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "webhooks_endpoint_secret"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(expires_at=None),
                name="webhooks_endpoint_secret_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"secret of {self.endpoint_id}"
