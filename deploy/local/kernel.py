"""The few Linux calls that make sure no process outlives its supervisor. Elsewhere they do nothing.

See prctl(2) for PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Container
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# Loaded now and not in the child: between fork and exec nothing may be imported.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signal_number: int) -> Callable[[], None]:
    """What a child does before it becomes its program: ask to be signalled when we die."""
    parent = os.getpid()

    def before_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it died before we could ask
            os.kill(os.getpid(), signal.SIGKILL)

    return before_exec


def adopt_orphans() -> None:
    """Grandchildren whose parent dies become our children, so that we can end and collect them."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)


def children() -> set[int]:
    """Every direct child of this process, adopted ones and ended ones included."""
    own = str(os.getpid())
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # pid (name) state parent …; the name may hold spaces and brackets
            if stat.read_text().rpartition(")")[2].split()[1] == own:
                found.add(int(stat.parent.name))
    return found


def collect_orphans(own: Container[int]) -> None:
    """Collect adopted processes that have ended. Our own are left to those who started them."""
    with contextlib.suppress(ChildProcessError):
        while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if ended.si_pid in own:
                return  # its starter has not noticed yet; the others wait a moment longer
            os.waitpid(ended.si_pid, 0)
