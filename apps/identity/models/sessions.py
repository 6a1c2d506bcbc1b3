"""Who is in the console, from where and since when."""

from __future__ import annotations

from django.db import models

from apps.identity.models.users import User
from apps.platform.models.rows import Identified


class PersonSession(Identified):
    """A person's presence in a console, from signing in until it ends.

    Beside Django's own session, which holds what the browser carries: that one can be thrown away,
    this one is what people look at and end. ``seen_at`` is coarse, as ``services.sessions`` says.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True)
    browser = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=220, blank=True)

    class Meta(Identified.Meta):
        db_table = "identity_session"
        ordering = ["-seen_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="identity_session_seen_after_began",
                condition=models.Q(seen_at__gte=models.F("began_at")),
            ),
            models.CheckConstraint(
                name="identity_session_ended_by_somebody",
                condition=models.Q(ended_at=None, ended_by="")
                | (models.Q(ended_at__isnull=False) & ~models.Q(ended_by="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"], condition=models.Q(ended_at=None), name="identity_session_open"
            ),
            models.Index(fields=["seen_at"], name="identity_session_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.began_at}"
