"""What keeps tenants apart must hold before anything is served.

A pooler in transaction mode hands each statement to whichever server session is free, search path
and all: measured, two reads of three came from another tenant's schema, without an error. So the
program asks which session it talks to, again and again, over several connections in turn.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.core.checks import CheckMessage, Error, run_checks
from django.core.checks import Tags as CheckTags
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

ROUNDS = 6
CONNECTIONS = 4
SESSIONS = "django.contrib.sessions"
logger = structlog.get_logger("house.security")


def check_settings(**_: Any) -> list[CheckMessage]:
    """The settings on which the separation of tenants rests."""
    wrong = {
        "tenancy.E001": (
            getattr(settings, "TENANT_LIMIT_SET_CALLS", False),
            "TENANT_LIMIT_SET_CALLS must be off: any SET search_path would go unnoticed.",
        ),
        "tenancy.E002": (
            SESSIONS not in settings.TENANT_APPS or SESSIONS not in settings.SHARED_APPS,
            "Sessions must be in TENANT_APPS and SHARED_APPS: each belongs to one tenant.",
        ),
        "tenancy.E003": (
            any(database.get("ATOMIC_REQUESTS") for database in settings.DATABASES.values()),
            "ATOMIC_REQUESTS must be off: a use case opens its own transaction.",
        ),
        "tenancy.E004": (
            settings.CACHES["default"].get("KEY_FUNCTION") != "apps.platform.cache.make_key",
            "The cache's KEY_FUNCTION must be apps.platform.cache.make_key: keys carry the tenant.",
        ),
        "tenancy.E005": (
            any(database.get("CONN_MAX_AGE") for database in settings.DATABASES.values()),
            "CONN_MAX_AGE must be 0: the pool keeps connections, threads do not.",
        ),
    }
    return [Error(text, id=id) for id, (is_wrong, text) in wrong.items() if is_wrong]


def check_pooling(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a pooler in transaction mode. Runs only where the database may be asked."""
    if not databases or "default" not in databases:
        return []
    return [] if is_session_stable(connection.get_connection_params()) else [_POOLED]


def refuse_unsafe() -> None:
    """Stop the process before it serves anything, if tenants would not be kept apart.

    ``boot.refuse_to_start`` asks it for every process; so do the commands that change schemas.
    """
    found = [*check_settings(), *run_checks(tags=[CheckTags.database], databases=["default"])]
    for message in found:
        logger.error("boot.refused", check=message.id, reason=str(message.msg))
    if found:
        raise ImproperlyConfigured("; ".join(str(message.msg) for message in found))


def is_session_stable(params: dict[str, Any]) -> bool:
    """True if each connection keeps a server session of its own, statement after statement.

    Several connections ask in changing order, each in autocommit. A pooler that deals sessions out
    by transaction gives two of them the same one, or one of them two. Nothing is held open
    meanwhile, so a pooler with a single session does not make this wait for ever.
    """
    plain = {name: params[name] for name in _CONNECTS_BY if params.get(name)}
    conns = [
        psycopg.connect(**plain, autocommit=True, prepare_threshold=None)
        for _ in range(CONNECTIONS)
    ]
    order = list(enumerate(conns)) * ROUNDS
    random.shuffle(order)
    sessions: dict[int, set[int]] = {}
    try:
        for index, conn in order:
            sessions.setdefault(index, set()).add(_session(conn))
    finally:
        for conn in conns:
            conn.close()
    return all(map(_is_one, sessions.values())) and len(set.union(*sessions.values())) == len(conns)


_CONNECTS_BY = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert")
_POOLED = Error(
    "The database is reached through a pooler in transaction mode, which mixes tenants up. "
    "Connect directly or through a pooler in session mode.",
    id="tenancy.E006",
)


def _is_one(sessions: set[int]) -> bool:
    return len(sessions) == 1


def _session(conn: psycopg.Connection[Any]) -> int:
    row = conn.execute("SELECT pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0
