"""Starting, cancelling and resuming jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from apps.platform import audit, clock
from apps.platform.actors import Actor
from apps.platform.errors import JobNotResumable, JobOver, UnknownJob
from apps.platform.ids import public_id
from apps.platform.jobs.registry import handler_of, is_resumable
from apps.platform.models import Job, JobState
from apps.platform.use_cases import use_case

TITLE_MAX = 200
#: Endings after which a job may be taken up again.
RESUMABLE = (JobState.FAILED, JobState.CANCELLED)


@use_case("platform.start_job")
def start_job(
    *,
    kind: str,
    title: str,
    actor: Actor,
    total: int = 0,
    arguments: Mapping[str, Any] | None = None,
) -> UUID:
    """Queue a job of a registered kind for its ``actor`` and return its id.

    ``total`` is the number of units of work, 0 if not known. Every call starts a job of its own.
    ``UnknownJobKind`` when nobody has registered the kind. A worker takes it within seconds; who
    is in a hurry wakes one: ``wake("platform.run_jobs")``.
    """
    handler_of(kind)
    now = clock.now()
    job = Job.objects.create(
        kind=kind,
        title=title[:TITLE_MAX],
        owner_kind=actor.kind,
        owner_name=actor.name,
        owner_id=actor.id,
        total=total,
        arguments=dict(arguments or {}),
        due_at=now,
        created_at=now,
    )
    audit.note(public_id("job", job.id), kind=kind)
    return job.id


@use_case("platform.cancel_job")
def cancel_job(*, job_id: UUID, actor: Actor) -> None:  # noqa: ARG001  the frame reads it
    """End a job that is not over. A running worker notices at its next step, which it takes back.

    ``JobOver`` when it has ended already, ``UnknownJob`` when there is none of that id.
    """
    job = _locked(job_id)
    if job.finished_at is not None:
        raise JobOver(state=job.state)
    job.state = JobState.CANCELLED
    job.lease, job.lease_until, job.finished_at = None, None, clock.now()
    job.save(update_fields=["state", "lease", "lease_until", "finished_at"])
    audit.note(public_id("job", job.id), kind=job.kind)


@use_case("platform.resume_job")
def resume_job(*, job_id: UUID, actor: Actor) -> None:  # noqa: ARG001  the frame reads it
    """Put a job that failed or was stopped back in the queue, to go on from its last step.

    It stays its owner's: what the owner may not do any more, the job will not do. It has all its
    tries again. ``JobNotResumable`` when it is under way, done, or of a kind that cannot go on;
    so asking twice is refused. ``UnknownJob`` when there is none of that id.
    """
    job = _locked(job_id)
    if job.state not in RESUMABLE or not is_resumable(job.kind):
        raise JobNotResumable(state=job.state)
    job.state, job.attempts, job.error = JobState.QUEUED, 0, ""
    job.finished_at, job.due_at = None, clock.now()
    job.save(update_fields=["state", "attempts", "error", "finished_at", "due_at"])
    audit.note(public_id("job", job.id), kind=job.kind)


def _locked(job_id: UUID) -> Job:
    job = Job.objects.select_for_update().filter(id=job_id).first()
    if job is None:
        raise UnknownJob
    return job
