"""No process of the house starts on tables it was not made for, or where tenants would mix."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from apps.tenancy import boot
from apps.tenancy.domain import TenantState
from apps.tenancy.models import Tenant
from apps.tenancy.schemas.migrating import wanted

ROOT = Path(__file__).parents[2]
COMMANDS = ("run_relay", "run_consumers")
#: A worker and a web process, one after the other: starting Python costs more than either.
STARTS = """
from config.celery import app
try:
    app.worker_main(["worker", "--pool", "solo"])
except SystemExit as end:
    print("worker:", end)
import config.wsgi
"""


@pytest.fixture
def late(mara: Tenant) -> Iterator[Tenant]:
    """Mara lacks the last migration of payments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'payments' AND name LIKE '0002_%'"
        )
        assert cursor.rowcount == 1
    connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' own
    return mara


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_a_tenant_that_is_behind(late: Tenant, command: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"t_mara: run manage.py migrate_tenants"):
        call_command(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_refuses_what_would_mix_tenants(
    mara: Tenant, command: str, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    monkeypatch.setattr(settings, "TENANT_LIMIT_SET_CALLS", True, raising=False)
    with pytest.raises(ImproperlyConfigured, match="TENANT_LIMIT_SET_CALLS"):
        call_command(command)


def test_worker_and_web_refuse_a_database_without_tables() -> None:
    """Real ones: Celery only logs what most of its hooks raise, and goes on."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    done = subprocess.run(
        [sys.executable, "-c", STARTS],
        env={**os.environ, "DATABASE_URL": urlunsplit(parts._replace(path="/postgres"))},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 1
    assert "worker: Migrations are missing in public" in done.stdout
    assert "ImproperlyConfigured: Migrations are missing in public" in done.stderr


def test_who_is_not_served_stops_nobody(late: Tenant) -> None:
    Tenant.objects.filter(id=late.id).update(state=TenantState.SUSPENDED)
    boot.refuse_to_start()


def test_what_runs_after_the_release_is_not_waited_for(
    mara: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = wanted()
    monkeypatch.setattr(boot, "wanted", lambda: [*now, ("payments", "0900_post_drop_old_column")])
    boot.refuse_to_start()
    monkeypatch.setattr(boot, "wanted", lambda: [*now, ("payments", "0900_pre_add_column")])
    with pytest.raises(ImproperlyConfigured, match="public"):
        boot.refuse_to_start()
