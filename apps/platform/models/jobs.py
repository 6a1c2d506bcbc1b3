"""Long work that somebody waits for."""

from __future__ import annotations

from enum import StrEnum

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from apps.platform.models.rows import Identified, choices


class JobState(StrEnum):
    """The life of a job. Done, failed and cancelled are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(Identified):
    """One piece of long work, and how far it has come.

    A worker holds a running job by its ``lease``, a fresh UUID, until ``lease_until``. It prolongs
    the lease with every step; a worker that died does not, and the next one goes on from
    ``checkpoint``. ``attempts`` counts tries without progress.
    """

    kind = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    owner_kind = models.CharField(max_length=20)
    owner_name = models.CharField(max_length=200)
    owner_id = models.UUIDField(null=True)
    state = models.CharField(max_length=20, choices=choices(JobState), default=JobState.QUEUED)
    total = models.PositiveIntegerField(help_text="Units of work in all; 0 if not known.")
    done = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    arguments = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    checkpoint = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    result_file = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta(Identified.Meta):
        db_table = "platform_job"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                name="platform_job_state_known",
                condition=models.Q(state__in=[state.value for state in JobState]),
            ),
            models.CheckConstraint(
                name="platform_job_lease_while_running",
                condition=models.Q(
                    state=JobState.RUNNING, lease__isnull=False, lease_until__isnull=False
                )
                | (~models.Q(state=JobState.RUNNING) & models.Q(lease=None, lease_until=None)),
            ),
            models.CheckConstraint(
                name="platform_job_finished_when_final",
                condition=models.Q(state__in=FINAL, finished_at__isnull=False)
                | (~models.Q(state__in=FINAL) & models.Q(finished_at=None)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="platform_job_open",
            ),
            models.Index(fields=["created_at", "id"], name="platform_job_page"),
        ]

    def __str__(self) -> str:
        return self.title
