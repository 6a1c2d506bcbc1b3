"""Long work survives its workers, shows how far it is, and can be stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.platform import clock
from apps.platform.actors import Actor
from apps.platform.errors import (
    Busy,
    JobNotResumable,
    JobOver,
    NoTenant,
    UnknownJob,
    UnknownJobKind,
)
from apps.platform.ids import new_id, public_id
from apps.platform.jobs import (
    JobProgress,
    cancel_job,
    has_due_jobs,
    job_status,
    recent_jobs,
    registry,
    resume_job,
    run_due_jobs,
    start_job,
)
from apps.platform.jobs.progress import LEASE, LeaseLost
from apps.platform.models import AuditRecord, Job
from apps.tenancy import tasks
from apps.tenancy.contexts import inside
from apps.tenancy.models import Tenant
from tests.platform.api_world import TillClosed
from tests.platform.job_world import count, later, step, steps


def test_a_job_is_queued_done_and_shown(mara: Tenant, amina: Actor, start: Any) -> None:
    job_id = start(count, arguments={"from": "2026-03-01"})
    assert (job_status(job_id).state, job_status(job_id).done) == ("queued", 0)
    assert has_due_jobs()
    assert run_due_jobs() == 1
    assert not has_due_jobs()
    status = job_status(job_id)
    assert (status.state, status.done, status.total) == ("done", 3, 3)
    assert (status.note, status.owner, status.error) == ("step 3", "amina", "")
    assert status.finished_at is not None
    assert steps(job_id) == ["1", "2", "3"]
    assert [job.id for job in recent_jobs()] == [job_id]
    assert AuditRecord.objects.get(use_case="platform.start_job").subject == public_id(
        "job", job_id
    )


def test_the_function_is_told_what_was_asked_and_by_whom(
    mara: Tenant, amina: Actor, start: Any
) -> None:
    seen: list[JobProgress] = []
    job_id = start(seen.append, arguments={"month": 3}, total=0)
    run_due_jobs()
    [told] = seen
    assert (told.job_id, told.arguments, told.owner) == (job_id, {"month": 3}, amina)


def test_a_kind_nobody_knows_is_refused_at_once(mara: Tenant, amina: Actor) -> None:
    with pytest.raises(UnknownJobKind):
        start_job(kind="tests.unheard_of", title="?", actor=amina)
    assert not Job.objects.exists()


def test_a_kind_has_one_function(does: Any) -> None:
    does(count)
    registry.register_job("tests.job", count)
    with pytest.raises(ValueError, match="already"):
        registry.register_job("tests.job", steps)  # type: ignore[arg-type]  # any other


def test_the_result_is_a_file_of_the_tenant(
    mara: Tenant, start: Any, settings: Any, tmp_path: Path
) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}")
    job_id = start(lambda progress: progress.keep("march.csv", b"a,b\r\n"))
    run_due_jobs()
    name = job_status(job_id).result_file
    assert name == f"jobs/{job_id}/march.csv"
    assert (tmp_path / str(mara.id) / name).read_bytes() == b"a,b\r\n"


def test_a_refusal_ends_the_job_with_its_reason(mara: Tenant, start: Any) -> None:
    def refuse(progress: JobProgress) -> None:
        raise TillClosed

    job_id = start(refuse)
    run_due_jobs()
    status = job_status(job_id)
    assert (status.state, status.error) == ("failed", "tests/till-closed: The till is closed.")


@pytest.mark.parametrize("error", [Busy(), RuntimeError("a secret detail")])
def test_what_may_pass_is_tried_again_later_and_not_for_ever(
    mara: Tenant, start: Any, error: Exception
) -> None:
    tries: list[int] = []

    def fail(progress: JobProgress) -> None:
        tries.append(1)
        raise error

    job_id = start(fail)
    waited = 0.0
    while job_status(job_id).state != "failed":
        assert waited < 3600
        with later(seconds=waited):
            run_due_jobs()
        waited += 5
    assert len(tries) == 5
    assert waited > 10 + 20 + 40 + 80
    assert "secret" not in job_status(job_id).error


def test_progress_gives_new_tries(mara: Tenant, start: Any) -> None:
    def stumble(progress: JobProgress) -> None:
        progress.advance(progress.done + 1)
        if progress.done < 20:
            raise Busy

    job_id = start(stumble, total=20)
    for number in range(20):
        with later(minutes=number * 10):
            run_due_jobs()
    assert (job_status(job_id).state, job_status(job_id).done) == ("done", 20)


def test_a_cancelled_job_stops_at_its_next_step_and_takes_it_back(
    mara: Tenant, amina: Actor, start: Any
) -> None:
    def cancelled_meanwhile(progress: JobProgress) -> None:
        with transaction.atomic():
            step(progress, 1)
        cancel_job(job_id=progress.job_id, actor=amina)
        with transaction.atomic():
            step(progress, 2)

    job_id = start(cancelled_meanwhile)
    run_due_jobs()
    assert (job_status(job_id).state, job_status(job_id).done) == ("cancelled", 1)
    assert steps(job_id) == ["1"]
    with pytest.raises(JobOver) as over:
        cancel_job(job_id=job_id, actor=amina)
    assert over.value.facts == {"state": "cancelled"}


def test_a_stopped_job_goes_on_where_it_was_and_does_nothing_twice(
    mara: Tenant, amina: Actor, brian: Actor, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped_once(progress: JobProgress) -> None:
        if progress.done:
            assert progress.checkpoint == {"last": 1}
            assert progress.owner == amina
            count(progress)
            return
        with transaction.atomic():
            step(progress, 1)
        cancel_job(job_id=progress.job_id, actor=amina)

    job_id = start(stopped_once)
    for state in ("queued", "done"):  # before it is stopped, and after it went on
        with pytest.raises(JobNotResumable) as refused:
            resume_job(job_id=job_id, actor=brian)
        assert refused.value.facts == {"state": state}
        if state == "queued":
            run_due_jobs()
            monkeypatch.setattr(registry, "_once", {"tests.job"})
            with pytest.raises(JobNotResumable):
                resume_job(job_id=job_id, actor=brian)
            monkeypatch.setattr(registry, "_once", set())
            resume_job(job_id=job_id, actor=brian)
            assert run_due_jobs() == 1
    assert (job_status(job_id).state, steps(job_id)) == ("done", ["1", "2", "3"])
    with pytest.raises(UnknownJob):
        resume_job(job_id=new_id(), actor=amina)


def test_a_queued_job_can_be_cancelled_and_is_never_begun(
    mara: Tenant, amina: Actor, start: Any
) -> None:
    job_id = start(count)
    cancel_job(job_id=job_id, actor=amina)
    assert run_due_jobs() == 0
    with pytest.raises(UnknownJob):
        cancel_job(job_id=new_id(), actor=amina)


def test_a_worker_thought_dead_cannot_go_on(mara: Tenant, start: Any) -> None:
    def slow(progress: JobProgress) -> None:
        if progress.done:
            count(progress)
            return
        with transaction.atomic():
            step(progress, 1)
        with later(seconds=LEASE.total_seconds() + 1):
            assert run_due_jobs() == 1
        with transaction.atomic():
            step(progress, 2)

    job_id = start(slow)
    run_due_jobs()
    assert job_status(job_id).state == "done"
    assert steps(job_id) == ["1", "2", "3"]


def test_a_lease_is_one_workers_even_while_the_job_runs(mara: Tenant, start: Any) -> None:
    tries: list[JobProgress] = []

    def overtaken(progress: JobProgress) -> None:
        tries.append(progress)
        if len(tries) == 1:
            with later(seconds=LEASE.total_seconds() + 1):
                assert run_due_jobs() == 1
            return
        with pytest.raises(LeaseLost):
            tries[0].advance(9)
        with pytest.raises(LeaseLost):
            tries[0].keep("late.csv", b"")
        progress.advance(1)

    job_id = start(overtaken)
    run_due_jobs()
    assert (job_status(job_id).state, job_status(job_id).done) == ("done", 1)
    assert len(tries) == 2


def test_jobs_stay_with_their_tenant(baobab: Tenant, mara: Tenant, start: Any) -> None:
    job_id = start(count)
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    with inside(baobab):
        assert not has_due_jobs()
        assert run_due_jobs() == 0
        with pytest.raises(UnknownJob):
            job_status(job_id)


@pytest.mark.parametrize(
    "broken",
    [{"state": "lost"}, {"state": "running"}, {"state": "done"}, {"finished_at": clock.now()}],
)
def test_the_database_knows_what_a_job_may_be(
    mara: Tenant, start: Any, broken: dict[str, Any]
) -> None:
    start(count)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.update(**broken)


def test_the_tasks_work_inside_a_tenant_only(mara: Tenant, start: Any) -> None:
    job_id = start(count)
    tasks.run_jobs.run()
    assert job_status(job_id).state == "done"
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django_tenants' own
    with pytest.raises(NoTenant):
        tasks.run_jobs.apply_async()


# --- over HTTP


@pytest.fixture
def api(till: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real endpoints, with the tests' way of saying who asks."""
    from apps.platform.api.jobs import JobCancellation, JobFile, Jobs, OneJob
    from tests.platform.api_world import ByHeader, Scoped

    for view in (Jobs, OneJob, JobFile, JobCancellation):
        monkeypatch.setattr(view, "authentication_classes", [ByHeader])
        monkeypatch.setattr(view, "permission_classes", [Scoped])
    return lambda method, path, **options: till(
        method, path, headers={"X-Scopes": "jobs:read jobs:write"}, **options
    )


