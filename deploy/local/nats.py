"""The local NATS with JetStream, which writes to disk before it acknowledges."""

from __future__ import annotations

import contextlib
import urllib.request
from pathlib import Path

from deploy.local.binaries import nats_server
from deploy.local.nats_conf import Listen, configuration, neighbours
from deploy.local.process import Spec
from deploy.local.redis import write_private
from deploy.local.state import State

PREFERRED_PORT = 14222
PREFERRED_MONITOR_PORT = 18222
HEALTHY = 200


class NATS:
    """One user for the house, one for every neighbour: see ``nats_conf``."""

    name = "nats"

    def __init__(self, state: State, *, durable: bool) -> None:
        self.state = state
        self.durable = durable
        self.program = nats_server()
        self.folder = state.folder / "nats"
        self.port = self.monitor_port = 0
        self.is_settled = False  # its address has been told to others

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def spec(self) -> Spec:
        if not self.is_settled:
            self.port = self.state.port("nats", PREFERRED_PORT if self.durable else 0)
            self.monitor_port = self.state.port(
                "nats-monitor", PREFERRED_MONITOR_PORT if self.durable else 0
            )
        listen = Listen(
            port=self.port,
            monitor_port=self.monitor_port,
            store=self.folder / "jetstream",
            durable=self.durable,
        )
        path = self.folder / "nats.conf"
        write_private(path, configuration(listen, self._passwords()))
        return Spec(
            name=self.name,
            argv=(str(self.program), "-c", str(path)),
            log=self.state.log(self.name),
            rank=1,
        )

    def is_ready(self) -> bool:
        """Whether JetStream itself says that it is healthy."""
        url = f"http://127.0.0.1:{self.monitor_port}/healthz?js-enabled-only=true"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            self.is_settled = answer.status == HEALTHY
            return self.is_settled
        return False

    def environment(self) -> dict[str, str]:
        """The house's URL, and one for every neighbour of the demo's tenants."""
        passwords = self._passwords()
        urls = {
            user: f"nats://{user}:{password}@127.0.0.1:{self.port}"
            for user, password in passwords.items()
        }
        guests = {guest.variable: urls[guest.user] for guest in neighbours()}
        return {"NATS_URL": urls["house"], **guests}

    def folders_elsewhere(self) -> tuple[Path, ...]:
        """Everything lies in the stack's folder."""
        return ()

    def _passwords(self) -> dict[str, str]:
        users = ("house", *(guest.user for guest in neighbours()))
        return {user: self.state.secret(f"nats-{user}") for user in users}
