"""Run benchmarks in a database of their own, which is dropped afterwards."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from importlib.util import find_spec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ.setdefault("LOG_LEVEL", "ERROR")
os.environ.setdefault("DATABASE_POOL_MAX", "50")

import logging
from dataclasses import replace
from time import monotonic

import django
import structlog

from tests.benchmarks.figures import Report
from tests.benchmarks.scale import FULL, QUICK, Scale

#: Modules of this package with ``run(report, scale)``. What has no module yet is left out.
BENCHMARKS = ["singles", "batches", "door", "hot", "growth", "api", "relay", "bank", "inbox"]
DATABASE = "countinghouse_benchmarks"
SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level")


def main() -> None:
    """Those that were named, or all of them, in turn."""
    names, scale = _asked()
    django.setup()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet, cache_logger_on_first_use=False)
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    connections["default"].settings_dict["TEST"]["NAME"] = DATABASE
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        run(names, scale)
    finally:
        teardown_databases(databases, verbosity=0)


def run(names: list[str], scale: Scale) -> None:
    """Each in turn; the goals of all at the end."""
    from apps.tenancy.contexts import inside
    from tests.benchmarks.books import tenant

    report = Report()
    with inside(tenant()):
        _tell_settings()
        for name in names:
            started = monotonic()
            import_module(f"tests.benchmarks.{name}").run(report, scale)
            report.say(f"{name} took {monotonic() - started:.0f} s")
        _tell_soundness()
    report.close()


def _tell_settings() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for name in SETTINGS:
            cursor.execute(f"SHOW {name}")
            print(f"{name} = {cursor.fetchone()[0]}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the first run")


def _tell_soundness() -> None:
    from apps.ledger.selectors import books_violations

    broken = books_violations("fast")
    print(f"\nlaws of the books broken: {len(broken)}")
    assert not broken, broken[:3]


def _asked() -> tuple[list[str], Scale]:
    there = [name for name in BENCHMARKS if find_spec(f"tests.benchmarks.{name}")]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*there, []], help="which; without one, all")
    parser.add_argument("--full", action="store_true", help="10 million entries, longer runs")
    parser.add_argument("--seconds", type=float, help="of a single run")
    parser.add_argument("--entries", type=int, help="of the large books and the deep account")
    asked = parser.parse_args()
    scale = FULL if asked.full else QUICK
    scale = replace(scale, seconds=asked.seconds or scale.seconds)
    if asked.entries:
        small, deep = min(scale.growth_small, asked.entries // 10), asked.entries // 5
        scale = replace(scale, growth_small=small, growth_large=asked.entries, deep_account=deep)
    return asked.names or there, scale


if __name__ == "__main__":
    main()
