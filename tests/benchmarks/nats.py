"""A NATS server of the benchmark's own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from deploy.local.binaries import nats_server

START_SECONDS = 10


@contextmanager
def served(folder: Path, sync: str) -> Iterator[str]:
    """Its address, while it runs. ``sync`` says when what is stored is forced to the disk."""
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    conf = folder / "nats.conf"
    conf.write_text(
        f'listen: "127.0.0.1:{port}"\n'
        f'jetstream {{ store_dir: "{folder}/js", sync_interval: {sync} }}\n'
    )
    server = subprocess.Popen([str(nats_server()), "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"nats://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def _wait_for(port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as talk:
            if talk.recv(4) == b"INFO":
                return
        time.sleep(0.05)
    raise TimeoutError("NATS did not start")
