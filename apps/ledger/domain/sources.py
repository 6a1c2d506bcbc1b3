"""What an entry comes from: the apps above the ledger say where their happenings are shown.

The ledger knows the kind of an entry and the name of its source event, not what they mean. An app
registers a function for the kinds that begin with its name; called from its ``admin`` package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceLink:
    """The thing an entry comes from, and where it is shown."""

    label: str
    url: str


Resolve = Callable[[str, str], SourceLink | None]
_resolvers: dict[str, Resolve] = {}


def register_source(prefix: str, resolve: Resolve) -> None:
    """``resolve(kind, source_event)`` answers for kinds that begin with ``prefix`` and a dot."""
    _resolvers[prefix] = resolve


def resolve_source(kind: str, source_event: str) -> SourceLink | None:
    """Where the entry comes from; nothing when nobody knows."""
    resolve = _resolvers.get(kind.split(".", 1)[0])
    return resolve(kind, source_event) if resolve and source_event else None
