"""Who does which kind of job."""

from __future__ import annotations

from collections.abc import Callable

from apps.platform.errors import UnknownJobKind
from apps.platform.jobs.progress import JobProgress

Handler = Callable[[JobProgress], None]
_handlers: dict[str, Handler] = {}


def register_job(kind: str, function: Handler) -> None:
    """Say who does jobs of this kind. Called from ``apps.py``; a kind has one function."""
    if _handlers.get(kind, function) is not function:
        raise ValueError(f"{kind} is registered already")
    _handlers[kind] = function


def handler_of(kind: str) -> Handler:
    """The function that does jobs of this kind, or ``UnknownJobKind``."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownJobKind(job_kind=kind) from None
