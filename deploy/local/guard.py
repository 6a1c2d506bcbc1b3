"""The last one out: ends what a killed supervisor left running.

The kernel signals direct children when their parent dies, but not grandchildren, and a child may
answer slowly. This small process holds the other end of a pipe. If the pipe closes without a
farewell the supervisor is gone, and everything it had started is ended group by group, highest
rank first, so that the database goes last; then whatever carries the stack's mark in its
environment, as all descendants do. Run as a script: it must not need the package.

Lines on standard input: ``mark TEXT``, ``start PID SIGNAL RANK``, ``end PID``, ``remove FOLDER``
(a throw-away folder to delete), ``farewell``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

GRACE_SECONDS = 8.0


class Memory:
    """What the supervisor has told us so far."""

    def __init__(self) -> None:
        self.running: dict[int, tuple[int, int]] = {}  # process -> (rank, stop signal)
        self.folders: list[str] = []
        self.mark = ""
        self.is_over = False

    def note(self, line: str) -> None:
        """Take one line in."""
        match line.split(" ", 1):
            case ["mark", text]:
                self.mark = text
            case ["start", rest]:
                process, stop_signal, rank = map(int, rest.split())
                self.running[process] = (rank, stop_signal)
            case ["end", process_text]:
                self.running.pop(int(process_text), None)
            case ["remove", folder]:
                self.folders.append(folder)
            case ["farewell"]:
                self.is_over = True

    def clean_up(self) -> None:
        """End the groups by rank, then the strays; then delete the throw-away folders."""
        for rank in sorted({rank for rank, _ in self.running.values()}, reverse=True):
            end_groups({p: number for p, (r, number) in self.running.items() if r == rank})
        end_marked(self.mark)
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Remember what runs until the pipe closes, then clean up unless told farewell."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    memory = Memory()
    for line in sys.stdin:
        memory.note(line.rstrip("\n"))
    if not memory.is_over:
        memory.clean_up()


def end_groups(signals: dict[int, int]) -> None:
    """Ask each process to stop, wait a little, then end its whole group."""
    for process, number in signals.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(map(is_alive, signals)):
        time.sleep(0.05)
    for process in signals:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)


def end_marked(mark: str) -> None:
    """End by force every process that carries the mark, however it got away from its parent."""
    deadline = time.monotonic() + GRACE_SECONDS
    while mark and (strays := marked(mark)) and time.monotonic() < deadline:
        for process in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


def marked(mark: str) -> set[int]:
    """The processes with the mark in their environment. One that has ended has none."""
    found = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in environ.read_bytes().split(b"\0"):
                found.add(int(environ.parent.name))
    return found


def is_alive(process: int) -> bool:
    """Whether the process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return True  # no /proc on this system


if __name__ == "__main__":
    main()
