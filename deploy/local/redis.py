"""The local Redis: appended to disk every second, and never throwing a key away on its own."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from deploy.local.binaries import redis_server
from deploy.local.process import Spec
from deploy.local.state import State

PREFERRED_PORT = 16379
ANSWER_SECONDS = 0.5


class Redis:
    """Started from a file only its owner can read: a password on a command line is public."""

    name = "redis"

    def __init__(self, state: State, *, durable: bool) -> None:
        self.state = state
        self.preferred = PREFERRED_PORT if durable else 0
        self.program = redis_server()
        self.folder = state.folder / "redis"
        self.port = 0
        self.is_settled = False  # its address has been told to others

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def spec(self) -> Spec:
        if not self.is_settled:
            self.port = self.state.port(self.name, self.preferred)
        configuration = self.folder / "redis.conf"
        write_private(configuration, self._configuration())
        return Spec(
            name=self.name,
            argv=(str(self.program), str(configuration)),
            log=self.state.log(self.name),
            rank=1,
        )

    def is_ready(self) -> bool:
        """Whether it takes our password and has finished loading its data."""
        with contextlib.suppress(OSError):
            address = ("127.0.0.1", self.port)
            with socket.create_connection(address, ANSWER_SECONDS) as talk:
                talk.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                heard = b""
                while heard.count(b"\r\n") < 2 and (part := talk.recv(256)):
                    heard += part
                self.is_settled = heard == b"+OK\r\n+PONG\r\n"
                return self.is_settled
        return False

    def environment(self) -> dict[str, str]:
        return {"REDIS_URL": f"redis://:{self._password}@127.0.0.1:{self.port}/0"}

    def folders_elsewhere(self) -> tuple[Path, ...]:
        """Everything lies in the stack's folder."""
        return ()

    @property
    def _password(self) -> str:
        return self.state.secret("redis")

    def _configuration(self) -> str:
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        return (
            f'port {self.port}\nbind 127.0.0.1\ndir "{folder}"\nrequirepass {self._password}\n'
            'appendonly yes\nappendfsync everysec\nsave ""\nmaxmemory-policy noeviction\n'
            # Its title would overwrite its environment, and with it the mark of this stack.
            "set-proc-title no\n"
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that holds a secret: readable by its owner from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
