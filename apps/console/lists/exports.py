"""Exports too long to wait for."""

from __future__ import annotations

from typing import Any

from apps.console.errors import ExportTooLong
from apps.platform.actors import Actor

#: Longer lists are written by a job.
ROWS_AT_ONCE_MAX = 5000
LIST_EXPORT_JOB = "Export"


def start_export_job(admin: Any, query: str, actor: Actor) -> str:
    """Where the job of this export is shown."""
    raise ExportTooLong(limit=ROWS_AT_ONCE_MAX)
