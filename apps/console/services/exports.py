"""Exports leave a trace: who took which list out of the house."""

from __future__ import annotations

from apps.platform import audit
from apps.platform.actors import Actor
from apps.platform.use_cases import use_case


@use_case("console.export_list")
def note_export(*, page: str, query: str, rows: int, actor: Actor) -> None:
    """Record that a list was exported, with its filters; each export is recorded anew."""
    audit.note(page, query=query, rows=rows)
