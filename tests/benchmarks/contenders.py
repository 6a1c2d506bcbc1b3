"""The peers, in an environment and processes of their own, on the same PostgreSQL server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

from tests.benchmarks.crowd import Tally

HERE = Path(__file__).parent
LOCK = HERE / "requirements-peers.txt"
ROOT = HERE.parents[1]
HOME = ROOT / "var" / "peers"
STAMP = HOME / "installed"
INSTALL_SECONDS = 300
RUN_SECONDS = 600


def peer(program: str, callers: Sequence[int], seconds: float) -> dict[int, Tally]:
    """Run a program of ``peers/`` and read its figures, by number of callers."""
    python = _installed()
    numbers = ",".join(map(str, callers))
    done = subprocess.run(
        [str(python), "-m", f"tests.benchmarks.peers.{program}", _address(), str(seconds), numbers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed:\n{done.stderr[-2000:]}")
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    return {int(figure.pop("callers")): Tally(**figure) for figure in figures}


def _installed() -> Path:
    """The interpreter of an environment with exactly what the lock names; made the first time."""
    python = HOME / "bin" / "python"
    if STAMP.exists() and STAMP.read_text() == LOCK.read_text():
        return python
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.parent.mkdir(exist_ok=True)
    uv = Path(sys.executable).with_name("uv")
    install = (
        [str(uv), "pip", "install", "--quiet", "--python", str(python)]
        if uv.exists()
        else [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    )
    print("  installing the peers", flush=True)
    for command in (
        [sys.executable, "-m", "venv", str(HOME)],
        [*install, "--require-hashes", "-r", str(LOCK)],
    ):
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS)
    STAMP.write_text(LOCK.read_text())
    return python


def _address() -> str:
    """The server of this run, by its maintenance database."""
    about = connection.settings_dict
    return make_conninfo(
        user=about["USER"] or None,
        password=about["PASSWORD"] or None,
        host=about["HOST"] or None,
        port=about["PORT"] or None,
        dbname="postgres",
    )
