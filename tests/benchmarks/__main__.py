"""Run every benchmark in a database of its own, which is dropped afterwards."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
os.environ.setdefault("LOG_LEVEL", "ERROR")

import logging
from importlib import import_module

import django
import structlog

#: Modules of this package with a ``run()``.
BENCHMARKS = ["posting"]
DATABASE = "countinghouse_benchmarks"


def main() -> None:
    """All of them, in turn."""
    django.setup()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet, cache_logger_on_first_use=False)
    from django.db import connections
    from django.test.utils import setup_databases, teardown_databases

    connections["default"].settings_dict["TEST"]["NAME"] = DATABASE
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        for name in BENCHMARKS:
            import_module(f"tests.benchmarks.{name}").run()
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    main()
