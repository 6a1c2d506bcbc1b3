"""The audit trail: one record for each use case that was carried out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from apps.platform import clock, context
from apps.platform.actors import Actor
from apps.platform.models import AuditRecord


@dataclass(slots=True)
class _Draft:
    subject: str = ""
    facts: dict[str, object] = field(default_factory=dict)
    is_silent: bool = False


_draft: ContextVar[_Draft | None] = ContextVar("audit_draft", default=None)


@contextmanager
def recording(use_case: str, actor: Actor) -> Iterator[None]:
    """Write one audit record when the block ends well. Blocks nest; each writes its own."""
    draft = _Draft()
    token = _draft.set(draft)
    try:
        yield
    finally:
        _draft.reset(token)
    if draft.is_silent:
        return
    AuditRecord.objects.create(
        use_case=use_case,
        actor_kind=actor.kind,
        actor_name=actor.name,
        actor_id=actor.id,
        subject=draft.subject,
        facts=draft.facts,
        request_id=context.request_id.get(),
        trace_id=context.trace_id(),
        recorded_at=clock.now(),
    )


def note(subject: str = "", **facts: object) -> None:
    """Say what the running use case is about: a public id, and facts without personal data."""
    draft = _draft.get()
    if draft is None:
        return
    draft.subject = subject or draft.subject
    draft.facts.update(facts)


def nothing_happened() -> None:
    """The running use case found nothing to do (a replay, an empty sweep): leave no record."""
    draft = _draft.get()
    if draft is not None:
        draft.is_silent = True
