"""What the function that does a job is given."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Value, When

from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.models import Job, JobState
from apps.platform.storage import TenantStorage

#: A worker that says nothing for this long is taken for dead. A step must be shorter.
LEASE = timedelta(seconds=120)
#: After this a worker hands the job back, so that one long job does not keep a worker for ever.
SLICE_SECONDS = 120
NOTE_MAX = 200


class LeaseLost(Exception):
    """The job was cancelled, or another worker has it: stop, and undo the step in progress."""


class Paused(Exception):
    """The worker has worked long enough; the job goes on later from its checkpoint."""


@dataclass(slots=True)
class JobProgress:
    """One try at a job. ``checkpoint`` is whatever the last step said to go on from."""

    job_id: UUID
    lease: UUID | None
    owner: Actor
    arguments: Mapping[str, Any]
    total: int
    done: int
    checkpoint: Mapping[str, Any]
    pause_at: float = field(default_factory=lambda: time.monotonic() + SLICE_SECONDS)

    def advance(
        self, done: int, note: str = "", checkpoint: Mapping[str, Any] | None = None
    ) -> None:
        """Say that ``done`` units are done by now, and where to go on from should we stop here.

        Called in the transaction of the step it reports. Raises ``LeaseLost`` when the job is no
        longer this worker's, which takes the step back; a function does not catch it.
        """
        if checkpoint is not None:
            self.checkpoint = dict(checkpoint)
        self.done = done
        self._write(
            done=done,
            note=note[:NOTE_MAX],
            checkpoint=self.checkpoint,
            attempts=Case(
                When(done__lt=done, then=Value(0)),
                default=F("attempts"),
                output_field=PositiveSmallIntegerField(),
            ),
        )
        if time.monotonic() > self.pause_at:
            transaction.on_commit(_pause)

    def keep(self, file_name: str, content: bytes | File) -> None:
        """Keep the job's result, a file for its owner to fetch; a large one comes as a file."""
        file = ContentFile(content) if isinstance(content, bytes) else content
        name = TenantStorage().save(f"jobs/{self.job_id}/{file_name}", file)
        self._write(result_file=name)

    def _write(self, **values: object) -> None:
        held = Job.objects.filter(id=self.job_id, lease=self.lease, state=JobState.RUNNING)
        if not held.update(lease_until=clock.now() + LEASE, **values):
            raise LeaseLost


def _pause() -> NoReturn:
    raise Paused
