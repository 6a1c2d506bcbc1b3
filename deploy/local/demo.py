"""The demo: a house of one's own, kept in ``var/demo``, and a business day in it."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from deploy.local import apps
from deploy.local.apps import Programme, Settings
from deploy.local.process import Child, Spec
from deploy.local.refusals import Interrupted, Refused
from deploy.local.say import Voice
from deploy.local.stack import ROOT, Stack, kept
from deploy.local.supervisor import last_words

APP_RANK = 3


def demo(
    voice: Voice,
    folder: Path,
    *,
    once: bool,
    programme: Callable[[Settings], Programme] = apps.programme,
) -> int:
    """Start everything, run the day, and stay; or end with its verdict when asked for one day."""
    verdict = None
    try:
        with kept(folder, voice) as stack:
            house = _House(stack, apps.settings_for(stack.state, stack.environment), voice)
            play = programme(house.settings)
            house.open(play)
            verdict = house.foreground(play.day)
            if not once:
                house.stay()
            voice.say("Stopping.")
    except Interrupted as interrupted:
        voice.say("Stopped. The data are kept; the next `make demo` goes on with them.")
        return 128 + interrupted.signal_number if verdict is None else verdict
    return verdict


@dataclass(frozen=True)
class _House:
    """The project's processes on the running servers."""

    stack: Stack
    settings: Settings
    voice: Voice

    def open(self, play: Programme) -> None:
        """Bring the schemas up to date, then start every process and wait for the web server.

        The web server starts beside the seed, which it does not need; the others, which nobody
        waits for, start once it answers, so that they do not take its time.
        """
        simulators = self._run(apps.SIMULATORS, play.simulators)
        self._step("migrate", "schemas are current", play.migrate)
        port = self.settings.simulators_port
        self.stack.supervisor.wait_until(lambda: listens(port), simulators)
        begun = time.monotonic()
        web = self._run(apps.WEB, play.house[apps.WEB])
        sign_ins = self._step("seed", "tenants and operators are there", play.seed)
        url = f"{self.settings.web_url}/healthz"
        self.stack.supervisor.wait_until(lambda: answers(url), web)
        self.voice.done("web answers", time.monotonic() - begun)
        for name, argv in play.house.items():
            if name != apps.WEB:
                self._run(name, argv)
        self.voice.say(f"Ready in {self.voice.seconds:.1f} s: {self.settings.web_url}\n")
        print(sign_ins, end="", flush=True)

    def foreground(self, argv: Sequence[str]) -> int:
        """Run a command that shares the terminal; answer with its exit code."""
        return self.stack.supervisor.foreground(argv, self.settings.environment, ROOT)

    def stay(self) -> NoReturn:
        """Until somebody closes it."""
        self.voice.say(
            f"\nThe house stays open at {self.settings.web_url}"
            f" (logs: {self.settings.folder / 'log'}). Ctrl-C closes it."
        )
        while True:
            self.stack.supervisor.tick()

    def _run(self, name: str, argv: tuple[str, ...]) -> Child:
        return self.stack.supervisor.run(lambda: self._spec(name, argv))

    def _step(self, name: str, what: str, argv: tuple[str, ...]) -> str:
        """Run a command to its end and answer with what it printed. If it fails, so do we."""
        spec = self._spec(name, argv)
        output = spec.log.with_suffix(".out")
        output.unlink(missing_ok=True)
        with self.voice.step(what):
            if self.stack.supervisor.step(replace(spec, output=output)) != 0:
                raise Refused(f"{spec.name} failed. {last_words(spec.log)}")
        return output.read_text(encoding="utf-8", errors="replace")

    def _spec(self, name: str, argv: tuple[str, ...]) -> Spec:
        return Spec(
            name=name,
            argv=argv,
            env=self.settings.environment,
            cwd=ROOT,
            log=self.stack.state.log(name),
            rank=APP_RANK,
        )


def answers(url: str) -> bool:
    """Whether the address answers 200."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own server
        return int(answer.status) == 200
    return False


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def is_once() -> bool:
    """``make demo ONCE=1`` ends with the report."""
    return os.environ.get("ONCE", "") not in ("", "0")
