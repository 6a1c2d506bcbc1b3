"""Exports that a worker writes, and the pages on which one watches."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.console.errors import TooManyViews
from apps.identity.models import User
from apps.identity.services import define_role, grant_role, revoke_role
from apps.platform.actors import SYSTEM
from apps.platform.jobs import JobProgress, registry, run_due_jobs
from apps.platform.models import AuditRecord, Job
from tests.console.conftest import Door, text
from tests.identity.people import make_person

LIST = "/console/identity/user/?q=guest&export=csv"


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    """Three rows are many, and files go to a folder of the test."""
    monkeypatch.setattr("apps.console.lists.admin.ROWS_AT_ONCE_MAX", 3)
    monkeypatch.setattr("apps.console.lists.exports.ROWS_PER_STEP", 2)
    settings.STORAGE_URL = f"file://{tmp_path}"


@pytest.fixture
def guests(mara: object) -> None:
    for number in range(7):
        make_person(f"guest{number}")


def asked(client: Client) -> Job:
    """Ask for the long list; the answer leads to a job."""
    answer = client.get(LIST)
    assert answer.status_code == 302
    job = Job.objects.get()
    assert answer["Location"] == f"/console/jobs/{job.pk}"
    return job


def test_a_long_list_is_written_by_a_worker_and_fetched_by_its_owner(
    door: Door, guests: None
) -> None:
    client = door("administrator")
    job = asked(client)
    assert (job.kind, job.total) == ("console.export_list", 7)
    page = text(client.get(f"/console/jobs/{job.pk}"))
    assert 'hx-get="?part=progress"' in page
    assert "Fetch the file" not in page
    assert client.get(f"/console/jobs/{job.pk}/result").status_code == 404
    assert run_due_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 7)
    part = client.get(f"/console/jobs/{job.pk}?part=progress")
    assert part["HX-Refresh"] == "true"
    assert "hx-get" not in text(part)
    assert "Fetch the file" in text(client.get(f"/console/jobs/{job.pk}"))
    file = text(client.get(f"/console/jobs/{job.pk}/result")).removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(file)))
    assert [row[1] for row in rows[1:]] == [f"guest{number}" for number in range(7)]
    assert AuditRecord.objects.filter(use_case="console.export_list").count() == 1


def test_the_permission_is_asked_again_when_the_file_is_written(door: Door, guests: None) -> None:
    client = door("administrator")
    job = asked(client)
    owner = User.objects.get(username="administrator")
    revoke_role(user_id=owner.pk, role="administrator", actor=SYSTEM)
    run_due_jobs()
    job.refresh_from_db()
    assert (job.state, job.result_file) == ("failed", "")
    assert "identity/permission-missing" in job.error


def test_only_the_owner_fetches_the_file_and_strangers_see_no_job(door: Door, guests: None) -> None:
    job = asked(door("administrator"))
    run_due_jobs()
    watcher, stranger = door("operator"), door("viewer")
    assert watcher.get(f"/console/jobs/{job.pk}").status_code == 200
    assert "Fetch the file" not in text(watcher.get(f"/console/jobs/{job.pk}"))
    assert watcher.get(f"/console/jobs/{job.pk}/result").status_code == 404
    assert stranger.get(f"/console/jobs/{job.pk}").status_code == 404
    assert stranger.get(f"/console/jobs/{job.pk}/result").status_code == 404
    assert watcher.get(f"/console/jobs/{UUID(int=5)}").status_code == 404


def test_a_job_is_stopped_by_its_owner_alone(door: Door, guests: None) -> None:
    client, watcher = door("administrator"), door("operator")
    job = asked(client)
    page = f"/console/jobs/{job.pk}"
    assert "Only its owner can stop it" in text(watcher.get(page))
    assert watcher.post(page, {"action": "cancel"}).status_code == 409
    assert client.post(page, {"action": "cancel"}).status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert client.post(page, {"action": "cancel"}).status_code == 409
    assert run_due_jobs() == 0


def test_a_failed_job_is_tried_again_by_its_owner_or_whoever_may(
    door: Door, guests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, watcher, other = door("developer"), door("operator"), door("administrator")
    define_role(code="people", name="People", permissions=["identity.manage"], actor=SYSTEM)
    grant_role(user_id=User.objects.get(username="developer").pk, role="people", actor=SYSTEM)
    job = asked(client)
    page = f"/console/jobs/{job.pk}"
    assert "this job again" not in text(client.get(page))
    assert client.post(page, {"action": "resume"}).status_code == 409
    with monkeypatch.context() as broken:
        broken.setitem(registry._handlers, "console.export_list", broken_off)
        run_due_jobs()
    job.refresh_from_db()
    assert (job.state, job.done) == ("failed", 2)
    assert 'data-ch-confirm="Go on with' in text(client.get(page))
    assert "continues after 2 of 7" in text(client.get(page))
    assert "needs the role Administrator" in text(watcher.get(page))
    assert watcher.post(page, {"action": "resume"}).status_code == 409
    assert other.post(page, {"action": "resume"}).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error, job.finished_at) == ("queued", 0, "", None)
    assert job.owner_name == "developer"
    assert run_due_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 7)
    assert client.post(page, {"action": "resume"}).status_code == 409
    assert AuditRecord.objects.get(use_case="platform.resume_job").actor_name == "administrator"


def broken_off(progress: JobProgress) -> None:
    progress.advance(2)
    raise TooManyViews(limit=0)


def test_a_list_longer_than_a_worker_can_write_is_refused_with_advice(
    door: Door, guests: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("exports", "admin"):
        monkeypatch.setattr(f"apps.console.lists.{place}.ROWS_MAX", 5)
    answer = door("administrator").get(LIST)
    assert answer.status_code == 422
    assert "Narrow the filter" in text(answer)
    assert not Job.objects.exists()
    assert not AuditRecord.objects.filter(use_case="console.export_list").exists()
