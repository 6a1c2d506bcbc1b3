"""The last one out: ends what a killed supervisor left running.

The kernel signals direct children when their parent dies, but not grandchildren, and a child may
answer slowly. This small process holds the other end of a pipe. If the pipe closes without a
farewell the supervisor is gone, and everything it had started is ended group by group, highest
rank first, so that the database goes last. Run as a script: it must not need the package.

Lines on standard input: ``start PID SIGNAL RANK``, ``end PID``, ``remove FOLDER`` (a throw-away
folder to delete), ``farewell``.
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


def main() -> None:
    """Remember what runs until the pipe closes, then clean up unless told farewell."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    running: dict[int, tuple[int, int]] = {}  # process -> (rank, stop signal)
    folders: list[str] = []
    for line in sys.stdin:
        match line.rstrip("\n").split(" ", 1):
            case ["start", rest]:
                process, stop_signal, rank = map(int, rest.split())
                running[process] = (rank, stop_signal)
            case ["end", process_text]:
                running.pop(int(process_text), None)
            case ["remove", folder]:
                folders.append(folder)
            case ["farewell"]:
                return
    clean_up(running, folders)


def clean_up(running: dict[int, tuple[int, int]], folders: list[str]) -> None:
    """End the groups by rank, then delete the throw-away folders."""
    for rank in sorted({rank for rank, _ in running.values()}, reverse=True):
        end_groups({p: number for p, (r, number) in running.items() if r == rank})
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


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
