"""Keeps children running, and ends every one of them in order, whatever happens.

One thread only: the kernel's parent-death signal follows the *thread* that started a child.
Signals therefore set a flag which every wait looks at, at least each ``TICK_SECONDS``.
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from deploy.local import guard
from deploy.local.kernel import die_with_parent
from deploy.local.process import Child, Spec
from deploy.local.refusals import Interrupted, Refused
from deploy.local.say import Voice

TICK_SECONDS = 0.03
FALLS_BEFORE_READY_MAX = 5
FOREGROUND_GRACE_SECONDS = 20.0
MARK = "COUNTINGHOUSE_STACK"  # in the environment of everything a supervisor starts
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Use it as a context; on leaving, everything that was started has ended."""

    def __init__(self, voice: Voice, *, lock: int | None = None) -> None:
        self.voice = voice
        self.children: dict[str, Child] = {}
        self.signal_number: int | None = None
        self._heard: dict[int, object] = {}
        self._lock = lock
        self._mark = {MARK: secrets.token_hex(16)}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._heard[number] = signal.signal(number, self._hear)
        # A script, isolated: it starts in milliseconds and inherits the lock until all is gone.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            env={},
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
        )
        self.tell_guard(f"mark {self._mark_text}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(self.children.values())
        guard.end_marked(self._mark_text)
        self.tell_guard("farewell")
        self._guard.communicate()
        for number, heard in self._heard.items():
            signal.signal(number, heard)  # type: ignore[arg-type]  # what signal() gave us

    def run(self, make_spec: Callable[[], Spec]) -> Child:
        """Start a child and keep it running from now on."""
        child = Child(make_spec=make_spec, mark=self._mark)
        self.children[child.spec.name] = child
        self._start(child)
        return child

    def wait_until(self, is_ready: Callable[[], bool], child: Child, seconds: float = 60.0) -> None:
        """Wait for a child to serve. One that keeps falling is a refusal, with its last words."""
        deadline = time.monotonic() + seconds
        while not (is_ready() and child.is_running()):
            self.tick()
            if child.falls > FALLS_BEFORE_READY_MAX or time.monotonic() > deadline:
                raise Refused(f"{child.spec.name} does not start. {last_words(child.spec.log)}")

    def tick(self) -> None:
        """Let a moment pass; start again what has fallen; stop if we were asked to."""
        if self.signal_number is not None:
            raise Interrupted(self.signal_number)
        time.sleep(TICK_SECONDS)
        for child in self.children.values():
            if child.has_ended():
                self._plan_restart(child)
            elif child.due is not None and time.monotonic() >= child.due:
                self._start(child, again=True)

    def foreground(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> int:
        """Run a command that shares our terminal; answer with its exit code."""
        command = subprocess.Popen(
            argv,
            env={**env, **self._mark},
            cwd=cwd,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  one thread
        )
        try:
            return self._code_of(command)
        except Interrupted as interrupted:
            # The terminal sends Ctrl-C to the command as well; another signal only we have heard.
            if interrupted.signal_number != signal.SIGINT:
                command.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                command.wait(FOREGROUND_GRACE_SECONDS)
            raise
        finally:
            command.kill()
            command.wait()

    def step(self, spec: Spec) -> int:
        """Run a command to its end in the background; answer with its exit code."""
        child = Child(make_spec=lambda: spec, mark=self._mark)
        running = child.start()
        try:
            return self._code_of(running)
        finally:
            child.wait_stopped(time.monotonic())

    def stop(self, stopping: Iterable[Child]) -> None:
        """End them, the highest rank first and each rank together."""
        order = sorted(stopping, key=lambda child: -child.spec.rank)
        for rank in dict.fromkeys(child.spec.rank for child in order):
            same = [child for child in order if child.spec.rank == rank]
            for child in same:
                child.ask_to_stop()
            asked = time.monotonic()
            for child in same:
                if not child.wait_stopped(asked + child.spec.grace_seconds):
                    self.voice.say(f"  {child.spec.name} did not stop by itself and was ended.")

    def tell_guard(self, line: str) -> None:
        """Keep the guard informed. Should it be gone, the kernel's signals are left."""
        pipe = self._guard.stdin
        with contextlib.suppress(BrokenPipeError):
            if pipe is not None:
                pipe.write(f"{line}\n".encode())
                pipe.flush()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.signal_number = number

    @property
    def _mark_text(self) -> str:
        return f"{MARK}={self._mark[MARK]}"

    def _code_of(self, command: subprocess.Popen[bytes]) -> int:
        """Wait for its end while everything else goes on."""
        while command.poll() is None:
            self.tick()
        return 128 - command.returncode if command.returncode < 0 else command.returncode

    def _start(self, child: Child, *, again: bool = False) -> None:
        if again:
            child.restart()
        else:
            child.start()
        self.tell_guard(f"start {child.pid} {int(child.spec.stop_signal)} {child.spec.rank}")

    def _plan_restart(self, child: Child) -> None:
        pid, code = child.pid, child.exit_code
        wait = child.plan_restart()
        self.tell_guard(f"end {pid}")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self.voice.say(f"  {child.spec.name} {how}; starting it again in {wait:.1f} s.")


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a log, for a person who has to find out what went wrong."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join([f"The end of {log}:", *text.splitlines()[-lines:]])
