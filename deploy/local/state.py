"""What a stack remembers between starts, its ports and secrets; and that only one runs at once."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.refusals import Refused


@dataclass
class State:
    """The content of ``state.json``, readable by its owner only."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    claims: dict[tuple[str, int], socket.socket] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> State:
        """Read the state of a folder, which is made if it is not there."""
        folder = folder.resolve()  # the servers have other working folders
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise Refused(f"{folder} belongs to another user: remove it, or run as that user.")
        (folder / "log").mkdir(exist_ok=True)
        state = cls(folder)
        with contextlib.suppress(FileNotFoundError):
            known = json.loads(state.path.read_text(encoding="utf-8"))
            state.ports, state.secrets = known["ports"], known["secrets"]
        return state

    @property
    def path(self) -> Path:
        return self.folder / "state.json"

    def save(self) -> None:
        """Write it whole or not at all."""
        draft = self.folder / "state.json.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"ports": self.ports, "secrets": self.secrets}, file, indent=1)
        draft.replace(self.path)

    def secret(self, name: str) -> str:
        """A secret of this stack, made the first time it is asked for."""
        if name not in self.secrets:
            self.secrets[name] = secrets.token_hex(32)
            self.save()
        return self.secrets[name]

    def port(self, name: str, preferred: int) -> int:
        """The port used last time, else the preferred one, else any; whichever is free now.

        It is ours from here on, though nothing listens there yet: another stack that starts at the
        same instant chooses another.
        """
        wanted = self.ports.get(name, preferred)
        chosen = free_port(wanted)
        while (name, chosen) not in self.claims:
            claim = claimed(chosen)
            if claim is not None:
                self.claims[name, chosen] = claim
            else:
                chosen = free_port(0)
        if self.ports.get(name) != chosen:
            self.ports[name] = chosen
            self.save()
        return chosen

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.folder / "log" / f"{name}.log"

    def lock(self) -> int:
        """Hold the folder until this process, and the guard that inherits the lock, are gone."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode().strip()
            os.close(descriptor)
            raise Refused(
                f"This checkout already runs its {self.folder.name} (process {holder or 'unknown'}"
                "). Stop that one with Ctrl-C in its terminal first."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        return descriptor


def claimed(port: int) -> socket.socket | None:
    """A claim on the port, held until it is closed or its process is gone; none if another has it.

    A name in the kernel's abstract space for sockets, which all stacks of this machine see, and
    which nobody has to clear up.
    """
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0countinghouse-port-{port}")
    except OSError:
        claim.close()
        return None
    return claim


def free_port(preferred: int) -> int:
    """The preferred port if nothing listens there, else one the kernel picks. 0 prefers none."""
    for candidate in (preferred, 0):
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Refused("No port is free on 127.0.0.1.")
