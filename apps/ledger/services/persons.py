"""The human being behind an actor: what four eyes compare."""

from __future__ import annotations

from apps.identity.selectors import person_of
from apps.platform.actors import Actor, ActorKind


def person_behind(actor: Actor) -> str:
    """The person of a user's account; a service or the system stands for itself."""
    if actor.kind is ActorKind.PERSON and actor.id is not None:
        return person_of(actor.id)
    return str(actor)


def deciding_person(actor: Actor) -> str:
    """The person who decides. A program never does: ``ValueError``."""
    if actor.kind is not ActorKind.PERSON or actor.id is None:
        raise ValueError("only a person decides")
    return person_of(actor.id)
