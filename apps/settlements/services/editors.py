"""Who made a batch what it is: none of them decides on it."""

from __future__ import annotations

from apps.identity.selectors import person_of
from apps.platform.actors import Actor, ActorKind
from apps.settlements.models import Batch


def person_behind(actor: Actor) -> str:
    """The human being, for comparing two accounts; services and the house are their own name."""
    if actor.kind is ActorKind.PERSON and actor.id is not None:
        return person_of(actor.id)
    return str(actor)


def note_editor(batch: Batch, actor: Actor) -> None:
    """Remember who changed the locked batch; the caller saves it."""
    person = person_behind(actor)
    if person not in batch.editors:
        batch.editors = [*batch.editors, person]
