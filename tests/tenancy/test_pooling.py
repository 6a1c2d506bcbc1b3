"""A pooler in transaction mode is refused before anything is served; tried with a real PgBouncer.

Set PGBOUNCER to the program's path where it is not on the PATH; without one the tests that need it
say so and are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.tenancy import checks
from apps.tenancy.checks import check_pooling, check_settings, is_session_stable, refuse_unsafe
from deploy.local.privileges import disguise_for
from deploy.local.state import free_port

PGBOUNCER = os.environ.get("PGBOUNCER") or shutil.which(
    "pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin"
)
WAIT_SECONDS = 10
needs_pgbouncer = pytest.mark.skipif(
    PGBOUNCER is None, reason="no pgbouncer here: apt-get install pgbouncer, or set PGBOUNCER"
)


def parameters() -> dict[str, Any]:
    params = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return {name: params[name] for name in names if params.get(name)}


@pytest.fixture
def pooled(request: pytest.FixtureRequest, tmp_path: Path, db: None) -> Iterator[dict[str, Any]]:
    """PgBouncer in the mode asked for, in front of the tests' own database."""
    is_round_robin = request.param == "round robin"
    mode = "transaction" if is_round_robin else request.param
    direct = parameters()
    port = free_port(0)
    conf, users = tmp_path / "pgbouncer.ini", tmp_path / "users.txt"
    target = f"host={direct['host']} port={direct['port']} dbname={direct['dbname']}"
    password = f" password={direct['password']}" if direct.get("password") else ""
    conf.write_text(
        f"[databases]\nbooks = {target} user={direct['user']}{password}\n"
        "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\n"
        f"listen_port = {port}\nauth_type = any\nauth_file = {users}\n"
        f"pool_mode = {mode}\ndefault_pool_size = 4\nmax_client_conn = 50\n"
        f"server_round_robin = {int(is_round_robin)}\nmin_pool_size = 4\n"
        "server_login_retry = 0\nclient_login_timeout = 5\n"
        "ignore_startup_parameters = extra_float_digits,options\n"
    )
    users.write_text('"x" "x"\n')
    disguise = disguise_for(Path(str(PGBOUNCER)), tmp_path)  # it refuses to run as root
    disguise.own(tmp_path)
    process = subprocess.Popen([*disguise.prefix, str(PGBOUNCER), str(conf)])
    params = {"host": "127.0.0.1", "port": port, "dbname": "books", "user": "x"}
    try:
        _await(params)
        yield params
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _await(params: dict[str, Any]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            psycopg.connect(**params).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


@needs_pgbouncer
@pytest.mark.parametrize("pooled", ["transaction", "statement", "round robin"], indirect=True)
def test_a_pooler_that_deals_sessions_out_is_refused(pooled: dict[str, Any]) -> None:
    assert [is_session_stable(pooled) for _ in range(10)] == [False] * 10


@needs_pgbouncer
@pytest.mark.parametrize("pooled", ["transaction"], indirect=True)
def test_the_program_does_not_start_behind_it(
    pooled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "get_connection_params", lambda: pooled)
    with pytest.raises(ImproperlyConfigured, match="transaction mode"):
        refuse_unsafe()
    assert [error.id for error in check_pooling(databases=["default"])] == ["tenancy.E006"]


@needs_pgbouncer
@pytest.mark.parametrize("pooled", ["session"], indirect=True)
def test_a_pooler_that_keeps_sessions_is_let_in(pooled: dict[str, Any]) -> None:
    assert is_session_stable(pooled)


def test_a_direct_connection_is_let_in(db: None) -> None:
    assert is_session_stable(connection.get_connection_params())
    refuse_unsafe()


def test_the_check_does_not_touch_a_database_that_is_not_asked_for(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_: object) -> bool:
        raise AssertionError

    monkeypatch.setattr(checks, "is_session_stable", asked)
    assert check_pooling() == []
    assert not [error for error in run_checks() if str(error.id).startswith("tenancy.")]


@pytest.mark.parametrize(
    ("name", "value", "id"),
    [
        ("TENANT_LIMIT_SET_CALLS", True, "tenancy.E001"),
        ("TENANT_APPS", ["apps.ledger"], "tenancy.E002"),
        ("SHARED_APPS", ["apps.tenancy"], "tenancy.E002"),
        ("DATABASES", {"default": {"ATOMIC_REQUESTS": True}}, "tenancy.E003"),
        ("CACHES", {"default": {"BACKEND": "x"}}, "tenancy.E004"),
        ("DATABASES", {"default": {"CONN_MAX_AGE": 60}}, "tenancy.E005"),
    ],
)
def test_settings_that_would_mix_tenants_are_refused(
    settings: Any, name: str, value: object, id: str
) -> None:
    assert check_settings() == []
    setattr(settings, name, value)
    assert [error.id for error in check_settings()] == [id]
