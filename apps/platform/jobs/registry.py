"""Who does which kind of job."""

from __future__ import annotations

from collections.abc import Callable

from apps.platform.errors import UnknownJobKind
from apps.platform.jobs.progress import JobProgress

Handler = Callable[[JobProgress], None]
_handlers: dict[str, Handler] = {}
_once: set[str] = set()


def register_job(kind: str, function: Handler, *, is_resumable: bool = True) -> None:
    """Say who does jobs of this kind. Called from ``apps.py``; a kind has one function.

    One that cannot go on from its checkpoint after it has ended, because what it was asked for is
    no longer what somebody would want, says that it is not resumable.
    """
    if _handlers.get(kind, function) is not function:
        raise ValueError(f"{kind} is registered already")
    _handlers[kind] = function
    if not is_resumable:
        _once.add(kind)


def is_resumable(kind: str) -> bool:
    """Whether jobs of this kind can be taken up again after they failed or were stopped."""
    return kind in _handlers and kind not in _once


def handler_of(kind: str) -> Handler:
    """The function that does jobs of this kind, or ``UnknownJobKind``."""
    try:
        return _handlers[kind]
    except KeyError:
        raise UnknownJobKind(job_kind=kind) from None
