"""Jobs that count: each step leaves one record, in the transaction that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.platform import clock
from apps.platform.jobs import JobProgress
from apps.platform.models import AuditRecord

Handler = Callable[[JobProgress], None]
KIND = "tests.job"
STEP = "tests.job_step"


def count(progress: JobProgress) -> None:
    """As many steps as are left to do."""
    for number in range(progress.done + 1, progress.total + 1):
        with transaction.atomic():
            step(progress, number)


def step(progress: JobProgress, number: int) -> None:
    AuditRecord.objects.create(
        use_case=STEP, subject=f"{progress.job_id}:{number}", recorded_at=clock.now()
    )
    progress.advance(number, f"step {number}", {"last": number})


def steps(job_id: object) -> list[str]:
    rows = AuditRecord.objects.filter(use_case=STEP, subject__startswith=str(job_id))
    return [str(row.subject).rpartition(":")[2] for row in rows.order_by("id")]


def later(**by: float) -> Any:
    now = clock.now() + timedelta(**by)
    return clock.reading(lambda: now)
