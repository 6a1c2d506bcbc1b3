"""Finding anything by its reference: bounded, for the present tenant, never cached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

#: Hits of one kind, and letters of a search text; more help nobody and cost everybody.
HITS_MAX = 8
TEXT_MAX = 100
TEXT_MIN = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: its reference, what else a person knows it by, and where it is."""

    text: str
    note: str
    url: str
    icon: str = "tag"


FindHits = Callable[[str, int], Sequence[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchEntry:
    """A kind of thing that can be found, and who may find it."""

    kind: str
    find: FindHits
    permission: str
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one kind."""

    kind: str
    hits: Sequence[Hit]


def found(entries: Iterable[SearchEntry], user: Any, text: str) -> list[Found]:
    """What each kind that ``user`` may see answers to ``text``."""
    text = text.strip()[:TEXT_MAX]
    if len(text) < TEXT_MIN:
        return []
    allowed = [one for one in entries if not one.permission or user.has_perm(one.permission)]
    results = [
        Found(one.kind, list(one.find(text, HITS_MAX))[:HITS_MAX]) for one in _asked(allowed, text)
    ]
    return [result for result in results if result.hits]


def _asked(entries: list[SearchEntry], text: str) -> list[SearchEntry]:
    """Only the kind whose prefix the text carries, if any does."""
    lowered = text.lower()
    named = [one for one in entries if any(lowered.startswith(p.lower()) for p in one.prefixes)]
    return named or entries


def exact_then_prefix(
    rows: QuerySet[Any], fields: Sequence[str], text: str, limit: int = HITS_MAX
) -> list[Any]:
    """Rows whose field is ``text``, then rows whose field starts with it; ``limit`` in all.

    Each look-up is one indexed query with a LIMIT. ``fields`` need a plain index for the exact
    look-up and ``text_pattern_ops`` (or a small table) for the prefix.
    """
    kept: dict[Any, Any] = {}
    for operator in ("exact", "startswith"):
        for field in fields:
            if len(kept) >= limit:
                return list(kept.values())
            for row in rows.filter(**{f"{field}__{operator}": text})[:limit]:
                kept.setdefault(row.pk, row)
    return list(kept.values())[:limit]
