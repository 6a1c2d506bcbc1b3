"""The audit trail: one record for each use case that was carried out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from apps.platform import clock, context
from apps.platform.actors import Actor
from apps.platform.ids import new_id
from apps.platform.tenant import current_tenant_id


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
    _write(use_case, actor, draft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One use case that was carried out together with others: whose it was, and what it did."""

    actor: Actor
    subject: str
    request_id: str
    trace_id: str


def write_all(use_case: str, done: Sequence[Done]) -> None:
    """One record for each, in one statement, for work that serves several requests at once."""
    rows = [
        (new_id(), str(one.actor.kind), one.actor.name, one.actor.id, one.subject,
         one.request_id, one.trace_id)
        for one in done
    ]  # fmt: skip
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_ALL, [current_tenant_id(), use_case, clock.now(), *columns])


#: Every change pays for this row. Written out, it costs a tenth of what the model's INSERT does;
#: a test holds it to the model's columns.
_INSERT = """
    INSERT INTO platform_audit_record (
        tenant, id, use_case, actor_kind, actor_name, actor_id, subject, facts, request_id,
        trace_id, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s)
"""
_INSERT_ALL = """
    INSERT INTO platform_audit_record (
        tenant, use_case, recorded_at, facts, id, actor_kind, actor_name, actor_id, subject,
        request_id, trace_id)
    SELECT %s::uuid, %s::text, %s::timestamptz, '{}', one.*
      FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::uuid[], %b::text[], %b::text[],
                  %b::text[]) one
"""


#: The record as a part of a statement: it is written where a row of ``done`` says so.
INSERT_WHERE_DONE = """
    INSERT INTO platform_audit_record (
        tenant, id, use_case, actor_kind, actor_name, actor_id, subject, facts, request_id,
        trace_id, recorded_at)
    SELECT %s::uuid, %s::uuid, %s::text, %s::text, %s::text, %s::uuid, %s::text, %s::jsonb,
           %s::text, %s::text, %s::timestamptz
      FROM done WHERE is_new
"""


def values(use_case: str, actor: Actor, subject: str, facts: str = "{}") -> list[Any]:
    """What a statement with ``INSERT_WHERE_DONE`` takes. The frame then leaves the record to it."""
    return [
        current_tenant_id(),
        new_id(),
        use_case,
        actor.kind.value,
        actor.name,
        actor.id,
        subject,
        facts,
        context.request_id.get(),
        context.trace_id(),
        clock.now(),
    ]


def _write(use_case: str, actor: Actor, draft: _Draft) -> None:
    facts = json.dumps(draft.facts, cls=DjangoJSONEncoder)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values(use_case, actor, draft.subject, facts))


def note(subject: str = "", **facts: object) -> None:
    """Say what the running use case is about: a public id, and facts without personal data."""
    draft = _draft.get()
    if draft is None:
        return
    draft.subject = subject or draft.subject
    draft.facts.update(facts)


def nothing_happened() -> None:
    """Leave no record: nothing was done (a replay, an empty sweep), or it is written already."""
    draft = _draft.get()
    if draft is not None:
        draft.is_silent = True
