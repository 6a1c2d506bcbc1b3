"""The demo: a house of one's own, kept in ``var/demo``, and a business day in it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from deploy.local import apps
from deploy.local.process import Spec
from deploy.local.refusals import Interrupted, Refused
from deploy.local.say import Voice
from deploy.local.stack import ROOT, Stack, kept
from deploy.local.supervisor import last_words

APP_RANK = 3
DAY = (sys.executable, "-m", "deploy.local.day")


def demo(voice: Voice, folder: Path, *, once: bool) -> int:
    """Start everything, run the day, and stay; or end with its verdict when asked for one day."""
    (folder / "files").mkdir(parents=True, exist_ok=True)
    verdict = 0
    try:
        with kept(folder, voice, owns_process=True) as stack:
            settings = apps.settings_for(stack.state, stack.environment)
            _start(stack, settings, voice)
            verdict = stack.supervisor.foreground(DAY, settings.environment, ROOT)
            if not once:
                _stay(stack, settings, voice)
            voice.say("Stopping.")
    except Interrupted:
        voice.say("Stopped. The data are kept; the next `make demo` goes on with them.")
        return verdict or (130 if once else 0)
    return verdict


def _start(stack: Stack, settings: apps.Settings, voice: Voice) -> None:
    """Bring the schemas up to date, then start every process and wait for the web server."""
    _run(stack, settings, apps.SIMULATORS, apps.simulators(settings))
    _step(stack, settings, apps.manage("migrate_tenants"), "schemas are current")
    seeded = _step(stack, settings, apps.manage("seed_demo"), "tenants and operators are there")
    begun = time.monotonic()
    for name, argv in apps.house(settings).items():
        _run(stack, settings, name, argv)
    web = stack.supervisor.children[apps.WEB]
    stack.supervisor.wait_until(lambda: answers(f"{settings.web_url}/healthz"), web)
    voice.done("web answers", time.monotonic() - begun)
    voice.say(f"Ready in {voice.seconds:.1f} s: {settings.web_url}\n")
    sys.stdout.write(seeded)
    sys.stdout.flush()


def _stay(stack: Stack, settings: apps.Settings, voice: Voice) -> None:
    voice.say(
        f"\nThe house stays open at {settings.web_url} (logs: {settings.folder / 'log'}). "
        "Ctrl-C closes it."
    )
    while True:
        stack.supervisor.tick()


def _run(stack: Stack, settings: apps.Settings, name: str, argv: tuple[str, ...]) -> None:
    spec = Spec(
        name=name,
        argv=argv,
        env=settings.environment,
        cwd=ROOT,
        log=stack.state.log(name),
        rank=APP_RANK,
    )
    stack.supervisor.run(lambda: spec)


def _step(stack: Stack, settings: apps.Settings, argv: Sequence[str], what: str) -> str:
    """Run a command to its end and answer with what it printed. If it fails, so do we."""
    name = argv[-1]
    output, log = settings.folder / "log" / f"{name}.out", stack.state.log(name)
    with stack.supervisor.voice.step(what), output.open("wb") as out, log.open("wb") as err:
        step = subprocess.Popen(
            argv,
            env=settings.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        if stack.supervisor.wait_for(step) != 0:
            raise Refused(f"{name} failed. {last_words(log)}")
    return output.read_text(encoding="utf-8", errors="replace")


def answers(url: str) -> bool:
    """Whether the address answers 200."""
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own server
        return int(answer.status) == 200
    return False


def is_once() -> bool:
    """``make demo ONCE=1`` ends with the report."""
    return os.environ.get("ONCE", "") not in ("", "0")
