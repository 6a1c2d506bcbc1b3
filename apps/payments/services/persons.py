"""The human being behind an actor: what four eyes compare."""

from __future__ import annotations

from apps.identity.selectors import person_of
from apps.payments.errors import SecondPersonNeeded
from apps.platform.actors import Actor, ActorKind


def person_behind(actor: Actor) -> str:
    """The person of a user's account; a program stands for itself."""
    if actor.kind is ActorKind.PERSON and actor.id is not None:
        return person_of(actor.id)
    return str(actor)[:64]


def second_person(actor: Actor, first: str, thing: str) -> str:
    """The person who decides: a human being, and not ``first``. Else ``SecondPersonNeeded``."""
    if actor.kind is not ActorKind.PERSON or actor.id is None or person_of(actor.id) == first:
        raise SecondPersonNeeded(thing=thing)
    return person_of(actor.id)
