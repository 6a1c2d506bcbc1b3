"""What the peers' programs share: Django on a database of their own, and how they are measured.

A program prints one line of JSON for each number of callers. It is given the address of the server,
the seconds of a run and the numbers of callers; its database is made anew and left behind.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.benchmarks.crowd import crowd

ACCOUNTS = 200


def start(name: str, apps: list[str], **settings: Any) -> None:
    """Django with these apps, on a fresh database ``name``, migrated."""
    facts: dict[str, Any] = conninfo_to_dict(sys.argv[1])
    with psycopg.connect(sys.argv[1], autocommit=True) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        session.execute(f'CREATE DATABASE "{name}"')

    import django
    from django.conf import settings as django_settings
    from django.core.management import call_command

    django_settings.configure(
        SECRET_KEY="only for figures",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *apps],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": facts.get("user", ""),
                "PASSWORD": facts.get("password", ""),
                "HOST": facts.get("host", ""),
                "PORT": facts.get("port", ""),
                "CONN_MAX_AGE": None,
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        **settings,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def tell(way: Callable[[Random], Callable[[], int]]) -> None:
    """Measure with each number of callers and print the figures."""
    from django.db import connection

    connection.close()  # no connection outlives a fork

    def hire(number: int) -> tuple[Callable[[], int], int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            server = int(cursor.fetchone()[0])
        return way(Random(number)), server

    for callers in map(int, sys.argv[3].split(",")):
        tally = crowd(hire, callers, float(sys.argv[2]))
        print(json.dumps({"callers": callers, **tally.plain()}), flush=True)
