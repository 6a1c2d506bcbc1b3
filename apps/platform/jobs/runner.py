"""The workers' side: take what is due, do it, and say how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.platform import clock
from apps.platform.actors import Actor, ActorKind
from apps.platform.errors import DomainError, Kind
from apps.platform.ids import new_id
from apps.platform.jobs.progress import LEASE, JobProgress, LeaseLost, Paused
from apps.platform.jobs.registry import handler_of
from apps.platform.models import Job, JobState

#: Tries without any progress before a job is given up.
ATTEMPTS_MAX = 5
BACKOFF_FIRST = timedelta(seconds=10)
#: No further job is begun after this; the next sweep goes on.
RUN_SECONDS = 60
logger = structlog.get_logger("house.jobs")


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a try ended. ``retry_in`` puts the job back in the queue."""

    state: JobState
    error: str = ""
    retry_in: timedelta = timedelta(0)


def has_due_jobs() -> bool:
    """Whether the present tenant has a job for a worker."""
    return _due().exists()


def run_due_jobs() -> int:
    """Do the present tenant's due jobs, one after the other; returns how many were tried.

    Safe beside itself: a job is claimed by one worker. Safe to kill: the lease runs out and another
    worker goes on from the last step.
    """
    stop_at = time.monotonic() + RUN_SECONDS
    tried = 0
    while time.monotonic() < stop_at:
        job = _claim()
        if job is None:
            break
        _end(job, _try(job))
        tried += 1
    return tried


def _due() -> QuerySet[Job]:
    now = clock.now()
    return Job.objects.filter(
        Q(state=JobState.QUEUED, due_at__lte=now) | Q(state=JobState.RUNNING, lease_until__lt=now)
    )


def _claim() -> Job | None:
    """The oldest due job, now ours under a fresh lease."""
    with transaction.atomic():
        job = _due().select_for_update(skip_locked=True).order_by("due_at").first()
        if job is None:
            return None
        job.state = JobState.RUNNING
        job.lease, job.lease_until = new_id(), clock.now() + LEASE
        job.attempts += 1
        job.save(update_fields=["state", "lease", "lease_until", "attempts"])
    return job


def _try(job: Job) -> _Ending | None:
    """Run the function; nothing is returned when the job is no longer ours."""
    if job.attempts > ATTEMPTS_MAX:
        return _Ending(JobState.FAILED, job.error or "its worker died, again and again")
    progress = JobProgress(
        job_id=job.id,
        lease=job.lease,
        owner=Actor(ActorKind(job.owner_kind), job.owner_name, job.owner_id),
        arguments=job.arguments,
        total=job.total,
        done=job.done,
        checkpoint=job.checkpoint,
    )
    try:
        handler_of(job.kind)(progress)
    except LeaseLost:
        logger.info("job.lease_lost", job=str(job.id))
        return None
    except Paused:
        return _Ending(JobState.QUEUED)
    except DomainError as error:
        return _refused(job, error)
    except Exception as error:  # the outermost loop of a worker
        logger.exception("job.failed", job=str(job.id), kind=job.kind)
        return _again(job, f"a mistake of ours ({type(error).__name__})")
    return _Ending(JobState.DONE)


def _refused(job: Job, error: DomainError) -> _Ending:
    told = f"{error.code}: {error.title}"
    logger.info("job.refused", job=str(job.id), kind=job.kind, code=error.code)
    return _again(job, told) if error.kind is Kind.UNAVAILABLE else _Ending(JobState.FAILED, told)


def _again(job: Job, error: str) -> _Ending:
    if job.attempts >= ATTEMPTS_MAX:
        return _Ending(JobState.FAILED, error)
    return _Ending(JobState.QUEUED, error, BACKOFF_FIRST * 2 ** (job.attempts - 1))


def _end(job: Job, ending: _Ending | None) -> None:
    """Write how it ended, unless somebody else has the job by now."""
    if ending is None:
        return
    now = clock.now()
    is_over = ending.state is not JobState.QUEUED
    Job.objects.filter(id=job.id, lease=job.lease, state=JobState.RUNNING).update(
        state=ending.state,
        error=ending.error[:300],
        lease=None,
        lease_until=None,
        due_at=now + ending.retry_in,
        finished_at=now if is_over else None,
    )
    if is_over:
        logger.info("job.over", job=str(job.id), kind=job.kind, state=ending.state.value)
