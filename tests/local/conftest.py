"""Stacks for these tests, and a way to see whether a process of theirs is still there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GIVEN = ("DATABASE_URL", "REDIS_URL", "NATS_URL")
MARK = "COUNTINGHOUSE_TEST_MARK"
WAIT_SECONDS = 20.0


@dataclass
class Machine:
    """Runs programs marked by an environment variable, which all their descendants inherit."""

    folder: Path
    mark: str = field(default_factory=lambda: str(uuid.uuid1()))
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self, **more: str) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in GIVEN}
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return {**clean, MARK: self.mark, "TMPDIR": str(temporary), **more}

    def start(self, *argv: str, **environment: str) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(program)
        return program

    def processes(self) -> dict[int, str]:
        """Every living process that carries the mark, with its command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                carried = (folder / "environ").read_bytes()
                line = command_line(int(folder.name))
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in carried:
                found[int(folder.name)] = line
        return found

    def process(self, word: str) -> int:
        """The one process whose command line has the word; 0 while there is none."""
        return max((pid for pid, line in self.processes().items() if word in line), default=0)

    def children_of(self, parent: int) -> list[int]:
        """Its direct children."""
        listed = Path(f"/proc/{parent}/task/{parent}/children")
        return [int(pid) for pid in listed.read_text().split()]

    def leftovers(self) -> list[str]:
        """What is still in the folder for temporary files."""
        return [path.name for path in (self.folder / "tmp").iterdir()]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine on which nothing of this test is left running, not even when it fails."""
    here = Machine(tmp_path)
    yield here
    for pid in here.processes():
        os.kill(pid, signal.SIGKILL)
    for program in here.started:
        with program:  # closes its pipe and collects it
            pass


def command_line(pid: int) -> str:
    """Its words, separated by spaces."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def until(holds: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def read_until(program: subprocess.Popen[str], words: str) -> str:
    """What a program says, up to the line with these words."""
    assert program.stdout is not None
    heard = ""
    for line in program.stdout:
        heard += line
        if words in line:
            return heard
    raise AssertionError(f"it ended without saying {words!r}:\n{heard}")
