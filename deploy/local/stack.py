"""The three servers together, in one folder: kept for a person, or thrown away after a test."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.say import Voice
from deploy.local.servers import Server, servers_to_start
from deploy.local.state import State
from deploy.local.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
# Half of a process's start is compiling what it imports, unless somebody keeps the result. We do,
# also where the person's environment says not to, but away from the sources.
BYTECODE = {
    "PYTHONPYCACHEPREFIX": str(ROOT / "var" / "bytecode"),
    "PYTHONDONTWRITEBYTECODE": "",
}


@dataclass
class Stack:
    """Running servers, what watches over them, and the environment that leads to them."""

    state: State
    supervisor: Supervisor
    environment: dict[str, str]


@contextmanager
def kept(folder: Path, voice: Voice, given: Mapping[str, str] = os.environ) -> Iterator[Stack]:
    """A stack whose data survive it, and everything else: writes reach the disk first."""
    state = State.load(folder)
    lock = state.lock()
    try:
        with Supervisor(voice, lock=lock) as supervisor:
            servers = servers_to_start(state, given, durable=True)
            yield from _serving(servers, Stack(state, supervisor, {**given}))
    finally:
        os.close(lock)


@contextmanager
def thrown_away(
    voice: Voice,
    given: Mapping[str, str] = os.environ,
    *,
    durable: bool = False,
) -> Iterator[Stack]:
    """A stack of one's own that leaves nothing behind; any number run side by side.

    It is fast because nothing waits for the disk, unless it is asked to be ``durable``.
    """
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-"))
    try:
        with Supervisor(voice) as supervisor:
            supervisor.tell_guard(f"remove {folder}")
            state = State.load(folder)
            servers = servers_to_start(state, given, durable=durable)
            yield from _serving(servers, Stack(state, supervisor, {**given}))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serving(servers: list[Server], stack: Stack) -> Iterator[Stack]:
    """Start the servers, the quick ones first, and wait for all of them."""
    elsewhere = [folder for server in servers for folder in server.folders_elsewhere()]
    for folder in elsewhere:
        stack.supervisor.tell_guard(f"remove {folder}")
    try:
        _start(servers, stack)
        yield stack
    finally:
        # What runs on the servers ends before them, and they before their folders go.
        stack.supervisor.stop(stack.supervisor.children.values())
        for folder in elsewhere:
            shutil.rmtree(folder, ignore_errors=True)


def _start(servers: list[Server], stack: Stack) -> None:
    begun = time.monotonic()
    supervisor = stack.supervisor
    started = []
    for server in servers:
        server.prepare()
        started.append((server, supervisor.run(server.spec)))
    for server, child in started:
        supervisor.wait_until(server.is_ready, child)
        stack.environment.update(server.environment())
        supervisor.voice.done(f"{server.name} is ready", time.monotonic() - begun)
