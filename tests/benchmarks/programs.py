"""Programs that a benchmark runs beside itself, and what they and their servers cost in CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_server
from typing import Any

from django.db import connection

from tests.benchmarks.crowd import Tally, server_seconds

START_SECONDS = 120.0
STOP_SECONDS = 20.0


def free_port() -> int:
    """A port nobody listens on."""
    with create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """A program's environment: as ours, in the database of the benchmarks, and quiet."""
    about = connection.settings_dict
    user = f"{about['USER']}:{about['PASSWORD']}@" if about["USER"] else ""
    address = f"postgresql://{user}/{about['NAME']}?host={about['HOST']}&port={about['PORT']}"
    return {**os.environ, "DATABASE_URL": address, "LOG_LEVEL": "ERROR"}


@contextmanager
def serving(arguments: Sequence[str], port: int) -> Iterator[int]:
    """A web server of ours, once it answers ``/livez``; its process number."""
    server = subprocess.Popen(
        [sys.executable, "-m", *arguments, "--host", "127.0.0.1", "--port", str(port)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/livez", server)
        yield server.pid
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def family_seconds(pid: int) -> float:
    """CPU time of a process and of those it started."""
    children = (Path(f"/proc/{pid}/task") / str(pid) / "children").read_text().split()
    return server_seconds(pid) + sum(family_seconds(int(child)) for child in children)


def database_seconds() -> float:
    """CPU time of every server process that works for this database now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return sum(server_seconds(pid) for (pid,) in cursor.fetchall())


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing answers at {url}")


def called(asked: dict[str, Any], server: int) -> Tally:
    """What the callers say, with the CPU time of the server and of its database."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.callers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as callers:
        assert callers.stdin is not None
        assert callers.stdout is not None
        callers.stdin.write(json.dumps(asked) + "\n")
        callers.stdin.flush()
        begun = callers.stdout.readline()
        assert begun == "begun\n", begun
        before = family_seconds(server), database_seconds()
        told = json.loads(callers.stdout.readline())
        web, database = family_seconds(server) - before[0], database_seconds() - before[1]
    return Tally(
        rate=told["done"] / told["elapsed"],
        client_us=(told["client_seconds"] + web) / told["done"] * 1e6,
        server_us=database / told["done"] * 1e6,
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
    )
