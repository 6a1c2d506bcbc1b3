"""Keeps children running, and ends every one of them in order, whatever happens.

One thread only: the kernel's parent-death signal follows the *thread* that started a child.
Signals therefore set a flag which every wait looks at, at least each ``TICK_SECONDS``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from deploy.local import guard
from deploy.local.kernel import adopt_orphans, children, collect_orphans, die_with_parent
from deploy.local.process import Child, Spec
from deploy.local.refusals import Interrupted, Refused
from deploy.local.say import Voice

TICK_SECONDS = 0.03
FALLS_BEFORE_READY_MAX = 5
FOREGROUND_GRACE_SECONDS = 20.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Use it as a context; on leaving, everything that was started has ended."""

    def __init__(
        self, voice: Voice, *, lock: int | None = None, owns_process: bool = False
    ) -> None:
        """``owns_process`` says that every other child of this process is ours to end, too."""
        self.voice = voice
        self.children: dict[str, Child] = {}
        self.signal_number: int | None = None
        self._heard: dict[int, object] = {}
        self._commands: set[int] = set()
        self._lock = lock
        self._owns_process = owns_process

    def __enter__(self) -> Self:
        if self._owns_process:
            adopt_orphans()
        for number in SIGNALS:
            self._heard[number] = signal.signal(number, self._hear)
        # A script, isolated: it starts in milliseconds and inherits the lock until all is gone.
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=() if self._lock is None else (self._lock,),
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop(self.children.values())
        if self._owns_process:
            self._end_strays()
        self.tell_guard("farewell")
        self._guard.communicate()
        for number, heard in self._heard.items():
            signal.signal(number, heard)  # type: ignore[arg-type]  # what signal() gave us

    def run(self, make_spec: Callable[[], Spec]) -> Child:
        """Start a child and keep it running from now on."""
        child = Child(make_spec=make_spec)
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
        if self._owns_process:
            collect_orphans({self._guard.pid, *self._commands, *self._pids()})
        for child in self.children.values():
            if child.has_ended():
                self._plan_restart(child)
            elif child.due is not None and time.monotonic() >= child.due:
                self._start(child, again=True)

    def foreground(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None) -> int:
        """Run a command that shares our terminal; answer with its exit code."""
        command = subprocess.Popen(
            argv,
            env=env,
            cwd=cwd,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  one thread
        )
        return self.wait_for(command)

    def wait_for(self, command: subprocess.Popen[bytes]) -> int:
        """Wait for a command to end, keeping everything else running meanwhile."""
        self._commands.add(command.pid)
        try:
            while command.poll() is None:
                self.tick()
        except Interrupted as interrupted:
            self._end_command(command, interrupted.signal_number)
            raise
        finally:
            self._commands.discard(command.pid)
        code = command.returncode
        return 128 - code if code < 0 else code

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

    def _pids(self) -> set[int]:
        return {child.pid for child in self.children.values() if child.popen is not None}

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

    def _end_command(self, command: subprocess.Popen[bytes], number: int) -> None:
        """The terminal sends Ctrl-C to the command as well; any other signal only we have heard."""
        is_beside_us = os.getpgid(command.pid) == os.getpgrp()
        if number != signal.SIGINT or not is_beside_us:
            command.send_signal(signal.SIGINT)
        try:
            command.wait(FOREGROUND_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            command.kill()
            command.wait()

    def _end_strays(self) -> None:
        """End the grandchildren that outlived their parents: they have become our children."""
        deadline = time.monotonic() + 5.0
        while (strays := children() - {self._guard.pid}) and time.monotonic() < deadline:
            for process in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.01)
            collect_orphans({self._guard.pid})


def last_words(log: Path, lines: int = 8) -> str:
    """The end of a log, for a person who has to find out what went wrong."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join([f"The end of {log}:", *text.splitlines()[-lines:]])
