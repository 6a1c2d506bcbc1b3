"""Who may say and hear what on the local NATS.

The house is one NATS account. Every neighbour is an account of its own that imports one subject
tree from it: what a neighbour publishes can only arrive as its own tenant's, whatever it claims,
and it cannot even name another tenant's subject, reply inboxes included. JetStream's publish
acknowledgement comes back as the answer to the imported service.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DEMO_TENANTS = ("mara", "baobab")


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A system beside the house, speaking for one tenant, and the subjects it shares with us."""

    user: str
    services: tuple[str, ...] = ()  # it asks, we answer: publishing into a stream is asking
    streams: tuple[str, ...] = ()  # we speak, it hears

    @property
    def account(self) -> str:
        return self.user.upper().replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable that carries this neighbour's URL."""
        return f"DEMO_NATS_{self.account}"


def neighbours(slugs: Sequence[str] = DEMO_TENANTS) -> tuple[Neighbour, ...]:
    """The food-delivery backend and the notifications service of each tenant."""
    return tuple(neighbour for slug in slugs for neighbour in (_food(slug), _notify(slug)))


def _food(slug: str) -> Neighbour:
    return Neighbour(user=f"food-{slug}", services=(f"food.{slug}.>",))


def _notify(slug: str) -> Neighbour:
    """It may read its durable consumer, which the house makes, but never make one itself.

    Whoever makes a push consumer chooses where its messages are delivered, and the server does
    not check that subject against anyone's permissions.
    """
    durable = f"notify-{slug}"
    return Neighbour(
        user=durable,
        streams=(f"house.{slug}.>",),
        services=(
            f"$JS.API.CONSUMER.INFO.*.{durable}",
            f"$JS.API.CONSUMER.MSG.NEXT.*.{durable}",
            f"$JS.ACK.*.{durable}.>",
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Listen:
    """Where the server listens and keeps its streams."""

    port: int
    monitor_port: int
    store: Path
    durable: bool


def configuration(listen: Listen, passwords: Mapping[str, str]) -> str:
    """The server's configuration file. JSON strings are strings to it too, so paths are safe."""
    sync = "always" if listen.durable else '"2m"'
    store = json.dumps(str(listen.store), ensure_ascii=False)
    guests = [guest for guest in neighbours() if guest.user in passwords]
    lines = [
        'server_name: "countinghouse-local"',
        f'listen: "127.0.0.1:{listen.port}"',
        f'http: "127.0.0.1:{listen.monitor_port}"',
        f"jetstream {{ store_dir: {store}, max_file_store: 1GB, sync_interval: {sync} }}",
        "accounts {",
        "  HOUSE {",
        "    jetstream: enabled",
        f"    users: [ {_user('house', passwords)} ]",
        "    exports: [",
        *(f"      {export}" for guest in guests for export in _exports(guest)),
        "    ]",
        "  }",
        *(line for guest in guests for line in _account(guest, passwords)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _user(name: str, passwords: Mapping[str, str]) -> str:
    return f'{{ user: "{name}", password: "{passwords[name]}" }}'


def _exports(guest: Neighbour) -> list[str]:
    """A pull request may be answered by several messages, so the answer is a stream."""
    only = f"accounts: [{guest.account}]"
    return [
        *(f'{{ stream: "{subject}", {only} }}' for subject in guest.streams),
        *(f'{{ service: "{s}", {only}, response_type: {_answer(s)} }}' for s in guest.services),
    ]


def _answer(subject: str) -> str:
    return "stream" if ".MSG.NEXT." in subject else "singleton"


def _account(guest: Neighbour, passwords: Mapping[str, str]) -> list[str]:
    taken = [("stream", s) for s in guest.streams] + [("service", s) for s in guest.services]
    imports = [f'{{ {k}: {{ account: HOUSE, subject: "{s}" }} }}' for k, s in taken]
    return [
        f"  {guest.account} {{",
        f"    users: [ {_user(guest.user, passwords)} ]",
        "    imports: [",
        *(f"      {line}" for line in imports),
        "    ]",
        "  }",
    ]
