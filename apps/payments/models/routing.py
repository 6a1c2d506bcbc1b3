"""The rules by which payments choose a provider account."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.payments.domain.routing import RoutingState
from apps.platform.models.rows import Identified, choices

PERSON, ACTOR = 64, 221


class RoutingVersion(Identified):
    """One whole set of rules, in order. Written once; another person makes it the active one.

    The database keeps the content, refuses the person who proposed it, and knows one active
    version and one proposal at a time.
    """

    version = models.PositiveIntegerField()
    rules = models.JSONField()
    note = models.CharField(max_length=300)
    state = models.CharField(
        max_length=20, choices=choices(RoutingState), default=RoutingState.PROPOSED
    )
    proposed_person = models.CharField(max_length=PERSON)
    proposed_by = models.CharField(max_length=ACTOR)
    proposed_at = models.DateTimeField()
    decided_person = models.CharField(max_length=PERSON, blank=True)
    decided_by = models.CharField(max_length=ACTOR, blank=True)
    decided_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta(Identified.Meta):
        db_table = "payments_routing_version"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["version"], name="payments_routing_version_once"),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state__in=[RoutingState.PROPOSED.value, RoutingState.ACTIVE.value]),
                name="payments_routing_version_one_active",
            ),
            models.CheckConstraint(name="payments_routing_version_has_note", condition=~Q(note="")),
            models.CheckConstraint(
                name="payments_routing_version_state_known",
                condition=Q(state__in=[state.value for state in RoutingState]),
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
