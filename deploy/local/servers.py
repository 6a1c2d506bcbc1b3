"""Which servers this machine has to start: those that the environment does not name already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from deploy.local.nats import NATS
from deploy.local.postgres import PostgreSQL
from deploy.local.process import Spec
from deploy.local.redis import Redis
from deploy.local.state import State


class Server(Protocol):
    """A server the supervisor can start, wait for and tell others about."""

    name: str

    def prepare(self) -> None:
        """Make what it needs on disk."""

    def spec(self) -> Spec:
        """How to run it. A port that turned out to be taken is changed by asking again."""

    def is_ready(self) -> bool:
        """Whether it serves. Never raises."""

    def environment(self) -> dict[str, str]:
        """The variables by which others find it."""

    def folders_elsewhere(self) -> tuple[Path, ...]:
        """What it makes outside the stack's folder, to be removed once it has stopped."""


# The database last: making its data takes longest, and the others start meanwhile.
KINDS: Mapping[str, type[Redis | NATS | PostgreSQL]] = {
    "REDIS_URL": Redis,
    "NATS_URL": NATS,
    "DATABASE_URL": PostgreSQL,
}


def servers_to_start(state: State, given: Mapping[str, str], *, durable: bool) -> list[Server]:
    """A server for each address that was not given from outside."""
    return [kind(state, durable=durable) for name, kind in KINDS.items() if not given.get(name)]
