"""How far jobs have come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.platform.errors import UnknownJob
from apps.platform.models import Job

LIMIT_MAX = 200


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as its owner sees it. ``total`` is 0 when the amount of work is not known."""

    id: UUID
    kind: str
    title: str
    owner: str
    state: str
    done: int
    total: int
    note: str
    error: str
    result_file: str
    created_at: datetime
    finished_at: datetime | None


def job_status(id: UUID) -> JobStatus:
    """The job of that id, or ``UnknownJob``."""
    job = Job.objects.filter(id=id).first()
    if job is None:
        raise UnknownJob
    return status_of(job)


def recent_jobs(limit: int = 50) -> list[JobStatus]:
    """The newest jobs of the tenant, at most 200."""
    rows = Job.objects.order_by("-created_at", "-id")[: min(limit, LIMIT_MAX)]
    return [status_of(job) for job in rows]


def status_of(job: Job) -> JobStatus:
    """The row as a frozen value."""
    return JobStatus(
        id=job.id,
        kind=job.kind,
        title=job.title,
        owner=job.owner_name,
        state=job.state,
        done=job.done,
        total=job.total,
        note=job.note,
        error=job.error,
        result_file=job.result_file,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
