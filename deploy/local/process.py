"""One child process: how it is started, noticed, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.kernel import die_with_parent

BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_SECONDS = 20.0  # having run this long, the next fall is a new story


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to run. ``rank`` orders the ending: the highest ends first, the database (0) last."""

    name: str
    argv: tuple[str, ...]
    log: Path
    rank: int
    output: Path | None = None  # None: into the log as well
    env: Mapping[str, str] | None = None  # None: ours
    cwd: Path | None = None
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0


@dataclass(kw_only=True)
class Child:
    """A process kept running. A spec is made for each start: a port may have to change."""

    make_spec: Callable[[], Spec]
    mark: Mapping[str, str]  # added to its environment
    spec: Spec = field(init=False)
    popen: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    due: float | None = None  # when to start it again

    def __post_init__(self) -> None:
        """Know the name before the first start."""
        self.spec = self.make_spec()

    @property
    def pid(self) -> int:
        if self.popen is None:
            raise ValueError(f"{self.spec.name} is not started")
        return self.popen.pid

    def start(self) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that Ctrl-C at the terminal reaches only us."""
        self.due = None
        environment = os.environ if self.spec.env is None else self.spec.env
        with self.spec.log.open("ab") as log, (self.spec.output or self.spec.log).open("ab") as out:
            self.popen = subprocess.Popen(
                self.spec.argv,
                env={**environment, **self.mark},
                cwd=self.spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(self.spec.stop_signal),  # noqa: PLW1509  one thread
            )
        self.started = time.monotonic()
        return self.popen

    def has_ended(self) -> bool:
        """Whether it ran and no longer does."""
        return self.popen is not None and self.popen.poll() is not None

    @property
    def exit_code(self) -> int:
        """How it ended; negative for a signal. 0 while it runs."""
        return (self.popen.poll() or 0) if self.popen is not None else 0

    def is_running(self) -> bool:
        """Whether it runs now."""
        return self.popen is not None and self.popen.poll() is None

    def plan_restart(self) -> float:
        """Clear up after its end and say in how many seconds it starts again."""
        self.end_group()
        now = time.monotonic()
        self.falls = 1 if now - self.started > STEADY_SECONDS else self.falls + 1
        wait = BACKOFF_SECONDS[min(self.falls, len(BACKOFF_SECONDS)) - 1]
        self.popen, self.due = None, now + wait
        return wait

    def restart(self) -> None:
        """Start it again."""
        self.spec = self.make_spec()
        self.start()

    def ask_to_stop(self) -> None:
        """Send the signal that this program takes as a request to end in order."""
        if self.popen is not None and self.is_running():
            self.popen.send_signal(self.spec.stop_signal)

    def wait_stopped(self, deadline: float) -> bool:
        """Wait until the deadline, then end it by force. False if force was needed."""
        if self.popen is None:
            return True
        in_time = True
        try:
            self.popen.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            in_time = False
        self.end_group()
        self.popen.wait()
        self.popen = None
        return in_time

    def end_group(self) -> None:
        """End by force whatever is left of its process group, itself included."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
