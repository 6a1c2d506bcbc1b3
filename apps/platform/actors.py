"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    """What sort of being acts."""

    PERSON = "person"
    SERVICE = "service"
    PROVIDER = "provider"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service or the house itself, as the audit trail will name it.

    ``id`` is the user's or service client's UUID; the system and providers have none.
    What more a use case must know of a person (a recent second factor, say) it takes by name.
    """

    kind: ActorKind
    name: str
    id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


SYSTEM = Actor(ActorKind.SYSTEM, "system")
