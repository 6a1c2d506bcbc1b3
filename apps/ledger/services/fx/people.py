"""Four eyes are two persons, not two accounts."""

from __future__ import annotations

from apps.identity.selectors import person_of
from apps.ledger.errors.fx import SelfApproval
from apps.platform.actors import Actor, ActorKind


def person_behind(actor: Actor) -> str:
    """The human being, for comparing two accounts; services and the house are their own name."""
    if actor.kind is ActorKind.PERSON and actor.id is not None:
        return person_of(actor.id)
    return str(actor)


def second_person(actor: Actor, maker: str, what: str) -> str:
    """The person who decides; refuses the maker. Only people decide."""
    if actor.kind is not ActorKind.PERSON or actor.id is None:
        raise ValueError("only a person decides")
    person = person_of(actor.id)
    if person == maker:
        raise SelfApproval(what=what)
    return person