def test_a_job_over_http(mara: Tenant, start: Any, api: Any, settings: Any, tmp_path: Path) -> None:
    settings.ENV = replace(settings.ENV, storage_url=f"file://{tmp_path}")
    job_id = start(lambda progress: progress.keep("march.csv", b"a,b\r\n"))
    address = f"/v1/platform/jobs/{public_id('job', job_id)}"
    queued = api("GET", address).json()
    assert (queued["state"], queued["total"], queued["has_file"]) == ("queued", 3, False)
    assert api("GET", f"{address}/file").status_code == 404
    run_due_jobs()
    assert api("GET", address).json()["has_file"] is True
    file = api("GET", f"{address}/file")
    assert b"".join(file.streaming_content) == b"a,b\r\n"
    assert file["Content-Disposition"] == 'attachment; filename="march.csv"'
    [listed] = api("GET", "/v1/platform/jobs").json()["data"]
    assert listed == api("GET", address).json()
    over = api("POST", f"{address}/cancel", key="k-1")
    assert (over.status_code, over.json()["code"]) == (409, "platform/job-over")


def test_a_job_is_cancelled_over_http_once(mara: Tenant, start: Any, api: Any) -> None:
    address = f"/v1/platform/jobs/{public_id('job', start(count))}"
    for _ in range(2):
        answer = api("POST", f"{address}/cancel", key="k-1")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer["Idempotent-Replayed"] == "true"
    unknown = f"/v1/platform/jobs/{public_id('job', new_id())}"
    assert api("GET", unknown).json()["code"] == "platform/unknown-job"
