"""Many workers, slow workers and dead ones, on data that is really committed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from apps.platform.actors import Actor
from apps.platform.jobs import JobProgress, job_status, run_due_jobs
from apps.platform.jobs import progress as progress_module
from apps.platform.jobs.progress import LEASE
from apps.platform.models import AuditRecord, Job
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.platform.job_world import KIND, STEP, count, later, steps


@pytest.fixture
def committed(committed_mara: Tenant, amina: Actor) -> Iterator[Tenant]:
    """Mara's books; jobs and what they left are removed."""
    yield committed_mara
    AuditRecord.objects.filter(use_case=STEP).delete()
    AuditRecord.objects.filter(use_case="platform.start_job", actor_id=amina.id).delete()
    Job.objects.filter(kind=KIND).delete()


def in_thread(tenant: Tenant, function: Callable[[], object]) -> threading.Thread:
    def work() -> None:
        try:
            with inside(tenant):
                function()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_progress_is_seen_while_the_work_runs(committed: Tenant, start: Any) -> None:
    seen, go_on = threading.Event(), threading.Event()

    def wait(progress: JobProgress) -> None:
        progress.advance(1, "half way")
        seen.set()
        go_on.wait(20)

    job_id = start(wait)
    thread = in_thread(committed, run_due_jobs)
    assert seen.wait(20)
    status = job_status(job_id)
    assert (status.state, status.done, status.note) == ("running", 1, "half way")
    go_on.set()
    thread.join()
    assert job_status(job_id).state == "done"


def test_eight_workers_share_twelve_jobs_without_doing_one_twice(
    committed: Tenant, start: Any
) -> None:
    job_ids = [start(count) for _ in range(12)]
    tried: list[int] = []
    threads = [in_thread(committed, lambda: tried.append(run_due_jobs())) for _ in range(8)]
    for thread in threads:
        thread.join()
    assert sum(tried) == 12
    assert [steps(job_id) for job_id in job_ids] == [["1", "2", "3"]] * 12


def test_a_long_job_gives_the_worker_back_and_goes_on(
    committed: Tenant, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "SLICE_SECONDS", 0)
    job_id = start(count)
    assert run_due_jobs() == 4  # three steps, each in a slice of its own, and the end
    assert job_status(job_id).state == "done"
    assert steps(job_id) == ["1", "2", "3"]


WORKER = """
import sys, time, django
django.setup()
from django.db import connection, transaction
connection.settings_dict["NAME"] = sys.argv[1]
from apps.platform.jobs import register_job, run_due_jobs
from apps.tenancy.contexts import inside
from apps.tenancy.selectors import tenant_by_slug
from tests.platform.job_world import step
def work(progress):
    for number in (1, 2):
        with transaction.atomic():
            step(progress, number)
    with transaction.atomic():
        step(progress, 3)
        print("in the middle", flush=True)
        time.sleep(60)
register_job("tests.job", work)
with inside(tenant_by_slug("mara")):
    run_due_jobs()
"""


def test_a_killed_worker_leaves_a_job_that_another_finishes(committed: Tenant, start: Any) -> None:
    job_id = start(count, total=5)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(connection.settings_dict["NAME"])],
        stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"in the middle\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    assert run_due_jobs() == 0, "the lease still holds"
    status = job_status(job_id)
    assert (status.state, status.done) == ("running", 2)
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at and job_status(job_id).state != "done":
        with later(seconds=LEASE.total_seconds() + 5):
            run_due_jobs()
    assert (job_status(job_id).state, job_status(job_id).done) == ("done", 5)
    assert steps(job_id) == ["1", "2", "3", "4", "5"]
